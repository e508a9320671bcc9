"""The one place that asks what time it is; everything else is told."""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
APART_SECONDS_MAX = 5.0
"""Beyond this a machine's clock judges nobody's deadline; the shortest ones are of 15 s."""


class Clock(Protocol):
    """Tells the time. Handed to edges, which pass `now` inward as a value."""

    def now(self) -> datetime:
        """Return the present moment as an aware datetime in UTC."""
        ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's present moment in UTC."""
        return datetime.now(UTC)


def ahead_seconds(clock: Clock, asked_at: datetime, told_at: datetime) -> float:
    """Return by how many seconds, at least, the machine's own clock is ahead of another's.

    asked_at: by the machine's clock, when the other was asked; it told `told_at` between then and
    now. Negative: behind. 0 for a clock that is moved by hand, which agrees with nobody's.
    """
    if not isinstance(clock, WallClock):
        return 0.0
    if told_at < asked_at:
        return (asked_at - told_at).total_seconds()
    return min(0.0, (clock.now() - told_at).total_seconds())


class SteppedClock:
    """A clock that stands still until it is moved; for tests and for simulated days."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment the clock was last set to."""
        return self._now

    def step(self, seconds: float) -> datetime:
        """Move by `seconds` (negative steps back) and return the new moment."""
        self._now += timedelta(seconds=seconds)
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to `moment`, an aware datetime."""
        self._now = moment.astimezone(UTC)


def seoul_day_start(now: datetime) -> datetime:
    """Return midnight of the Seoul calendar day that holds `now`, in UTC."""
    local = now.astimezone(SEOUL)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
