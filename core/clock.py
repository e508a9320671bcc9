"""The one place that asks what time it is; everything else is told."""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


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
