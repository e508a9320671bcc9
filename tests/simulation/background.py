"""The application's own background in a simulated world: its dispatcher and its worker.

They get their turn after each event. Ticks that could change nothing are left out, as `Watch`
tells, unless `every_tick` is set.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.services import Services
from core.work import InlineWork
from ivr.carrier import TwilioCarrier
from ivr.carry_out import carry_out
from ivr.dispatcher import CARRY_OUT, tick
from ivr.spoken import page
from simulator.kernel import Timer, VirtualKernel
from tests.simulation.dues import Dues, Watch

SETTLE_ROUNDS_MAX = 200


class Background:
    """Ticks when something changed, when something is due, and not otherwise."""

    def __init__(
        self,
        kernel: VirtualKernel,
        services: Callable[[], Services],
        carrier: TwilioCarrier,
        watch: Watch,
        *,
        every_tick: bool,
    ) -> None:
        """services: the process that runs now; it may be another after a restart."""
        self.ticks = 0
        self._kernel = kernel
        self._services = services
        self._carrier = carrier
        self._watch = watch
        self._every_tick = every_tick
        self._grid = kernel.now()
        self._seen = (0, 0)
        self._is_due = False
        self._alarm: Timer | None = None
        self._alarm_at: datetime | None = None
        kernel.after_each.append(self.settle)

    def settle(self) -> None:
        """Let the dispatcher and the worker do what the last event gave them, until quiet."""
        if self._rings() == self._seen and not self._is_due:
            return
        self._is_due = False
        for _ in range(SETTLE_ROUNDS_MAX):
            self._seen = self._rings()
            found = self._watch.dues()
            if not (self._every_tick or found.now(self._kernel.now())):
                self._set_alarm(found)
                return
            before, _ = self._rings()
            self._tick()
            self._seen = self._rings()  # a tick always rings for the board
            if self._seen[0] == before:
                self._set_alarm(self._watch.dues())
                return
        raise AssertionError("the application never comes to rest")

    def _rings(self) -> tuple[int, int]:
        """How often the line changed, and the board, which shows promises too."""
        live = self._services().live
        return live.seen("line"), live.seen("board")

    def _tick(self) -> None:
        held = self._services()
        tick(held)
        self.ticks += 1
        assert isinstance(held.work, InlineWork)
        for ring in held.work.take():
            assert ring.job == CARRY_OUT, ring.job
            carry_out(held, self._carrier, page(held), ring.subject_id)

    def _set_alarm(self, found: Dues) -> None:
        """Tick next when a tick can change something, on the dispatcher's own grid of seconds."""
        now = self._kernel.now()
        soon = now + timedelta(milliseconds=1)
        due = soon if self._every_tick else found.next(soon)
        if due is None:
            self._cancel_alarm()
            return
        sweep = self._services().policy.sweep_seconds
        past = max(due, soon) - self._grid
        at = self._grid + timedelta(seconds=-(-past.total_seconds() // sweep) * sweep)
        if at != self._alarm_at:
            self._cancel_alarm()
            self._alarm_at = at
            self._alarm = self._kernel.at((at - now).total_seconds(), self._ring_alarm)

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at = None, None

    def _ring_alarm(self) -> None:
        self._alarm, self._alarm_at = None, None
        self._is_due = True
