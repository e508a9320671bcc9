"""A machine whose own clock is wrong."""

from datetime import datetime, timedelta

from core.clock import WallClock


class WrongClock(WallClock):
    """The machine's own clock, off by so many seconds. Ahead where that is positive."""

    def __init__(self, off_by: float) -> None:
        self._off_by = timedelta(seconds=off_by)

    def now(self) -> datetime:
        """The time as this machine sees it."""
        return super().now() + self._off_by
