"""The exchange's two clocks: a virtual one that jumps to the next event, and the wall's."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

Action: TypeAlias = Callable[[], None]


class Timer(Protocol):
    """Something that will happen, until it is cancelled."""

    def cancel(self) -> None:
        """Make it never happen; harmless when it already has."""


class Kernel(Protocol):
    """Tells the time and runs things later; every event of one exchange runs on one thread."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def at(self, delay_seconds: float, action: Action) -> Timer:
        """Run `action` after `delay_seconds` (negative counts as 0)."""

    def post(self, action: Action) -> None:
        """Run `action` as soon as possible; may be called from any thread."""


class _VirtualTimer:
    """One entry of the virtual clock's heap."""

    __slots__ = ("action",)

    def __init__(self, action: Action) -> None:
        self.action: Action | None = action

    def cancel(self) -> None:
        self.action = None


class VirtualKernel:
    """A clock that stands still until told to go on, and then jumps from event to event.

    Events of equal time run in the order they were scheduled, so the same program gives the same
    story on every run. `after_each` holds hooks that run after each event: there the
    application's background work gets its turn.
    """

    def __init__(self, start: datetime) -> None:
        """Stand at `start`, an aware datetime."""
        if start.tzinfo is None:
            raise ValueError("VirtualKernel needs an aware start time; give it tzinfo=UTC.")
        self._start = start.astimezone(UTC)
        self._elapsed_seconds = 0.0
        self._count = 0
        self._heap: list[tuple[float, int, _VirtualTimer]] = []
        self.after_each: list[Action] = []

    def now(self) -> datetime:
        """The present virtual instant."""
        return self._start + timedelta(seconds=self._elapsed_seconds)

    def at(self, delay_seconds: float, action: Action) -> Timer:
        """Schedule `action`; see Kernel."""
        timer = _VirtualTimer(action)
        self._count += 1
        when = self._elapsed_seconds + max(0.0, delay_seconds)
        heapq.heappush(self._heap, (when, self._count, timer))
        return timer

    def post(self, action: Action) -> None:
        """Schedule `action` for the present instant, after what is already due."""
        self.at(0.0, action)

    def next_at(self) -> datetime | None:
        """When the next event is due; None if nothing is."""
        self._drop_cancelled()
        if not self._heap:
            return None
        return self._start + timedelta(seconds=self._heap[0][0])

    def run_next(self) -> bool:
        """Jump to the next event and run it; False when there is none."""
        self._drop_cancelled()
        if not self._heap:
            return False
        when, _, timer = heapq.heappop(self._heap)
        self._elapsed_seconds = max(self._elapsed_seconds, when)
        action, timer.action = timer.action, None
        if action is not None:
            action()
        for hook in self.after_each:
            hook()
        return True

    def run_until(self, moment: datetime) -> None:
        """Run every event up to and including `moment`, then stand at `moment`."""
        limit = (moment - self._start).total_seconds()
        while True:
            self._drop_cancelled()
            if not self._heap or self._heap[0][0] > limit:
                break
            self.run_next()
        self._elapsed_seconds = max(self._elapsed_seconds, limit)

    def run_for(self, seconds: float) -> None:
        """Run every event of the next `seconds`."""
        self.run_until(self.now() + timedelta(seconds=seconds))

    def _drop_cancelled(self) -> None:
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)


class LoopKernel:
    """The wall clock on an asyncio loop; the exchange's state lives on that loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Use `loop`, or else the loop that is running when the kernel is first asked."""
        self._loop = loop

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop everything runs on."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def now(self) -> datetime:
        """The wall's time."""
        return datetime.now(UTC)

    def at(self, delay_seconds: float, action: Action) -> Timer:
        """Schedule `action` on the loop; to be called on the loop's thread."""
        return self.loop.call_later(max(0.0, delay_seconds), action)

    def post(self, action: Action) -> None:
        """Schedule `action` on the loop, from any thread."""
        self.loop.call_soon_threadsafe(action)
