"""Time at work: spans of the turns, spread over slots without loss."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from supervision.hours import Span, Turn, at_work, seconds_by_slot

START = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
SLOT = timedelta(minutes=30)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_spans_are_of_the_turns_at_work() -> None:
    turns = [Turn(at(0), True), Turn(at(40), False), Turn(at(50), True), Turn(at(60), False)]
    assert at_work(turns, at(100)) == [Span(at(0), at(40)), Span(at(50), at(60))]
    assert at_work([Turn(at(0), True), Turn(at(0), False)], at(100)) == []


def test_the_last_turn_lasts_until_now() -> None:
    assert at_work([Turn(at(0), True)], at(100)) == [Span(at(0), at(100))]
    assert at_work([Turn(at(0), True)], at(0)) == []
    assert at_work([], at(100)) == []


seconds = st.floats(-90_000, 180_000)


@given(st.lists(st.tuples(seconds, seconds)), st.floats(0, 86_400))
def test_slots_hold_all_of_the_time_between_and_none_outside(
    pairs: list[tuple[float, float]], passed: float
) -> None:
    spans = [Span(at(a), at(b)) for a, b in pairs]
    found = seconds_by_slot(spans, START, at(passed), SLOT)
    whole = sum(max(0.0, min(b, passed) - max(a, 0.0)) for a, b in pairs)
    assert abs(sum(found.values()) - whole) < 1e-3 * (len(pairs) + 1)
    assert all(0 <= slot * 1800 <= passed for slot in found)
    assert all(held <= 1800.001 * len(pairs) for held in found.values())
