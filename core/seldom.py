"""Lets a thing be said at most once in so many seconds, and counts what was left unsaid."""

import threading
import time
from collections.abc import Callable


class Seldom:
    """One thing that may happen a thousand times a second and is worth one line. seconds: between.

    clock: monotonic seconds. Threads may share one.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._unsaid = 0

    def now(self) -> int | None:
        """Return None where it is too soon, else how often it was left unsaid since the last."""
        with self._lock:
            if self._clock() < self._next:
                self._unsaid += 1
                return None
            unsaid, self._unsaid = self._unsaid, 0
            self._next = self._clock() + self._seconds
            return unsaid
