"""From what was written down to what can be drawn: stretches of a call, of a seat, the queue. Pure.

Rule: nothing is guessed. A stretch begins and ends where a journal or a history says so, and what
goes on lasts to the moment of looking; who was called or who answered is not known here.
"""

import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from counselors.states import PresenceState, Status
from routing.states import CallState
from supervision.hours import Span


class Phase(StrEnum):
    """What is drawn of a call or of a seat. OFFERED: asked, or being put through."""

    MENU = "menu"
    WAITING = "waiting"
    OFFERED = "offered"
    REACHING = "reaching"
    TALKING = "talking"
    WRAPPING = "wrapping"
    READY = "ready"
    BREAK = "break"
    OFF = "off"


class End(StrEnum):
    """How a call ended; OPEN: not yet. CUT_OFF: the talk broke off and the caller did not wait."""

    OPEN = "open"
    SERVED = "served"
    LEFT_MENU = "left_menu"
    ABANDONED = "abandoned"
    CUT_OFF = "cut_off"
    PROMISED = "promised"
    NOT_REACHED = "not_reached"
    WITHDRAWN = "withdrawn"


class Told(NamedTuple):
    """One row of a call's journal: what happened, and the state after it."""

    at: datetime
    event: str
    state: str


class Said(NamedTuple):
    """One row of a presence's history: status and state from `at` on."""

    at: datetime
    status: str
    state: str


class Stretch(NamedTuple):
    """A phase from `start` to `end`."""

    phase: Phase
    start: datetime
    end: datetime


class Step(NamedTuple):
    """From `at` on, so many wait."""

    at: datetime
    waiting: int


TOGETHER = frozenset({"answered", "citizen_answered"})
QUEUED = frozenset({CallState.WAITING.value, CallState.OFFERED.value})
_PHASES = {
    CallState.IN_MENU: Phase.MENU,
    CallState.WAITING: Phase.WAITING,
    CallState.OFFERED: Phase.OFFERED,
    CallState.REACHING: Phase.REACHING,
    CallState.WRAPPING: Phase.WRAPPING,
}
_SEAT_PHASES = {
    PresenceState.OFFERED: Phase.OFFERED,
    PresenceState.ON_CALL: Phase.TALKING,
    PresenceState.WRAPPING: Phase.WRAPPING,
}
_STATUS_PHASES = {Status.READY: Phase.READY, Status.BREAK: Phase.BREAK, Status.OFF: Phase.OFF}


def call_stretches(told: Sequence[Told], until: datetime) -> list[Stretch]:
    """Return a call's phases in order; what is not closed goes on to `until`."""
    turns: list[tuple[datetime, Phase | None]] = []
    for one in told:
        turns.append((one.at, _phase_of(one, turns[-1][1] if turns else None)))
    return _stretches(turns, until)


def _phase_of(one: Told, before: Phase | None) -> Phase | None:
    """Accepted is not together yet: until both can hear each other the caller still waits."""
    if one.state == CallState.CLOSED:
        return None
    if one.state != CallState.CONNECTED:
        return _PHASES[CallState(one.state)]
    is_together = one.event in TOGETHER or before is Phase.TALKING
    return Phase.TALKING if is_together else Phase.OFFERED


def seat_stretches(said: Sequence[Said], offers: Sequence[Span], until: datetime) -> list[Stretch]:
    """Return a counselor's phases in order. offers: what was offered, of which no history tells.

    Time off is left out.
    """
    turns = [(one.at, _seat_phase(one)) for one in said]
    held: list[tuple[datetime, Phase | None]] = []
    asked = sorted(offers)
    for place, (at, phase) in enumerate(turns):
        end = turns[place + 1][0] if place + 1 < len(turns) else until
        held.append((at, phase))
        held += [turn for offer in asked for turn in _within(offer, at, end, phase)]
    held.sort(key=lambda turn: turn[0])
    return [one for one in _stretches(held, until) if one.phase is not Phase.OFF]


def _seat_phase(said: Said) -> Phase:
    known = _SEAT_PHASES.get(PresenceState(said.state))
    return known or _STATUS_PHASES[Status(said.status)]


def _within(
    offer: Span, start: datetime, end: datetime, phase: Phase
) -> list[tuple[datetime, Phase | None]]:
    """Return the turns that an offer makes of a free stretch from `start` to `end`."""
    begun, over = max(offer.start, start), min(offer.end, end)
    if begun >= over or phase not in (Phase.READY, Phase.BREAK):
        return []
    asked: list[tuple[datetime, Phase | None]] = [(begun, Phase.OFFERED)]
    return [*asked, (over, phase)] if over < end else asked


def _stretches(turns: Sequence[tuple[datetime, Phase | None]], until: datetime) -> list[Stretch]:
    """Join turns to stretches: a phase repeated goes on, one without length is left out."""
    found: list[Stretch] = []
    for (at, phase), (end, _) in pairwise([*turns, (until, None)]):
        if phase is None or end <= at:
            continue
        if found and found[-1].phase is phase and found[-1].end == at:
            at = found.pop().start
        found.append(Stretch(phase, at, end))
    return found


def end_of(told: Sequence[Told]) -> End:
    """Tell how a call ended, as it has for the citizen while its outcome is still being written."""
    last = told[-1]
    if last.state not in (CallState.CLOSED, CallState.WRAPPING):
        return End.OPEN
    known = {"promised_callback": End.PROMISED, "withdrawn": End.WITHDRAWN}.get(last.event)
    if known is not None:
        return known
    was_together = any(one.event in TOGETHER for one in told)
    if CallState.WRAPPING in (last.state, _before(told)):
        return End.SERVED if was_together else _unanswered(told)
    if _before(told) == CallState.REACHING:
        return End.NOT_REACHED
    if _before(told) == CallState.IN_MENU:
        return End.LEFT_MENU
    return End.CUT_OFF if was_together else End.ABANDONED


def _before(told: Sequence[Told]) -> str:
    return told[-2].state if len(told) > 1 else CallState.IN_MENU


def _unanswered(told: Sequence[Told]) -> End:
    """Accepted, yet never together: who gave up, the caller or we."""
    has_left = any(one.event == "caller_left" for one in told)
    return End.ABANDONED if has_left else End.WITHDRAWN


def queue_steps(calls: Iterable[Sequence[Told]], span: Span) -> list[Step]:
    """Return how many waited, or were being offered, at each moment of `span` that changed it."""
    changes: dict[datetime, int] = {}
    for told in calls:
        was = False
        for one in told:
            waits = one.state in QUEUED
            if waits != was:
                at = max(one.at, span.start)
                changes[at] = changes.get(at, 0) + (1 if waits else -1)
            was = waits
    waiting = changes.pop(span.start, 0)
    steps = [Step(span.start, waiting)]
    for at in sorted(changes):
        if changes[at] and at <= span.end:
            waiting += changes[at]
            steps.append(Step(at, waiting))
    return steps


def packed(spans: Sequence[Span], gap: timedelta) -> list[int]:
    """Return a row for each of `spans`, which are in order of their start.

    The uppermost that is free; between two in a row lies at least `gap`.
    """
    rows: list[int] = []
    busy: list[tuple[datetime, int]] = []
    free: list[int] = []
    for span in spans:
        while busy and busy[0][0] <= span.start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        row = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (max(span.end, span.start) + gap, row))
        rows.append(row)
    return rows
