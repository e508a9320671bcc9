"""The real processes of a torture: PostgreSQL, Valkey, two webs, two workers, all killable.

A web or a worker that falls is started again after the rest that the systemd units give it, a
server at once. One thread starts everything, because the kernel ends a child with the thread that
started it.
"""

import base64
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.config import SIMULATED_SID
from core.database import Database
from core.embedded import EmbeddedPostgres, EmbeddedValkey
from core.launcher import Child
from core.schema import upgrade
from tests.databases import DATA_KEY
from tests.stranger import ROOT, free_port

RESTART_SECONDS = 0.5  # RestartSec of the units in deploy/
LOOK_SECONDS = 0.02
STOP_SECONDS_MAX = 30.0
START_SECONDS_MAX = 60.0
WEBS = ("web-0", "web-1")
WORKERS = ("worker-0", "worker-1")

# Talks last seconds here, so what looks after a lost one looks as often as it may.
LIMITS: Mapping[str, float] = {
    "wrap_seconds_max": 30,
    "decline_rest_seconds": 5,
    "wait_unheard_seconds_max": 30,
    "talk_check_seconds": 30,
    "menu_seconds_max": 30,
    "estimate_talk_seconds": 25,
    "announce_seconds": 10,
}


@dataclass
class Held:
    """One process that is kept: what starts it, and since when it is down."""

    name: str
    start: Callable[[], object]
    alive: Callable[[], bool]
    rest_seconds: float
    wanted: bool = True
    down_since: float | None = None
    falls: int = 0


@dataclass
class Machine:
    """Everything that runs on one machine.

    front: where the proxy before the webs listens. rest: where the exchange listens. limits: of
    the line's policy, beside LIMITS.
    """

    directory: Path
    front: int
    rest: int
    limits: Mapping[str, float] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=lambda: {name: free_port() for name in WEBS})
    unasked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.var = self.directory / "var"
        self.postgres, self.valkey = EmbeddedPostgres(self.var), EmbeddedValkey(self.var)
        self._held: dict[str, Held] = {}
        self._killed: set[int] = set()
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="machine")

    @property
    def changed(self) -> Mapping[str, float]:
        """The limits that are other than those of record, by the names of the policy."""
        return {**LIMITS, **self.limits}

    def start(self, prepare: Callable[[Database], None]) -> None:
        """Start all of it; `prepare` is handed the empty, migrated database before the webs come.

        Raises what went wrong.
        """
        self._prepare = prepare
        self._thread.start()
        self._ready.wait(START_SECONDS_MAX)
        if self._failed or not self._ready.is_set():
            self.stop()
            raise AssertionError(f"the machine did not start: {self._failed}")

    def stop(self) -> None:
        """End everything and wait."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS_MAX)

    # -- what may be done to it, from any thread -------------------------------------------------

    def pid(self, name: str) -> int:
        """Return the process id that `name` has or had last."""
        return int((self.var / f"{name}.pid").read_text())

    def kill(self, name: str) -> bool:
        """Kill -9 a web or worker; False where it was down already."""
        pid = self.pid(name)
        if not self._held[name].alive():
            return False
        self._killed.add(pid)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def crash_postgres(self) -> None:
        """Stop PostgreSQL as `pg_ctl stop -m immediate` does; it is started again at once."""
        pid = int((self.postgres.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)

    def stop_valkey(self) -> None:
        """Kill Valkey, and leave it down until `start_valkey`."""
        self._held["valkey"].wanted = False
        with suppress(ProcessLookupError):
            os.kill(self.pid("valkey"), signal.SIGKILL)

    def start_valkey(self) -> None:
        """Let Valkey come back, empty."""
        self._held["valkey"].wanted = True

    def up(self, names: tuple[str, ...]) -> list[str]:
        """Return those of `names` that run."""
        return [name for name in names if name in self._held and self._held[name].alive()]

    def answers(self, name: str) -> bool:
        """Tell whether a web takes connections at this moment."""
        try:
            with socket.create_connection(("127.0.0.1", self.ports[name]), timeout=0.2):
                return True
        except OSError:
            return False

    def starts(self) -> dict[str, int]:
        """Return how often each was started again."""
        return {held.name: held.falls for held in self._held.values()}

    # -- the thread that keeps it ----------------------------------------------------------------

    def _run(self) -> None:
        children: list[Child] = []
        try:
            children = self._bring_up()
            self._ready.set()
            while not self._stopping.wait(LOOK_SECONDS):
                for held in self._held.values():
                    self._look(held)
        except BaseException as failed:
            self._failed.append(failed)
            self._ready.set()
        finally:
            for name in self.up((*WEBS, *WORKERS)):
                self.kill(name)
            for child in children:
                child.stop()
            self.valkey.stop()
            self.postgres.stop()

    def _bring_up(self) -> list[Child]:
        url = self.postgres.start()
        self.valkey.start()
        upgrade(url)
        database = Database(url, pool_size=2)
        self._prepare(database)
        database.close()
        children = [self._child(name) for name in (*WEBS, *WORKERS)]
        for name, server in (("postgres", self.postgres), ("valkey", self.valkey)):
            self._held[name] = Held(name, server.start, server.alive, 0.0)
        for child in children:
            child.start()
            self._held[child.name] = Held(child.name, child.start, child.alive, RESTART_SECONDS)
        return children

    def _child(self, name: str) -> Child:
        program = ["app.py", "web"] if name in WEBS else ["worker.py"]
        command = [sys.executable, "-u", str(ROOT / program[0]), *program[1:]]
        return Child(name, command, self._environ(name), self.var, own_log=True)

    def _environ(self, name: str) -> dict[str, str]:
        policy = self.directory / "policy.toml"
        limits = [f"{limit} = {value}" for limit, value in self.changed.items()]
        policy.write_text("\n".join(limits), encoding="utf-8")
        given = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return given | {
            "HELPLINE_VAR": str(self.var),
            "HELPLINE_POLICY": str(policy),
            "PORT": str(self.ports.get(name, 0) or free_port()),
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{self.front}",
            "DATABASE_URL": f"{self.postgres.url()}&application_name={name}",
            "REDIS_URL": self.valkey.url(),
            "TWILIO_API_BASE_URL": f"http://127.0.0.1:{self.rest}",
            "TWILIO_ACCOUNT_SID": "AC" + SIMULATED_SID,
            "TWILIO_AUTH_TOKEN": SIMULATED_SID,
            "SECRET_KEY": "a tortured machine's cookie-signing key, long enough",
            "DATA_KEYS": base64.urlsafe_b64encode(DATA_KEY).decode(),
            "PYTHONPATH": str(ROOT),
        }

    def _look(self, held: Held) -> None:
        """Start again what fell, when it has rested; note what fell without being killed."""
        if held.alive() or not held.wanted:
            held.down_since = None
            return
        moment = time.monotonic()
        if held.down_since is None:
            held.down_since = moment
            if held.name in (*WEBS, *WORKERS) and self.pid(held.name) not in self._killed:
                self.unasked.append(f"{held.name} fell by itself")
        if moment - held.down_since >= held.rest_seconds:
            held.start()
            held.falls += 1
            held.down_since = None
