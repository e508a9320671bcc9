"""A series keeps its rhythm, and never ends but for a reason somebody gave."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callbacks.series_plan import (
    AGREED_END,
    ALL_HELD,
    Due,
    LastCall,
    Over,
    Plan,
    agreed_end,
    next_call,
    progress,
    slots,
)
from core.clock import SEOUL

FIRST = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
WEEKLY = Plan(FIRST, 7, 8, date(2026, 5, 5))


def weeks(count: float) -> datetime:
    return FIRST + timedelta(days=7 * count)


def test_the_first_call_then_each_week_at_the_same_hour() -> None:
    assert next_call(WEEKLY, 0, None) == Due(FIRST)
    kept = LastCall("kept", FIRST + timedelta(minutes=30))
    assert next_call(WEEKLY, 1, kept) == Due(weeks(1))
    late = LastCall("kept", FIRST + timedelta(days=3))  # reached at the third try
    assert next_call(WEEKLY, 1, late) == Due(weeks(1))


def test_all_sessions_held_or_the_agreed_end() -> None:
    assert next_call(WEEKLY, 8, LastCall("kept", weeks(7.1))) == Over(ALL_HELD)
    assert next_call(WEEKLY, 5, LastCall("kept", weeks(9.1))) == Over(AGREED_END)


def test_what_the_citizen_says_ends_it_and_a_letter_does_not() -> None:
    assert next_call(WEEKLY, 2, LastCall("declined", weeks(2))) == Over("declined")
    assert next_call(WEEKLY, 2, LastCall("withdrawn", weeks(2))) == Over("withdrawn")
    closed = LastCall("decided", weeks(2.1), "close")
    assert next_call(WEEKLY, 2, closed) == Over("closed by decision")
    letter = LastCall("decided", weeks(2.1), "letter")
    assert next_call(WEEKLY, 2, letter) == Due(weeks(3))


def test_by_plan_the_dates_themselves() -> None:
    dates = (weeks(0), weeks(2), weeks(5))
    plan = Plan(FIRST, 7, 3, date(2026, 4, 7), dates)
    assert next_call(plan, 0, None) == Due(dates[0])
    assert next_call(plan, 1, LastCall("kept", weeks(0.1))) == Due(dates[1])
    assert next_call(plan, 2, LastCall("kept", weeks(2.1))) == Due(dates[2])
    assert next_call(plan, 2, LastCall("decided", weeks(5.1), "visit")) == Over(AGREED_END)


def test_a_missed_call_still_leaves_room_for_all_sessions() -> None:
    ends = agreed_end(FIRST, 7, 8)
    assert ends == date(2026, 5, 5)
    assert len(list(slots(Plan(FIRST, 7, 8, ends)))) == 10


def test_progress_has_a_step_for_each_session() -> None:
    assert progress(2, WEEKLY, "planned") == ["held", "held", "next", *["to_come"] * 5]
    assert progress(8, WEEKLY, None) == ["held"] * 8
    assert progress(9, WEEKLY, None) == ["held"] * 8


@given(
    st.integers(1, 30),
    st.integers(1, 20),
    st.integers(0, 25),
    st.floats(0, 400),
    st.sampled_from(["kept", "declined", "withdrawn", "decided"]),
    st.sampled_from([None, "letter", "visit", "welfare_check", "close"]),
)
def test_the_next_call_is_later_within_the_end_and_at_the_agreed_hour(
    every: int, sessions: int, held: int, after_days: float, state: str, decision: str | None
) -> None:
    plan = Plan(FIRST, every, sessions, agreed_end(FIRST, every, sessions))
    last = LastCall(state, FIRST + timedelta(days=after_days), decision)
    found = next_call(plan, held, last)
    if isinstance(found, Over):
        assert found.reason
        return
    assert found.at > last.ended_at
    assert found.at.astimezone(SEOUL).time() == FIRST.astimezone(SEOUL).time()
    assert found.at.astimezone(SEOUL).date() <= plan.ends_on
    assert held < sessions
