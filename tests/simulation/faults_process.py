"""The web processes of a simulated stretch: each dies and comes back without its memory.

What a process knew by heart (bells, counters, the app itself) is gone when it dies; the database
is what all of them share.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Flask
from sqlalchemy import event

from app import create_app
from core.database import BRIEF_WAIT, Database
from core.services import EXTENSION, Services
from simulator.kernel import VirtualKernel
from simulator.transport import Failure, Outcome, Request
from simulator.transport_wsgi import WsgiTransport
from supervision.api import LATEST
from tests.simulation.commits import CommitPoints, Killed, Meddler, Nobody
from tests.simulation.repeats import SameAnswers

LOCK_MILLISECONDS_MAX = 5
"""In a race the first process stands still, so that a lock it holds will not be let go."""

_APPS: dict[int, Flask] = {}

Build = Callable[[Database], Services]
StartResponse = Callable[..., Any]


class Process:
    """One web process with its dispatcher and its worker; up or, for a while, down."""

    def __init__(
        self,
        number: int,
        database_url: str,
        build: Build,
        meddler: Meddler | None,
        *,
        is_raced: bool = False,
    ) -> None:
        """Start it. number: 0 for the first. meddler: None where nobody meddles with commits.

        is_raced: another process may stand still in the middle of a commit, and hold locks.
        """
        self.number = number
        self.is_up = True
        self.is_meddled_with = meddler is not None
        self._build = build
        self.database = Database(database_url, pool_size=3)
        if is_raced:
            event.listen(self.database.engine, "connect", _be_impatient)
        self.commits = CommitPoints(self.database, meddler or Nobody())
        self._start()

    def _start(self) -> None:
        self.services = self._build(self.database)
        self.app = _app_on(self.services, self.number)

    def die(self) -> None:
        """Lose everything that is not in the database."""
        self.is_up = False
        self.database.engine.dispose()

    def revive(self) -> None:
        """Come back as a new process would."""
        if not self.is_up:
            self.is_up = True
            self._start()


def _app_on(services: Services, number: int) -> Flask:
    """Return the app on `services`. Its routes are built once; a board's figures die with it."""
    if number not in _APPS:
        _APPS[number] = create_app(services)
    app = _APPS[number]
    app.extensions[EXTENSION] = services
    app.extensions.pop(LATEST, None)
    return app


def _be_impatient(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        for limit in ("lock_timeout", BRIEF_WAIT):
            cursor.execute(f"SET {limit} = {LOCK_MILLISECONDS_MAX}")
    connection.commit()


class Processes:
    """All web processes behind one address, as behind a proxy: whichever is up may be asked."""

    def __init__(self, held: Sequence[Process], choose: Callable[[int], int]) -> None:
        """choose: a number below the one it is given, to pick who answers a request."""
        self.held = list(held)
        self._choose = choose
        self._asked: Process = self.held[0]
        self.on_death: Callable[[Process], None] = lambda process: None

    @property
    def first(self) -> Process:
        """The process that is always there."""
        return self.held[0]

    def app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Let one of those that are up answer. Raises Killed where it died over it."""
        up = [process for process in self.held if process.is_up]
        if not up:
            raise Killed("nobody is up")
        self._asked = up[self._choose(len(up))] if len(up) > 1 else up[0]
        return self._asked.app(environ, start_response)

    @property
    def is_any_up(self) -> bool:
        """Tell whether anybody would answer."""
        return any(process.is_up for process in self.held)

    @property
    def makeshift(self) -> float:
        """How many turns were answered without the database, by those who live."""
        return sum(held.services.metrics.database_away._value.get() for held in self.held)

    def bury(self) -> None:
        """Whoever was asked last died over it."""
        self.on_death(self._asked)

    def close(self) -> None:
        """Let every connection go."""
        for process in self.held:
            process.database.close()
            process.commits.leave()


class ProcessTransport(WsgiTransport):
    """Webhooks to whichever process is up; a dying one breaks the connection."""

    def __init__(
        self,
        processes: Processes,
        kernel: VirtualKernel,
        latency_seconds: float,
        answers: SameAnswers,
    ) -> None:
        """Reach `processes`; a round trip takes `latency_seconds`. answers: holds them alike."""
        super().__init__(processes.app, kernel, latency_seconds)
        self._answers = answers
        self._processes = processes

    def call(self, request: Request) -> Outcome:
        """Call now; nobody there is a refused connection."""
        if not self._processes.is_any_up:
            return Failure("connect", "no process is up")
        makeshift = self._processes.makeshift
        self._answers.expect(request)
        try:
            outcome = super().call(request)
        except Killed as killed:
            self._processes.bury()
            return Failure("broken", f"the process died {killed}")
        if self._processes.makeshift == makeshift:
            self._answers.see(request, outcome)
        return outcome
