"""One process's own background in a simulated world: its dispatcher and its worker.

It gets its turn after each event. Ticks that could change nothing are left out, as `Watch` tells,
unless `every_tick` is set.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import DatabaseAway
from core.services import Services
from core.work import InlineWork
from ivr import clean_up
from ivr.carrier import TwilioCarrier
from ivr.carry_out import carry_out
from ivr.dispatcher import CARRY_OUT, ORDERS_A_TICK_MAX, UNTAKEN_SECONDS, tick
from ivr.spoken import page
from routing import records
from simulator.kernel import Timer, VirtualKernel
from tests.simulation.commits import Killed
from tests.simulation.dues import Dues, Watch
from tests.simulation.faults_database import explains
from tests.simulation.faults_drawn import Misfortune
from tests.simulation.faults_process import Process

SETTLE_ROUNDS_MAX = 200
SETTLED = ("done", "failed", "dropped")


class Background:
    """Ticks when something changed, when something is due, and not otherwise."""

    def __init__(
        self,
        kernel: VirtualKernel,
        process: Process,
        carrier: TwilioCarrier,
        watch: Watch,
        misfortune: Misfortune,
        *,
        every_tick: bool,
        on_death: Callable[[Process], None],
    ) -> None:
        """process: may die in the middle of a tick; on_death is told. misfortune: what rings and
        commits suffer."""
        self.settled: Counter[uuid.UUID] = Counter()
        self.outcomes: Counter[str] = Counter()
        self._kernel = kernel
        self._process = process
        self._carrier = carrier
        self._watch = watch
        self._misfortune = misfortune
        self._every_tick = every_tick
        self._on_death = on_death
        self._grid = kernel.now()
        self._seen = (0, 0)
        self._written = 0
        self._is_due = False
        self._alarm: Timer | None = None
        self._alarm_at: datetime | None = None
        kernel.after_each.append(self.settle)

    @property
    def _services(self) -> Services:
        return self._process.services

    def wake(self) -> None:
        """Look the line over after the present event: the process began, or the clock jumped."""
        self._is_due = True

    def settle(self) -> None:
        """Let the dispatcher and the worker do what the last event gave them, until quiet."""
        if not self._process.is_up:
            return
        if not self._is_due and self._rings() == self._seen:
            self._see_what_nobody_rang_for()
            return
        if not self._is_due and self._misfortune.loses_ring():
            self._seen = self._rings()
            self._misfortune.excuse()
            self._set_alarm_at(self._now())
            return
        self._is_due = False
        for _ in range(SETTLE_ROUNDS_MAX):
            self._seen = self._rings()
            found = self._watch.dues()
            if not (self._every_tick or found.now(self._now())):
                self._set_alarm(found)
                return
            before, _ = self._rings()
            if not self._survives(self._tick):
                return
            self._seen = self._rings()  # a tick always rings for the board
            if self._seen[0] == before:
                self._set_alarm(self._watch.dues())
                return
        raise AssertionError("the application never comes to rest")

    def _see_what_nobody_rang_for(self) -> None:
        """A commit whose answer was lost is repeated, and then rings no bell."""
        written = self._process.commits.written
        if self._process.is_meddled_with and written != self._written:
            self._written = written
            self._set_alarm(self._watch.dues())

    def _rings(self) -> tuple[int, int]:
        """How often the line changed, and the board, which shows promises too."""
        live = self._services.live
        return live.seen("line"), live.seen("board")

    def race(self) -> None:
        """Tick in the middle of another process's commit, as if at the same moment."""
        if self._process.is_up:
            self._survives(self._tick)

    def tidy(self) -> None:
        """Do the job that the dispatcher rings for when something is past its time."""
        if self._process.is_up:
            self._survives(self._remove_what_is_old)

    def _remove_what_is_old(self) -> None:
        held = self._services
        with held.database.transaction() as session:
            clean_up.clean_up(session, held.clock.now(), held.policy)

    def _now(self) -> datetime:
        """The time as the application sees it."""
        return self._services.clock.now()

    def _survives(self, work: Callable[[], None]) -> bool:
        """Do `work`; False where the process died over it.

        A database that can't be used is passed over, as the dispatcher does, but only while
        faults make it so.
        """
        try:
            work()
        except Killed:
            self._on_death(self._process)
            return False
        except (DatabaseAway, DBAPIError, PoolTimeout) as fault:
            self._pass_over(fault)
        return True

    def _pass_over(self, fault: Exception) -> None:
        """Go on as the dispatcher does, where faults explain it."""
        if not explains(self._misfortune, fault):
            raise fault
        self._misfortune.excuse()

    def _tick(self) -> None:
        held = self._services
        tick(held)
        assert isinstance(held.work, InlineWork)
        for ring in held.work.take():
            assert ring.job == CARRY_OUT, ring.job
            if not self._misfortune.loses_ring():
                self._carry_out(ring.subject_id)
        if self._misfortune.faults.kinds():
            self._carry_untaken()

    def _carry_untaken(self) -> None:
        """What each web process does with orders that Redis or the workers left lying."""
        before = self._now() - timedelta(seconds=UNTAKEN_SECONDS)
        with self._process.database.reading() as session:
            due = records.due_orders(session, before, ORDERS_A_TICK_MAX)
        for order_id in due:
            self._carry_out(order_id)

    def _carry_out(self, order_id: uuid.UUID) -> None:
        """Each order apart, as in a worker's job: where one fails, its lease runs out."""
        held = self._services
        self._misfortune.asker = self._process
        try:
            outcome = carry_out(held, self._carrier, page(held), order_id)
            self.settled[order_id] += outcome in SETTLED
            self.outcomes[outcome] += 1
        except (DatabaseAway, DBAPIError, PoolTimeout) as fault:
            self._pass_over(fault)

    def _set_alarm(self, found: Dues) -> None:
        """Tick next when a tick can change something, on the dispatcher's own grid of seconds."""
        soon = self._now() + timedelta(milliseconds=1)
        due = soon if self._every_tick else found.next(soon)
        if due is None:
            self._cancel_alarm()
            return
        self._set_alarm_at(due)

    def _set_alarm_at(self, due: datetime) -> None:
        """due: by the application's clock."""
        now = self._kernel.now()
        soon = now + timedelta(milliseconds=1)
        sweep = self._services.policy.sweep_seconds
        past = max(due - (self._now() - now), soon) - self._grid
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
