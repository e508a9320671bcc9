"""What is drawn of a call and of a seat: stretches without holes or overlaps, the queue, rows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.day_tracks import (
    End,
    Phase,
    Said,
    Told,
    call_stretches,
    end_of,
    packed,
    queue_steps,
    seat_stretches,
)
from supervision.hours import Span

START = datetime(2026, 3, 1, 15, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def told(*rows: tuple[float, str, str]) -> list[Told]:
    return [Told(at(seconds), event, state) for seconds, event, state in rows]


def drawn(rows: list[Told], until: float = 1000) -> list[tuple[str, float, float]]:
    return [
        (one.phase.value, (one.start - START).total_seconds(), (one.end - START).total_seconds())
        for one in call_stretches(rows, at(until))
    ]


WAITED = ((0, "arrived", "in_menu"), (12, "joined_queue", "waiting"))
ACCEPTED = (*WAITED, (60, "offered", "offered"), (65, "accepted", "connected"))
TALKED = (*ACCEPTED, (70, "answered", "connected"))
LOST = (*TALKED, (200, "counselor_lost", "waiting"))


def test_a_call_waits_until_both_can_hear_each_other() -> None:
    whole = (*TALKED, (400, "talk_ended", "wrapping"), (450, "outcome_written", "closed"))
    assert drawn(told(*whole)) == [
        ("menu", 0, 12),
        ("waiting", 12, 60),
        ("offered", 60, 70),
        ("talking", 70, 400),
        ("wrapping", 400, 450),
    ]


def test_a_line_that_broke_waits_again_and_a_raised_priority_changes_nothing() -> None:
    rows = told(*LOST, (210, "priority_raised", "waiting"), (220, "offered", "offered"))
    assert drawn(rows, 230)[-3:] == [
        ("talking", 70, 200),
        ("waiting", 200, 220),
        ("offered", 220, 230),
    ]


def test_a_citizen_who_is_rung_is_reached_and_then_talks() -> None:
    rows = told(
        (0, "queued_outward", "waiting"),
        (10, "offered", "offered"),
        (15, "accepted_outward", "reaching"),
        (30, "citizen_answered", "connected"),
    )
    assert drawn(rows, 40)[-2:] == [("reaching", 15, 30), ("talking", 30, 40)]


ENDS = [
    (WAITED, End.OPEN),
    ((*WAITED, (30, "caller_left", "closed")), End.ABANDONED),
    ((*WAITED, (30, "promised_callback", "closed")), End.PROMISED),
    ((*WAITED, (30, "withdrawn", "closed")), End.WITHDRAWN),
    (((0, "arrived", "in_menu"), (9, "caller_left", "closed")), End.LEFT_MENU),
    ((*TALKED, (90, "talk_ended", "wrapping")), End.SERVED),
    (((9, "ended_unheard", "closed"),), End.LEFT_MENU),
    ((*LOST, (230, "caller_left", "closed")), End.CUT_OFF),
    ((*TALKED, (90, "talk_ended", "wrapping"), (99, "wrap_lapsed", "closed")), End.SERVED),
    (
        (*ACCEPTED, (66, "caller_left", "wrapping"), (99, "outcome_written", "closed")),
        End.ABANDONED,
    ),
    (
        (*ACCEPTED, (66, "talk_ended", "wrapping"), (99, "outcome_written", "closed")),
        End.WITHDRAWN,
    ),
    (
        ((0, "reaching_begun", "reaching"), (30, "not_reached", "closed")),
        End.NOT_REACHED,
    ),
]


@pytest.mark.parametrize(("rows", "end"), ENDS, ids=lambda value: str(value)[:40])
def test_how_a_call_ended(rows: tuple[tuple[float, str, str], ...], end: End) -> None:
    assert end_of(told(*rows)) is end


def test_a_seat_is_offered_what_no_history_tells_of() -> None:
    said = [
        Said(at(0), "ready", "free"),
        Said(at(100), "ready", "on_call"),
        Said(at(200), "ready", "wrapping"),
        Said(at(230), "break", "free"),
        Said(at(300), "off", "free"),
        Said(at(400), "ready", "free"),
    ]
    offers = [Span(at(40), at(50)), Span(at(90), at(100)), Span(at(100), at(110))]
    found = [
        (one.phase, (one.start - START).seconds, (one.end - START).seconds)
        for one in seat_stretches(said, offers, at(420))
    ]
    assert found == [
        (Phase.READY, 0, 40),
        (Phase.OFFERED, 40, 50),
        (Phase.READY, 50, 90),
        (Phase.OFFERED, 90, 100),
        (Phase.TALKING, 100, 200),
        (Phase.WRAPPING, 200, 230),
        (Phase.BREAK, 230, 300),
        (Phase.READY, 400, 420),
    ]  # fmt: skip


def test_the_queue_counts_who_waits_or_is_offered_within_the_time() -> None:
    calls = [
        told(
            (-50, "joined_queue", "waiting"),
            (20, "offered", "offered"),
            (30, "accepted", "connected"),
        ),
        told((10, "joined_queue", "waiting"), (90, "caller_left", "closed")),
        told((40, "arrived", "in_menu"), (50, "caller_left", "closed")),
        told((70, "joined_queue", "waiting")),
    ]  # fmt: skip
    steps = queue_steps(calls, Span(at(0), at(80)))
    assert [((step.at - START).seconds, step.waiting) for step in steps] == [
        (0, 1), (10, 2), (30, 1), (70, 2),
    ]  # fmt: skip


def test_nobody_there_makes_an_empty_queue() -> None:
    assert [step.waiting for step in queue_steps([], Span(at(0), at(80)))] == [0]


spans = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 200)).map(
        lambda pair: Span(at(pair[0]), at(pair[0] + pair[1]))
    ),
    max_size=40,
).map(sorted)


@given(spans, st.integers(0, 30))
def test_two_in_a_row_are_apart_and_no_row_is_needless(
    given_spans: list[Span], gap_seconds: int
) -> None:
    gap = timedelta(seconds=gap_seconds)
    rows = packed(given_spans, gap)
    for place, span in enumerate(given_spans):
        busy = {
            rows[before] for before in range(place) if given_spans[before].end + gap > span.start
        }
        assert rows[place] not in busy
        assert rows[place] == min(set(range(len(busy) + 1)) - busy)


STATES = ["in_menu", "waiting", "offered", "reaching", "connected", "wrapping"]
journals = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["answered", "moved"]), st.sampled_from(STATES)),
    min_size=1,
    max_size=12,
)


@given(journals, st.booleans())
def test_a_call_is_drawn_without_holes_from_its_first_moment_to_its_last(
    steps: list[tuple[int, str, str]], is_closed: bool
) -> None:
    """Whatever the journal says, in whatever order of states."""
    seconds, rows = 0, []
    for wait, event, state in steps:
        seconds += wait
        rows.append((seconds, event, state))
    if is_closed:
        rows.append((seconds + 5, "caller_left", "closed"))
    found = call_stretches(told(*rows), at(seconds + 5))
    assert [one.start for one in found[1:]] == [one.end for one in found[:-1]]
    assert (found[0].start, found[-1].end) == (at(rows[0][0]), at(seconds + 5))
    assert all(one.start < one.end for one in found)
