"""Kills at seeded moments: some at random, the others aimed close around the commits of the flow.

The seed gives the order of kills, aims and outages; when each falls depends on the machine.
"""

import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import redis

from tests.torture.exchange import process_at
from tests.torture.machine import WEBS, WORKERS, Machine
from tests.torture.windows import TABLES, Watch, Writing

AIM_SHARE = 0.9  # of the time between two kills; without a target by then, it falls at random
WISH_SHARE = 0.5  # of that, so long the table hit least so far is waited for
LOOK_SECONDS = 0.001
IN_FLIGHT_SECONDS_MAX = 0.03


class Aim(StrEnum):
    """Where a kill is to fall."""

    RANDOM = "any moment"
    BEFORE_COMMIT = "in a transaction that has written"
    AFTER_COMMIT = "just after such a transaction"
    ORDER_ASKED = "the carrier asked, nothing done yet"
    ORDER_DONE = "the carrier did it, the answer on its way"
    WEBHOOK = "a webhook in its hands"
    CHANGE = "a change of the API in its hands"


class Outage(StrEnum):
    """What else befalls the machine."""

    FLUSHED = "Valkey emptied"
    STOPPED = "Valkey stopped"
    CRASHED = "PostgreSQL stopped at once and started"
    BOTH = "both webs killed at once"


AIMS = (Aim.RANDOM, *Aim)  # a quarter at random
CHANGES = ("/accept", "/end", "/outcome", "/call", "/presence")


@dataclass(frozen=True)
class Course:
    """How many kills over how many seconds; one outage, of each kind in turn, for so many kills;
    how long a stopped Valkey stays away, in seconds."""

    seed: int
    kills: int
    seconds: float
    outage_every: int
    outages: tuple[Outage, ...]
    valkey_seconds: tuple[float, float]


@dataclass(frozen=True)
class Kill:
    """One kill: when (UTC), whom, where it was aimed, where it fell, what stood open then."""

    at: datetime
    victim: str
    aim: Aim
    fell: Aim
    tables: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()


@dataclass
class Told:
    """What was done so far."""

    kills: list[Kill] = field(default_factory=list)
    outages: list[tuple[datetime, Outage]] = field(default_factory=list)


@dataclass
class _Armed:
    """A kill that the loop's thread carries out when its moment comes."""

    aim: Aim
    done: threading.Event = field(default_factory=threading.Event)
    victim: str = ""


