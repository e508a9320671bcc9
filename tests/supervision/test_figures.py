"""The definitions, each on a small example counted by hand; and what must hold for any day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.figures import Figures, Limits, OfferedCall, count, day_figures, day_span
from supervision.hours import Span, Work

DAY = date(2026, 3, 2)
START = day_span(DAY).start
NOW = START + timedelta(hours=12)
LIMITS = Limits(service_seconds=20, short_seconds=5)
NO_WORK = Work((), ())


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def answered(queued: float, wait: float, talk: float = 0, acw: float = 0) -> OfferedCall:
    moment = at(queued + wait)
    return OfferedCall(at(queued), moment, None, moment, True, talk, acw, False)


def abandoned(queued: float, wait: float) -> OfferedCall:
    moment = at(queued + wait)
    return OfferedCall(at(queued), None, moment, moment, True, 0, 0, False)


def still_waiting(queued: float) -> OfferedCall:
    return OfferedCall(at(queued), None, None, None, False, 0, 0, False)


def counted(*calls: OfferedCall, now: datetime = NOW) -> Figures:
    return count(calls, now, LIMITS)


def test_the_three_service_levels_differ_over_who_left() -> None:
    figures = counted(
        answered(0, 20), answered(60, 20.001), abandoned(120, 5), abandoned(180, 20),
        abandoned(240, 600),
    )  # fmt: skip
    assert (figures.offered, figures.answered, figures.abandoned) == (5, 2, 3)
    assert (figures.short_abandoned, figures.answered_within) == (1, 1)
    assert figures.service_level == 1 / 4
    assert figures.service_level_2 == 3 / 5
    assert figures.answered_within_share == 1 / 2


def test_asa_is_of_the_answered_and_the_longest_wait_of_all() -> None:
    figures = counted(answered(0, 10), answered(0, 30), abandoned(0, 300))
    assert (figures.asa_seconds, figures.longest_wait_seconds) == (20, 300)
    waiting = counted(answered(0, 10), still_waiting(0), now=at(4000))
    assert waiting.longest_wait_seconds == 4000


def test_handling_is_of_calls_answered_and_closed() -> None:
    going_on = answered(0, 10, talk=50)._replace(is_closed=False)
    never_joined = abandoned(0, 10)._replace(acw_seconds=100)
    figures = counted(answered(0, 10, 1500, 120), answered(0, 10, 900, 60), going_on, never_joined)
    assert (figures.aht_seconds, figures.acw_seconds) == (1290, 90)


def test_a_caller_back_in_the_queue_and_gone_was_answered() -> None:
    lost = answered(0, 10)._replace(abandoned_at=at(500))
    figures = counted(lost)
    assert (figures.answered, figures.abandoned) == (1, 0)


def test_nothing_to_divide_by_is_none() -> None:
    figures = counted()
    assert figures.offered == figures.unrecorded == 0
    assert figures.service_level is figures.service_level_2 is figures.asa_seconds is None
    assert figures.aht_seconds is figures.longest_wait_seconds is None
    assert counted(abandoned(0, 2)).service_level is None


def test_a_clock_that_stepped_back_makes_no_negative_wait() -> None:
    assert counted(answered(60, -3)).asa_seconds == 0


def test_a_call_counts_where_it_was_offered_even_if_answered_later() -> None:
    day = day_figures(DAY, [answered(1799, 600), answered(1800, 5)], NO_WORK, NOW, LIMITS)
    first, second = day.half_hours[:2]
    assert (first.figures.answered, second.figures.answered) == (1, 1)
    assert first.figures.asa_seconds == 600
    assert first.start == START


def test_the_day_is_seouls_and_grows_by_half_hours() -> None:
    assert datetime(2026, 3, 1, 15, 0, tzinfo=UTC) == START
    for hours, slots in ((-1, 0), (0, 0), (0.1, 1), (0.5, 1), (0.6, 2), (24, 48), (1000, 48)):
        now = START + timedelta(hours=hours)
        assert len(day_figures(DAY, [], NO_WORK, now, LIMITS).half_hours) == slots


def test_occupancy_is_of_the_time_itself() -> None:
    work = Work(
        busy=[Span(at(-600), at(900)), Span(at(1800), at(2700))],
        at_work=[Span(at(-3600), at(1800)), Span(at(1800), at(3600))],
    )
    day = day_figures(DAY, [], work, at(3600), LIMITS)
    assert day.whole.occupancy == 0.5
    assert [half.figures.occupancy for half in day.half_hours] == [0.5, 0.5]
    assert day_figures(DAY, [], work, at(900), LIMITS).whole.occupancy == 1.0
    assert day_figures(DAY, [], NO_WORK, at(900), LIMITS).whole.occupancy is None


waits = st.floats(0, 4000)
moments = st.floats(0, 86399)
any_calls = st.lists(
    st.one_of(
        st.builds(answered, moments, waits, waits, waits),
        st.builds(abandoned, moments, waits),
        st.builds(still_waiting, moments),
    )
)


@given(any_calls, st.floats(0, 100_000))
def test_half_hours_add_up_to_the_day(calls: list[OfferedCall], passed: float) -> None:
    day = day_figures(DAY, calls, NO_WORK, at(passed), LIMITS)
    for name in ("offered", "answered", "abandoned", "short_abandoned", "answered_within"):
        assert sum(getattr(half.figures, name) for half in day.half_hours) == getattr(
            day.whole, name
        )


@given(any_calls)
def test_shares_are_shares(calls: list[OfferedCall]) -> None:
    figures = counted(*calls, now=at(100_000))
    assert figures.answered + figures.abandoned <= figures.offered
    for share in (figures.service_level, figures.service_level_2, figures.answered_within_share):
        assert share is None or 0 <= share <= 1
    if figures.asa_seconds is not None and figures.longest_wait_seconds is not None:
        assert figures.asa_seconds <= figures.longest_wait_seconds + 1e-6


@pytest.mark.parametrize("seconds", [5, 5.0])
def test_the_border_of_a_short_abandon_belongs_to_it(seconds: float) -> None:
    assert counted(abandoned(0, seconds)).short_abandoned == 1
    assert counted(abandoned(0, seconds + 0.001)).short_abandoned == 0
