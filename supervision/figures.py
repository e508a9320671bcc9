"""The line's figures: what each means, and how it is counted. Pure.

Rule: a call counts in the half hour, and in the Asia/Seoul day, in which it was offered, whatever
becomes of it later; time at work counts when it passes. A figure without anything to divide by is
None, never 0. Formulas: service level has several in use, so each is named and written down here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from core.clock import SEOUL
from supervision.hours import Span, Work, seconds_by_slot

SLOT = timedelta(minutes=30)
DAY = timedelta(days=1)


class OfferedCall(NamedTuple):
    """A call that chose the helpline and so entered the queue.

    queued_at: when it was offered. answered_at: when a counselor first could be heard.
    abandoned_at: when the caller left unanswered and without a promise. waited_until: the end of
    the wait, however it ended; None while it lasts. talk_seconds and acw_seconds: of all its
    sessions so far. is_unrecorded: closed, talked, and no outcome written.
    """

    queued_at: datetime
    answered_at: datetime | None
    abandoned_at: datetime | None
    waited_until: datetime | None
    is_closed: bool
    talk_seconds: float
    acw_seconds: float
    is_unrecorded: bool


@dataclass(frozen=True)
class Limits:
    """service_seconds: T of SL(T). short_seconds: who leaves by then is a short abandon."""

    service_seconds: float
    short_seconds: float


@dataclass(frozen=True)
class Figures:
    """Figures of a day or of a half hour. Seconds are means unless the name says otherwise.

    offered: calls that chose the helpline and entered the queue.
    answered: of these, joined by a counselor. abandoned: the caller left after the start of the
    queue and before the join, and not with a promise to be called in their place.
    short_abandoned: of these, within `short_seconds`.
    answered_within: answered after a wait of at most T.
    service_level: answered_within / (offered - short_abandoned).
    service_level_2: (answered_within + abandoned within T) / (answered + abandoned); Asterisk's.
    answered_within_share: answered_within / answered.
    asa_seconds: wait of the answered only. longest_wait_seconds: the longest wait of all, of those
    who still wait too.
    aht_seconds: talk + after-call work of a call answered and closed, all its sessions together.
    acw_seconds: of that, from the end of the talk to the outcome or the end of the wrap-up.
    occupancy: (talk + after-call work) / (logged in - break), in the time itself.
    unrecorded: closed calls whose counselor wrote no outcome.
    """

    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    answered_within: int
    service_level: float | None
    service_level_2: float | None
    answered_within_share: float | None
    asa_seconds: float | None
    aht_seconds: float | None
    acw_seconds: float | None
    occupancy: float | None
    longest_wait_seconds: float | None
    unrecorded: int


@dataclass(frozen=True)
class HalfHour:
    """The figures of the half hour that begins at `start` (UTC)."""

    start: datetime
    figures: Figures


@dataclass(frozen=True)
class DayFigures:
    """The figures of a Seoul calendar day, and of its half hours up to now."""

    day: date
    whole: Figures
    half_hours: tuple[HalfHour, ...]


def day_span(day: date) -> Span:
    """Return when the Seoul calendar day begins and ends."""
    start = datetime.combine(day, time.min, tzinfo=SEOUL)
    return Span(start, start + DAY)


def day_figures(
    day: date, calls: Sequence[OfferedCall], work: Work, now: datetime, limits: Limits
) -> DayFigures:
    """Count a day. calls: those offered on it. work: spans of work, which may reach past it."""
    start, end = day_span(day)
    until = min(now, end)
    by_slot: dict[int, list[OfferedCall]] = defaultdict(list)
    for call in calls:
        by_slot[(call.queued_at - start) // SLOT].append(call)
    passed = -((start - until) // SLOT) if until > start else 0
    slots = range(max([passed, *(slot + 1 for slot in by_slot)]))
    busy = seconds_by_slot(work.busy, start, until, SLOT)
    present = seconds_by_slot(work.at_work, start, until, SLOT)
    tallies = [_tally(by_slot[slot], now, limits) for slot in slots]
    whole = sum(tallies, start=Tally())
    return DayFigures(
        day,
        _figures(whole, _ratio(sum(busy.values()), sum(present.values()))),
        tuple(
            HalfHour(
                start + slot * SLOT,
                _figures(tallies[slot], _ratio(busy.get(slot, 0), present.get(slot, 0))),
            )
            for slot in slots
        ),
    )


def count(calls: Sequence[OfferedCall], now: datetime, limits: Limits) -> Figures:
    """Count `calls`, of which nothing is known of the time at work."""
    return _figures(_tally(calls, now, limits), None)


@dataclass(slots=True)
class Tally:
    """Sums of which figures are made; those of half hours add up to the day's. Seconds."""

    offered: int = 0
    answered: int = 0
    answered_within: int = 0
    wait: float = 0.0
    abandoned: int = 0
    abandoned_within: int = 0
    short_abandoned: int = 0
    handled: int = 0
    talk: float = 0.0
    acw: float = 0.0
    unrecorded: int = 0
    longest: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        """Return the tally of both."""
        both = Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))
        both.longest = max(self.longest, other.longest)
        return both


def _tally(calls: Iterable[OfferedCall], now: datetime, limits: Limits) -> Tally:
    tally = Tally()
    for call in calls:
        tally.offered += 1
        tally.unrecorded += call.is_unrecorded
        waited = _wait(call, call.waited_until or now)
        tally.longest = max(tally.longest, waited)
        if call.answered_at is not None:
            _add_answered(tally, call, _wait(call, call.answered_at), limits)
        elif call.abandoned_at is not None:
            left_after = _wait(call, call.abandoned_at)
            tally.abandoned += 1
            tally.abandoned_within += left_after <= limits.service_seconds
            tally.short_abandoned += left_after <= limits.short_seconds
    return tally


def _add_answered(tally: Tally, call: OfferedCall, waited: float, limits: Limits) -> None:
    tally.answered += 1
    tally.answered_within += waited <= limits.service_seconds
    tally.wait += waited
    if call.is_closed:
        tally.handled += 1
        tally.talk += call.talk_seconds
        tally.acw += call.acw_seconds


def _figures(tally: Tally, occupancy: float | None) -> Figures:
    within = tally.answered_within
    return Figures(
        offered=tally.offered,
        answered=tally.answered,
        abandoned=tally.abandoned,
        short_abandoned=tally.short_abandoned,
        answered_within=within,
        service_level=_ratio(within, tally.offered - tally.short_abandoned),
        service_level_2=_ratio(within + tally.abandoned_within, tally.answered + tally.abandoned),
        answered_within_share=_ratio(within, tally.answered),
        asa_seconds=_ratio(tally.wait, tally.answered),
        aht_seconds=_ratio(tally.talk + tally.acw, tally.handled),
        acw_seconds=_ratio(tally.acw, tally.handled),
        occupancy=occupancy,
        longest_wait_seconds=tally.longest if tally.offered else None,
        unrecorded=tally.unrecorded,
    )


def _wait(call: OfferedCall, until: datetime) -> float:
    """Return seconds waited; a clock that stepped back makes no negative wait."""
    return max(0.0, (until - call.queued_at).total_seconds())


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
