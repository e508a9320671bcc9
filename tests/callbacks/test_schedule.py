"""When somebody may be rung: never in quiet hours, on a holiday or outside their own windows."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks.holidays_kr import holidays_near
from callbacks.schedule import (
    RINGS_FOR,
    Rules,
    Window,
    WindowError,
    may_ring,
    next_moment,
    next_ring,
    read_window,
)
from tests.callbacks.moments import is_allowed, moments, rules


@settings(max_examples=400)
@given(moments, rules)
def test_may_ring_is_what_a_clock_on_the_wall_says(moment: datetime, kept: Rules) -> None:
    assert may_ring(moment, kept) == is_allowed(moment, kept)


@settings(max_examples=200, deadline=None)
@given(moments, rules)
def test_the_next_moment_is_allowed_and_none_was_passed_over(moment: datetime, kept: Rules) -> None:
    found = next_moment(moment, kept)
    until = found or moment + timedelta(days=20)
    assert found is None or (found >= moment and is_allowed(found, kept))
    step = max((until - moment) / 400, timedelta(minutes=1))
    passed = moment
    while passed < until:
        assert not is_allowed(passed, kept)
        passed += step


@settings(max_examples=200, deadline=None)
@given(moments, rules, st.integers(0, int(RINGS_FOR.total_seconds())))
def test_a_telephone_rings_in_allowed_time_from_its_first_ring_to_its_last(
    moment: datetime, kept: Rules, ringing: int
) -> None:
    begins = next_ring(moment, kept)
    if begins is not None:
        assert begins >= moment
        assert is_allowed(begins, kept)
    if begins == moment:
        assert is_allowed(begins + RINGS_FOR, kept)


@pytest.mark.parametrize(
    ("now", "may"),
    [
        (datetime(2026, 3, 2, 11, 59, 59, 999_999, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 22, 59, 59, 999_999, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 23, 0, tzinfo=UTC), True),
        (datetime(2028, 2, 28, 15, 0, tzinfo=UTC), False),
        (datetime(2028, 2, 28, 23, 0, tzinfo=UTC), True),
    ],
)
def test_the_edges_of_the_quiet_hours(now: datetime, may: bool) -> None:
    assert may_ring(now, Rules()) is may


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 16), date(2026, 2, 18)),
        (date(2027, 2, 6), date(2027, 2, 9)),  # the 7th is a Sunday: a day more instead
        (date(2026, 9, 24), date(2026, 9, 26)),
    ],
)
def test_companions_do_not_call_at_the_lunar_holidays(first: date, last: date) -> None:
    asked = datetime.combine(first, time(1), tzinfo=UTC)
    found = next_moment(asked, Rules(holidays=holidays_near(first)))
    assert found is not None
    assert (found + timedelta(hours=9)).date() > last


def test_the_29th_of_february_is_a_day_like_any() -> None:
    tuesdays = Window(frozenset({1}), time(10), time(11))
    found = next_moment(datetime(2028, 2, 23, tzinfo=UTC), Rules((tuesdays,)))
    assert found == datetime(2028, 2, 29, 1, 0, tzinfo=UTC)


def test_windows_that_only_lie_in_quiet_hours_are_never_and_say_so() -> None:
    late = Window(frozenset(range(7)), time(22), time(23))
    assert next_moment(datetime(2026, 3, 2, tzinfo=UTC), Rules((late,))) is None


def test_a_day_without_end_is_found_quickly() -> None:
    every = Rules((Window(frozenset({0}), time(9), time(9, 1)),), hours_tried=frozenset({9}))
    assert next_moment(datetime(2026, 3, 2, tzinfo=UTC), every) is None


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "x",
        {},
        {"days": [], "from": "10:00", "until": "11:00"},
        {"days": [7], "from": "10:00", "until": "11:00"},
        {"days": ["1"], "from": "10:00", "until": "11:00"},
        {"days": [1], "from": "11:00", "until": "11:00"},
        {"days": [1], "from": "11:00", "until": "10:00"},
        {"days": [1], "from": "25:00", "until": "26:00"},
        {"days": [1], "from": None, "until": "11:00"},
        {"days": [1], "until": "11:00"},
        {"days": {"1": 1}, "from": "10:00", "until": "11:00"},
    ],
)
def test_a_malformed_window_is_refused_by_name(raw: object) -> None:
    with pytest.raises(WindowError, match=r"window|days|from|until"):
        read_window(raw)
