"""Time at work: who was logged in and not on a break, and who was busy, as spans. Pure.

Rule: at work is whoever says "ready", or still talks or writes up after having said "break" or
"off"; so nobody can be busier than all the time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from counselors.states import PresenceState, Status

WORKING_STATUS = Status.READY
WORKING_STATES = (PresenceState.ON_CALL, PresenceState.WRAPPING)


class Span(NamedTuple):
    """From `start` to just before `end`."""

    start: datetime
    end: datetime


class Turn(NamedTuple):
    """From `at` on the counselor works, or does not."""

    at: datetime
    works: bool


class Work(NamedTuple):
    """busy: talk and after-call work of each session. at_work: logged in and not on a break."""

    busy: Sequence[Span]
    at_work: Sequence[Span]


def at_work(turns: Sequence[Turn], until: datetime) -> list[Span]:
    """Return when one counselor was at work, from their turns in order, up to `until`."""
    spans: list[Span] = []
    for place, turn in enumerate(turns):
        end = turns[place + 1].at if place + 1 < len(turns) else until
        if turn.works and turn.at < end:
            spans.append(Span(turn.at, end))
    return spans


def seconds_by_slot(
    spans: Iterable[Span], start: datetime, until: datetime, slot: timedelta
) -> Mapping[int, float]:
    """Return how many seconds of `spans` lie in each slot between `start` and `until`.

    Slots are counted from 0 at `start`, each `slot` long.
    """
    seconds: dict[int, float] = defaultdict(float)
    length, whole = slot.total_seconds(), (until - start).total_seconds()
    for span in spans:
        here = max(0.0, (span.start - start).total_seconds())
        end = min(whole, (span.end - start).total_seconds())
        number = int(here // length)
        while here < end:
            stop = min(end, (number + 1) * length)
            seconds[number] += stop - here
            here, number = stop, number + 1
    return seconds
