"""Time at work: ready, or busy whatever was said since; spread over slots without loss."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from supervision.hours import Change, Span, at_work, seconds_by_slot

START = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
SLOT = timedelta(minutes=30)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_who_said_break_while_talking_works_until_the_wrap_up_ends() -> None:
    changes = [
        Change(at(0), "ready", "free"),
        Change(at(10), "ready", "on_call"),
        Change(at(20), "break", "on_call"),
        Change(at(30), "break", "wrapping"),
        Change(at(40), "break", "free"),
        Change(at(50), "ready", "free"),
        Change(at(60), "off", "free"),
    ]
    spans = at_work(changes, at(100))
    assert sum((span.end - span.start).total_seconds() for span in spans) == 50
    assert spans[0].start == at(0)
    assert spans[-1] == Span(at(50), at(60))


def test_the_last_change_lasts_until_now() -> None:
    assert at_work([Change(at(0), "ready", "free")], at(100)) == [Span(at(0), at(100))]
    assert at_work([Change(at(0), "ready", "free")], at(0)) == []
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
