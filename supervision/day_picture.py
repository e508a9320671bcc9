"""A picture of a day: what is drawn of its calls, seats, queue, promises and faults. Pure.

Rule: nobody can be told from it. Calls, seats and callbacks have numbers in the order in which they
began; no name, telephone number or need is in it.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from routing.states import CallState
from supervision.day_tracks import (
    End,
    Phase,
    Said,
    Step,
    Stretch,
    Told,
    call_stretches,
    end_of,
    packed,
    queue_steps,
    seat_stretches,
)
from supervision.figures import DayFigures
from supervision.hours import Span

GAPS = 300
"""Two in a row are kept apart by this part of the whole."""
HANDED_ON = "handed_on"
"""Its citizen is talking while another counselor is asked, and so does not wait."""


@dataclass(frozen=True)
class CallRecord:
    """A call of the time, and its journal in order. seats: who accepted it, in order.

    direction: inbound, outward, or handed_on: a counselor asked to come to a talk.
    """

    direction: str
    told: Sequence[Told]
    seats: Sequence[uuid.UUID]


class OfferRecord(NamedTuple):
    """A call offered to somebody. is_missed: declined, or not taken in time."""

    counselor_id: uuid.UUID
    span: Span
    is_missed: bool


@dataclass(frozen=True)
class SeatRecord:
    """The history of one who answers; the first entry may lie before the time."""

    is_companion: bool
    said: Sequence[Said]


@dataclass(frozen=True)
class PromiseRecord:
    """A promise that was due, tried, kept or late in the time. rung: when and what came of it."""

    purpose: str
    state: str
    made_at: datetime
    due_at: datetime
    deadline: datetime
    rung: Sequence[tuple[datetime, str]]
    kept_at: datetime | None


class Fault(NamedTuple):
    """Something that went wrong at a moment. kind: of which sort; label: what, in a few words."""

    at: datetime
    kind: str
    label: str


@dataclass(frozen=True)
class DayRecord:
    """All that was written down of a stretch of time, calls in the order of their arrival."""

    calls: Sequence[CallRecord]
    seats: Mapping[uuid.UUID, SeatRecord]
    offers: Sequence[OfferRecord]
    promises: Sequence[PromiseRecord]
    faults: Sequence[Fault]


class SeatName(NamedTuple):
    """What a seat is called: counselors and companions are numbered apart."""

    is_companion: bool
    number: int


@dataclass(frozen=True)
class CallLine:
    """A call as a line in a row. waited_seconds: until together, or given up, or now."""

    number: int
    row: int
    direction: str
    stretches: Sequence[Stretch]
    began_at: datetime
    end: End
    ended_at: datetime | None
    seats: Sequence[SeatName]
    waited_seconds: float
    talk_seconds: float
    wrap_seconds: float


@dataclass(frozen=True)
class SeatLane:
    """One who answers, as a lane of their own. seconds: in each phase."""

    name: SeatName
    stretches: Sequence[Stretch]
    seconds: Mapping[Phase, float]
    answered: int
    missed: int

    @property
    def present(self) -> Span:
        """From the first to the last moment drawn."""
        return Span(self.stretches[0].start, self.stretches[-1].end)


class Mark(NamedTuple):
    """A moment of a promise. kind: made, due, rung, kept or late."""

    at: datetime
    kind: str


@dataclass(frozen=True)
class PromiseLine:
    """A promise as a row of marks, in order of time."""

    number: int
    row: int
    record: PromiseRecord
    marks: Sequence[Mark]


@dataclass(frozen=True)
class DayPicture:
    """Everything drawn of `span`. until: how far the story is told; days: figures of its days."""

    span: Span
    until: datetime
    calls: Sequence[CallLine]
    seats: Sequence[SeatLane]
    queue: Sequence[Step]
    promises: Sequence[PromiseLine]
    faults: Sequence[Fault]
    days: Sequence[DayFigures]


def day_picture(
    record: DayRecord, span: Span, days: Sequence[DayFigures], now: datetime
) -> DayPicture:
    """Lay out what is drawn of `span` as it stands at `now`."""
    until = max(span.start, min(now, span.end))
    lanes = _seats(record, span, until)
    names = {who: lane.name for who, lane in lanes.items()}
    return DayPicture(
        span=span,
        until=until,
        calls=_calls(record.calls, names, span, until),
        seats=list(lanes.values()),
        queue=queue_steps(
            (call.told for call in record.calls if call.direction != HANDED_ON),
            Span(span.start, until),
        ),
        promises=_promises(record.promises, span, until),
        faults=sorted(fault for fault in record.faults if span.start <= fault.at < span.end),
        days=days,
    )


def _calls(
    records: Sequence[CallRecord], names: Mapping[uuid.UUID, SeatName], span: Span, until: datetime
) -> list[CallLine]:
    """Number and place the calls; those from before `span` lead, cut at its start."""
    drawn = [(call, cut(call_stretches(call.told, until), span)) for call in records]
    shown = [_whole(call, stretches, span, until) for call, stretches in drawn]
    rows = packed(shown, (span.end - span.start) / GAPS)
    return [
        _line(place + 1, rows[place], call, names, stretches, until)
        for place, (call, stretches) in enumerate(drawn)
    ]


def _whole(call: CallRecord, stretches: Sequence[Stretch], span: Span, until: datetime) -> Span:
    if stretches:
        return Span(stretches[0].start, stretches[-1].end)
    at = min(max(call.told[0].at, span.start), until)
    return Span(at, at)


def _line(
    number: int,
    row: int,
    call: CallRecord,
    names: Mapping[uuid.UUID, SeatName],
    stretches: Sequence[Stretch],
    until: datetime,
) -> CallLine:
    whole, last = call_stretches(call.told, until), call.told[-1]
    before = [one for one in whole if one.phase in (Phase.WAITING, Phase.OFFERED)]
    return CallLine(
        number=number,
        row=row,
        direction=call.direction,
        stretches=stretches,
        began_at=call.told[0].at,
        end=end_of(call.told),
        ended_at=last.at if last.state == CallState.CLOSED else None,
        seats=[names[who] for who in dict.fromkeys(call.seats) if who in names],
        waited_seconds=_seconds(before, Phase.WAITING, Phase.OFFERED),
        talk_seconds=_seconds(whole, Phase.TALKING),
        wrap_seconds=_seconds(whole, Phase.WRAPPING),
    )


def _seconds(stretches: Sequence[Stretch], *phases: Phase) -> float:
    lengths = (one.end - one.start for one in stretches if one.phase in phases)
    return sum(lengths, timedelta()).total_seconds()


def cut(stretches: Sequence[Stretch], span: Span) -> list[Stretch]:
    """Return the parts of `stretches` that lie in `span`."""
    parts = (
        Stretch(one.phase, max(one.start, span.start), min(one.end, span.end)) for one in stretches
    )
    return [part for part in parts if part.start < part.end]


def _seats(record: DayRecord, span: Span, until: datetime) -> dict[uuid.UUID, SeatLane]:
    """Return a lane for each who was there, counselors first, in the order of their coming."""
    offers: dict[uuid.UUID, list[OfferRecord]] = defaultdict(list)
    for offer in record.offers:
        offers[offer.counselor_id].append(offer)
    drawn = []
    for who, seat in record.seats.items():
        asked = [offer.span for offer in offers[who]]
        stretches = cut(seat_stretches(seat.said, asked, until), span)
        if stretches:
            drawn.append((seat.is_companion, stretches[0].start, str(who), who, stretches))
    drawn.sort(key=lambda one: one[:3])
    answered = _answered(record.calls)
    lanes: dict[uuid.UUID, SeatLane] = {}
    for is_companion, _, _, who, stretches in drawn:
        alike = sum(lane.name.is_companion == is_companion for lane in lanes.values())
        lanes[who] = SeatLane(
            name=SeatName(is_companion, alike + 1),
            stretches=stretches,
            seconds={phase: _seconds(stretches, phase) for phase in Phase},
            answered=answered.get(who, 0),
            missed=sum(offer.is_missed for offer in offers[who]),
        )
    return lanes


def _answered(calls: Sequence[CallRecord]) -> Mapping[uuid.UUID, int]:
    counted: dict[uuid.UUID, int] = defaultdict(int)
    for call in calls:
        for who in dict.fromkeys(call.seats):
            counted[who] += 1
    return counted


def _promises(records: Sequence[PromiseRecord], span: Span, until: datetime) -> list[PromiseLine]:
    marked = [(record, _marks(record, span, until)) for record in records]
    shown = sorted(
        ((record, marks) for record, marks in marked if marks), key=lambda one: one[1][0].at
    )
    gap = (span.end - span.start) / GAPS * 2  # a mark is drawn wider than a moment
    rows = packed([Span(marks[0].at, marks[-1].at) for _, marks in shown], gap)
    return [
        PromiseLine(place + 1, rows[place], record, marks)
        for place, (record, marks) in enumerate(shown)
    ]


def _marks(record: PromiseRecord, span: Span, until: datetime) -> list[Mark]:
    """Return what is marked of a promise. A deadline is marked where it passed unkept."""
    marks = [Mark(record.made_at, "made"), Mark(record.due_at, "due")]
    marks += [Mark(at, "rung") for at, _ in record.rung]
    kept = record.kept_at
    if kept is not None:
        marks.append(Mark(kept, "kept"))
    if record.deadline < until and (kept is None or kept > record.deadline):
        marks.append(Mark(record.deadline, "late"))
    return sorted(
        (mark for mark in marks if span.start <= mark.at < span.end), key=lambda mark: mark.at
    )


def most_waiting(picture: DayPicture, start: datetime, length: timedelta) -> int:
    """Return how many waited at the most crowded moment of `length` from `start`."""
    before = 0
    most = 0
    for step in picture.queue:
        if step.at < start:
            before = step.waiting
        elif step.at < start + length:
            most = max(most, step.waiting)
    return max(most, before)
