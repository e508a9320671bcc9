"""How long a caller may wait: a band, never a false minute. Pure.

Rule: computed anew each time from people ahead, seats and talk time; never "no wait" while nobody
is free; the announced band rises only if seats fell. Moving averages are useless here: three seats
and 25-minute talks err by minutes, so a band is spoken (reference: queueing with few servers,
mean residual of simultaneous talks is talk / seats).
"""

import math
from dataclasses import dataclass

BANDS_MINUTES = ((0, 5), (5, 10), (10, 20), (20, 30), (30, 45), (45, 60))


@dataclass(frozen=True)
class Wait:
    """A band of minutes; high_minutes None means "more than low". position counts from 1."""

    position: int
    low_minutes: int
    high_minutes: int | None


def estimate(position: int, seats: int, talk_seconds: float) -> Wait:
    """Return the band for the caller at `position` (1 = next) with `seats` counselors working.

    A seat frees every talk_seconds / seats on average, so the caller at `position` waits about that
    many such gaps. With no seat at all the band is the open one.
    """
    if seats <= 0:
        return Wait(position, BANDS_MINUTES[-1][1], None)
    minutes = max(position, 1) * talk_seconds / seats / 60
    for low, high in BANDS_MINUTES:
        if minutes <= high:
            return Wait(position, low, high)
    return Wait(position, BANDS_MINUTES[-1][1], None)


def not_rising(fresh: Wait, spoken_high: int | None, seats_fell: bool) -> Wait:
    """Keep a spoken band from rising unless seats fell since it was spoken."""
    fresh_high = fresh.high_minutes if fresh.high_minutes is not None else math.inf
    if spoken_high is None or seats_fell or fresh_high <= spoken_high:
        return fresh
    low = next((low for low, high in BANDS_MINUTES if high == spoken_high), 0)
    return Wait(fresh.position, low, spoken_high)