class Killer:
    """A thread that does the kills of a course, one after the other."""

    def __init__(self, machine: Machine, watch: Watch, course: Course) -> None:
        self.told = Told()
        self.faults: list[str] = []
        self._machine, self._watch = machine, watch
        self._rng = random.Random(f"{course.seed}/kills")
        self._course, self._gap = course, course.seconds / max(1, course.kills)
        self._aim_seconds = self._gap * AIM_SHARE
        self._armed: _Armed | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer")
        self._valkey_back_at: float | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Kill no more; Valkey may come back."""
        self._stopping.set()
        self._thread.join()
        self._watch.close()
        self._machine.start_valkey()

    @property
    def is_over(self) -> bool:
        """Whether every kill of the plan has fallen."""
        return not self._thread.is_alive()

    # -- on the loop's thread --------------------------------------------------------------------

    def step_in(self, moment: str, port: int) -> None:
        """The exchange was asked something over REST, or has done it."""
        armed = self._armed
        wanted = Aim.ORDER_ASKED if moment == "asked" else Aim.ORDER_DONE
        if armed is None or armed.aim is not wanted or armed.done.is_set():
            return
        names = self._machine.up((*WEBS, *WORKERS))
        victim = process_at(port, {name: self._machine.pid(name) for name in names})
        if victim is not None and self._strike(victim):
            armed.victim = victim
            armed.done.set()

    def passed(self, name: str, path: str) -> None:
        """A request goes to a web."""
        armed = self._armed
        if armed is None or armed.done.is_set():
            return
        is_webhook = path.startswith("/ivr/")
        is_change = path.startswith("/api/") and path.endswith(CHANGES)
        is_aimed_at = is_webhook if armed.aim is Aim.WEBHOOK else is_change
        if armed.aim in (Aim.WEBHOOK, Aim.CHANGE) and is_aimed_at and self._may_fall(name):
            armed.victim = name
            armed.done.set()

    def _may_fall(self, name: str) -> bool:
        """A web falls while the other one answers, so that the machine's pace does not decide
        whether there is a line at all; both at once is an outage of its own."""
        others = [web for web in WEBS if web != name]
        return name in WORKERS or any(self._machine.answers(web) for web in others)

    def _strike(self, name: str) -> bool:
        return self._may_fall(name) and self._machine.kill(name)

    # -- on the killer's own ---------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._carry_out()
        except Exception as fault:  # told as a finding, or the plan would end unseen
            self.faults.append(f"the killer itself: {fault!r}")

    def _carry_out(self) -> None:
        began = time.monotonic()
        for number in range(self._course.kills):
            due = began + self._gap * (number + self._rng.uniform(0.5, 1.5))
            every = self._course.outage_every
            outage = number % every == every // 2
            aim = self._rng.choice(AIMS)
            victim = self._rng.choice((*WEBS, *WORKERS))
            lead = 0.0 if aim is Aim.RANDOM else self._aim_seconds * 0.75
            while time.monotonic() < due - lead:
                if self._stopping.wait(0.05):
                    return
                self._mind_valkey()
            if outage:
                self._outage()
            self._kill(aim, victim)
        while self._valkey_back_at is not None and not self._stopping.wait(0.05):
            self._mind_valkey()

    def _kill(self, aim: Aim, victim: str) -> None:
        fell, tables = aim, frozenset[str]()
        if aim in (Aim.BEFORE_COMMIT, Aim.AFTER_COMMIT):
            hit = self._at_commit(aim)
            victim, tables = (hit.who, hit.tables) if hit else (victim, tables)
            fell = aim if hit else Aim.RANDOM
        elif aim is not Aim.RANDOM:
            found = self._at_request(aim)
            victim, fell = (found, aim) if found else (victim, Aim.RANDOM)
        at = datetime.now(UTC)
        if fell is Aim.RANDOM:
            victim = self._kill_any(victim)
        stood = frozenset(name for name, count in self._watch.open().items() if count)
        self.told.kills.append(Kill(at, victim, aim, fell, tables, stood))

    def _kill_any(self, victim: str) -> str:
        """Kill `victim`, or whichever is up; wait for one where all are down."""
        while not self._stopping.is_set():
            for name in (victim, *WEBS, *WORKERS):
                if self._strike(name):
                    return name
            time.sleep(0.02)
        return victim

    def _at_commit(self, aim: Aim) -> Writing | None:
        """Kill a process at a transaction of its own; None where none came in time."""
        hit = Counter(table for kill in self.told.kills for table in kill.tables)
        wish = min(TABLES, key=lambda table: hit[table])
        began = time.monotonic()
        seen: dict[int, Writing] = {}
        while time.monotonic() < began + self._aim_seconds and not self._stopping.is_set():
            is_picky = time.monotonic() < began + self._aim_seconds * WISH_SHARE
            now = {each.backend: each for each in self._watch.writing((*WEBS, *WORKERS))}
            over = [each for backend, each in seen.items() if backend not in now]
            for each in now.values() if aim is Aim.BEFORE_COMMIT else over:
                if (wish in each.tables or not is_picky) and self._strike(each.who):
                    return each
            seen = now
            time.sleep(LOOK_SECONDS)
        return None

    def _at_request(self, aim: Aim) -> str | None:
        """Kill who has a request in hand; None where none came in time."""
        armed = self._armed = _Armed(aim)
        came = armed.done.wait(self._aim_seconds)
        self._armed = None
        if not came:
            return None
        if aim in (Aim.WEBHOOK, Aim.CHANGE):
            time.sleep(self._rng.uniform(0, IN_FLIGHT_SECONDS_MAX))
            return armed.victim if self._strike(armed.victim) else None
        return armed.victim

    def _outage(self) -> None:
        """Each kind in turn."""
        kinds = self._course.outages
        outage = kinds[len(self.told.outages) % len(kinds)]
        self.told.outages.append((datetime.now(UTC), outage))
        if outage is Outage.CRASHED:
            self._machine.crash_postgres()
        elif outage is Outage.STOPPED:
            self._machine.stop_valkey()
            self._valkey_back_at = time.monotonic() + self._rng.uniform(
                *self._course.valkey_seconds
            )
        elif outage is Outage.BOTH:
            for web in WEBS:
                self._machine.kill(web)
        elif self._valkey_back_at is None:
            with (
                suppress(redis.RedisError),  # it is coming back at this moment, and so empty
                redis.Redis.from_url(self._machine.valkey.url()) as client,
            ):
                client.flushall()

    def _mind_valkey(self) -> None:
        if self._valkey_back_at is not None and time.monotonic() >= self._valkey_back_at:
            self._valkey_back_at = None
            self._machine.start_valkey()
