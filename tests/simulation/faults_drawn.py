"""What goes wrong in a simulated stretch, drawn from the seed: each kind by dice of its own.

So a kind that is switched off leaves the dice of the others where they were. Faults end with the
stretch; then everything must come to rest.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import psycopg

from simulator.kernel import VirtualKernel
from simulator.transport import Done, Fate, Request, Response, Transport
from tests.simulation.commits import Killed, cut, report_lost
from tests.simulation.faults import Faults
from tests.simulation.faults_process import Process
from tests.simulation.wires import KernelClock

EVENTS = frozenset({"/ivr/status", "/ivr/conference", "/ivr/leg", "/ivr/reach-leg"})
DELAY_SECONDS = (1.0, 20.0)
REORDER_SECONDS = (0.05, 1.5)
DISK_FULL_SECONDS = (1.0, 15.0)
REDIS_GONE_SECONDS = (5.0, 60.0)
REST_AWAY_SECONDS = (10.0, 120.0)
STEP_SECONDS = (-240.0, 240.0)
RESTART_SECONDS = (0.2, 4.0)
SLOW_SECONDS = 0.5
EXCUSED_SECONDS = 3.0
SWEEP_SECONDS = 1.0
STILL_SECONDS = 21.0  # beyond the policy's lease of an order
HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Mishap:
    """One fault that was put in, for the story."""

    at: datetime
    kind: str
    what: str


class Misfortune:
    """Decides at each occasion. Is the Meddler of every process, through `meddler_of`."""

    def __init__(
        self,
        faults: Faults,
        seed: int,
        kernel: VirtualKernel,
        clock: KernelClock,
        watcher: psycopg.Connection | None,
    ) -> None:
        """watcher: a connection of the simulation's own that may end others."""
        self.faults = faults
        self.mishaps: list[Mishap] = []
        self.refused: list[Mishap] = []
        """Requests of ours that the carrier did not take in time, whatever kept it from it."""
        self.race: Callable[[Process], None] = lambda process: None
        self.wake_all: Callable[[], None] = lambda: None
        self._kernel = kernel
        self._clock = clock
        self._watcher = watcher
        self._dice = {kind: random.Random(f"{seed}/faults/{kind}") for kind in faults.kinds()}
        self._restart_dice = random.Random(f"{seed}/faults/restart")
        self._proxy_dice = random.Random(f"{seed}/faults/proxy")
        self._until = kernel.now()
        self._disk_full_until = kernel.now()
        self._redis_gone_until = kernel.now()
        self._rest_away_until = kernel.now()
        self._right_at = kernel.now()
        self._excused_until = kernel.now()
        self._slow_ring_until = kernel.now()
        self._cut_at: datetime | None = None
        self.is_racing = False
        self.asker: Process | None = None
        """Who asks the carrier now."""

    # -- when ----------------------------------------------------------------------------------

    def begin(self, until: datetime) -> None:
        """Let faults happen up to `until`."""
        self._until = until
        hours = (until - self._kernel.now()).total_seconds() / HOUR_SECONDS
        for kind, happen in (
            ("disk_full", self._fill_disk),
            ("redis_gone", self._stop_redis),
            ("rest_away", self._lose_rest),
            ("clock_stepped", self._step_clock),
        ):
            for _ in range(self._count(kind, hours)):
                at = self._dice[kind].uniform(0, hours * HOUR_SECONDS)
                self._kernel.at(at, happen)
        if self.faults.clock_stepped:
            self._kernel.at(hours * HOUR_SECONDS, self._set_clock_right)

    def _count(self, kind: str, hours: float) -> int:
        """How many of a kind: the whole part for sure, the rest by chance."""
        rate = getattr(self.faults, kind) * hours
        return int(rate) + (self._draw(kind) < rate % 1) if rate else 0

    @property
    def is_on(self) -> bool:
        """Tell whether faults still happen."""
        return self._kernel.now() < self._until

    @property
    def is_excused(self) -> bool:
        """Tell whether a process may be late: it was down, stopped or told a wrong time."""
        return self._kernel.now() < max(self._excused_until, self._disk_full_until)

    def excuse(self, seconds: float = EXCUSED_SECONDS) -> None:
        """From now on, for so long, a sweep may have been missed."""
        until = self._kernel.now() + timedelta(seconds=seconds)
        self._excused_until = max(self._excused_until, until)

    def restart_seconds(self) -> float:
        """How long a dead process stays down."""
        seconds = self._restart_dice.uniform(*RESTART_SECONDS)
        self.excuse(seconds + EXCUSED_SECONDS)
        return seconds

    def choose(self, count: int) -> int:
        """Which of so many processes answers."""
        return self._proxy_dice.randrange(count)

    def note(self, kind: str, what: str) -> None:
        """Write a fault down for the story."""
        self.mishaps.append(Mishap(self._kernel.now(), kind, what))

    def refuse(self, what: str) -> None:
        """Write down that the carrier did not take a request of ours."""
        self.refused.append(Mishap(self._kernel.now(), "refused", what))

    def happens(self, kind: str, what: str = "") -> bool:
        """Draw whether `kind` happens now, and note it."""
        rate = getattr(self.faults, kind)
        if rate <= 0 or self._kernel.now() >= self._until:
            return False
        if self._draw(kind) >= rate:
            return False
        self.note(kind, what)
        return True

    def _draw(self, kind: str) -> float:
        return self._dice[kind].random()

    # -- what lasts ----------------------------------------------------------------------------

    def _fill_disk(self) -> None:
        seconds = self._dice["disk_full"].uniform(*DISK_FULL_SECONDS)
        self.note("disk_full", f"for {seconds:.0f} s")
        self._disk_full_until = self._kernel.now() + timedelta(seconds=seconds)
        self._kernel.at(seconds, self._free_disk)

    def _free_disk(self) -> None:
        self.excuse()
        self.wake_all()

    def _stop_redis(self) -> None:
        seconds = self._dice["redis_gone"].uniform(*REDIS_GONE_SECONDS)
        self.note("redis_gone", f"for {seconds:.0f} s")
        self._redis_gone_until = self._kernel.now() + timedelta(seconds=seconds)

    def _lose_rest(self) -> None:
        seconds = self._dice["rest_away"].uniform(*REST_AWAY_SECONDS)
        self.note("rest_away", f"for {seconds:.0f} s")
        until = self._kernel.now() + timedelta(seconds=seconds)
        self._rest_away_until = max(self._rest_away_until, until)

    def is_rest_away(self) -> bool:
        """Tell whether the carrier takes none of our requests now."""
        return self._kernel.now() < min(self._rest_away_until, self._until)

    @property
    def may_move_since(self) -> datetime:
        """Since when, or from when on, nothing of this keeps a caller from being moved.

        What was due by a clock that was ahead comes due only when the right one is there.
        """
        return max(self._right_at, min(self._rest_away_until, self._until))

    def let_ring_late(self, ring: Callable[[], object]) -> None:
        """Ring when nobody waits for it any more.

        No clock is set until then, or what asks again after a second would not wait it out.
        """
        self._slow_ring_until = self._kernel.now() + timedelta(seconds=SLOW_SECONDS)
        self._kernel.at(SLOW_SECONDS, ring)

    def _step_clock(self) -> None:
        if self.is_on:
            self._set_clock(self._dice["clock_stepped"].uniform(*STEP_SECONDS))

    def _set_clock_right(self) -> None:
        self._set_clock(0.0)

    def _set_clock(self, seconds: float) -> None:
        pending = (self._slow_ring_until - self._kernel.now()).total_seconds()
        if pending > 0:
            self._kernel.at(pending, partial(self._set_clock, seconds))
            return
        self.note("clock_stepped", f"{seconds:+.0f} s from the truth")
        put_back = max(self._clock.off_by - timedelta(seconds=seconds), timedelta())
        self._right_at = max(self._right_at, self._kernel.now() + put_back)
        self._clock.off_by = timedelta(seconds=seconds)
        self.excuse()
        self.wake_all()

    def is_redis_gone(self) -> bool:
        """Tell whether rings go nowhere now."""
        return self._kernel.now() < min(self._redis_gone_until, self._until)

    def loses_ring(self) -> bool:
        """Tell whether one ring of a doorbell is lost."""
        return self.is_redis_gone() or self.happens("ring_lost")

    # -- commits -------------------------------------------------------------------------------

    def is_disk_full(self) -> bool:
        """Tell whether the database can't write now."""
        return self._kernel.now() < min(self._disk_full_until, self._until)

    def before_commit(self, process: Process, connection: psycopg.Connection) -> None:
        """Perhaps race it, kill it or cut its connection; each on its own dice."""
        if self.is_racing:
            return
        if self.happens("second_process", "looks the line over before a commit"):
            self._let_race(process)
        if self.happens("killed_before_commit", f"process {process.number}"):
            raise Killed("before a commit")
        if self.happens("cut_before_commit", f"process {process.number}"):
            self._cut(connection)

    def after_commit(self, process: Process, connection: psycopg.Connection) -> None:
        """The same, when it has happened and nobody knows yet."""
        if self.is_racing:
            return
        if self.happens("second_process", "looks the line over after a commit"):
            self._let_race(process)
        if self.happens("killed_after_commit", f"process {process.number}"):
            raise Killed("after a commit")
        if self.happens("cut_after_commit", f"process {process.number}"):
            self._cut(connection)
            report_lost(connection)

    @property
    def was_cut(self) -> bool:
        """Tell whether a connection was ended at this moment."""
        return self._cut_at == self._kernel.now()

    def _cut(self, connection: psycopg.Connection) -> None:
        assert self._watcher is not None
        self.excuse()
        self._cut_at = self._kernel.now()
        cut(self._watcher, connection)
        self._kernel.at(SWEEP_SECONDS, self.wake_all)  # nobody rings for what was cut off

    def _let_race(self, process: Process) -> None:
        with self.undisturbed():
            self.race(process)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let no process die, be cut or be raced at a commit meanwhile."""
        was_racing, self.is_racing = self.is_racing, True
        try:
            yield
        finally:
            self.is_racing = was_racing

    def let_overtake(self, what: str) -> None:
        """Perhaps whoever asked stands still beyond the lease, and another takes the order."""
        if self.is_racing or self.asker is None or self._kernel.now() < self._slow_ring_until:
            return
        if not self.happens("rest_overtaken", what):
            return
        self.excuse()
        right = self._clock.off_by
        self._clock.off_by = right + timedelta(seconds=STILL_SECONDS)
        try:
            self._let_race(self.asker)
        finally:
            self._clock.off_by = right

    # -- the carrier's requests ----------------------------------------------------------------

    def fate_of(self, request: Request) -> Fate:
        """What becomes of one webhook on its way."""
        path = urlsplit(request.url).path
        if self.happens("webhook_lost", path):
            return Fate(deliveries=())
        deliveries = [0.0]
        if self.happens("webhook_delayed", path):
            deliveries[0] = self._dice["webhook_delayed"].uniform(*DELAY_SECONDS)
        elif self.happens("webhook_reordered", path):
            deliveries[0] = self._dice["webhook_reordered"].uniform(*REORDER_SECONDS)
        if self.happens("webhook_duplicated", path):
            deliveries.append(self._dice["webhook_duplicated"].uniform(*REORDER_SECONDS))
        return Fate(tuple(deliveries), answer_lost=self.happens("answer_lost", path))


class MeddlerOf:
    """Misfortune as one process meets it."""

    def __init__(self, misfortune: Misfortune) -> None:
        """For a process that is named later, since it needs this to be made."""
        self.process: Process | None = None
        self._misfortune = misfortune

    def before_commit(self, connection: psycopg.Connection) -> None:
        """See commits.Meddler."""
        if self.process is not None:
            self._misfortune.before_commit(self.process, connection)

    def after_commit(self, connection: psycopg.Connection) -> None:
        """See commits.Meddler."""
        if self.process is not None:
            self._misfortune.after_commit(self.process, connection)

    def is_disk_full(self) -> bool:
        """See commits.Meddler."""
        return self._misfortune.is_disk_full()


class ForgetfulTransport:
    """A carrier that thinks it told of an event and never sent it."""

    def __init__(self, inner: Transport, kernel: VirtualKernel, misfortune: Misfortune) -> None:
        """Wrap `inner`."""
        self._inner = inner
        self._kernel = kernel
        self._misfortune = misfortune

    def request(self, request: Request, done: Done) -> None:
        """Send it, or only say so; see Transport."""
        path = urlsplit(request.url).path
        if path in EVENTS and self._misfortune.happens("event_never_sent", path):
            self._kernel.at(0.0, lambda: done(Response(204, {}, b"")))
            return
        self._inner.request(request, done)
