"""Time at work: who was logged in and not on a break, and who was busy, as spans. Pure.

Rule: at work is whoever says "ready", or still talks or writes up after having said "break" or
"off"; so nobody can be busier than all the time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from counselors.states import PresenceState, Status

BUSY = frozenset({PresenceState.ON_CALL, PresenceState.WRAPPING})


class Span(NamedTuple):
    """From `start` to just before `end`."""

    start: datetime
    end: datetime


class Change(NamedTuple):
    """What a presence became at `at`."""

    at: datetime
    status: str
    state: str


class Work(NamedTuple):
    """busy: talk and after-call work of each session. at_work: logged in and not on a break."""

    busy: Sequence[Span]
    at_work: Sequence[Span]


def at_work(changes: Sequence[Change], until: datetime) -> list[Span]:
    """Return when one counselor was at work, from their changes in order, up to `until`."""
    spans: list[Span] = []
    for place, change in enumerate(changes):
        end = changes[place + 1].at if place + 1 < len(changes) else until
        works = change.status == Status.READY or change.state in BUSY
        if works and change.at < end:
            spans.append(Span(change.at, end))
    return spans


def seconds_by_slot(
    spans: Iterable[Span], start: datetime, until: datetime, slot: timedelta
) -> Mapping[int, float]:
    """Return how many seconds of `spans` lie in each slot between `start` and `until`.

    Slots are counted from 0 at `start`, each `slot` long.
    """
    seconds: dict[int, float] = defaultdict(float)
    for span in spans:
        here, end = max(span.start, start), min(span.end, until)
        while here < end:
            number = (here - start) // slot
            stop = min(end, start + (number + 1) * slot)
            seconds[number] += (stop - here).total_seconds()
            here = stop
    return seconds
