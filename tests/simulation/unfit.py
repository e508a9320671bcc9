"""Who must be offered nothing, and tries: by a lapsed certificate, in another role, or by none.

Nobody's dice but the world's own are thrown for them, and no figure counts them.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from core.database import Database
from counselors.roster import import_roster
from simulator.api_user import ApiUser, Server
from simulator.days import SEOUL
from simulator.exchange import Exchange
from tests.simulation.plan import Plan
from tests.simulation.staffing import HOLDS, PASSWORD, ROSTER_HEADER

TRIES_SECONDS = 1.0
"""Before anybody calls: companions are at work by then, and nobody was offered anything yet."""
LAPSED, PROMOTED, COMPANION = "lapsed", "promoted", "companion00"
READY = {"status": "ready"}


class Unfit:
    """Two seats beside the others, and a companion, who all say that they are ready.

    wrongs: of whom the server took that. One certificate ended yesterday; the other counselor is
    ready, and then the roster says that they supervise: they have left nothing but their role.
    """

    def __init__(self, exchange: Exchange, server: Server, plan: Plan) -> None:
        self.wrongs: list[str] = []
        self._exchange = exchange
        self._server = server
        self._plan = plan

    def come(
        self, database: Database, undisturbed: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Have them on the roster, and let each try once. undisturbed: while nobody else acts."""
        yesterday = self._plan.start.astimezone(SEOUL).date() - timedelta(days=1)
        self._enroll(database, _row(LAPSED, "counselor", str(yesterday)))
        self._enroll(database, _row(PROMOTED, "counselor", str(HOLDS)))
        at = self._exchange.kernel.at
        at(TRIES_SECONDS, lambda: self._try(LAPSED))
        at(TRIES_SECONDS, lambda: self._try(COMPANION))
        at(TRIES_SECONDS, lambda: self._promote(database, undisturbed))

    def _promote(
        self, database: Database, undisturbed: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Ready, and a supervisor before anybody could look: else the offer would be right."""
        with undisturbed():
            self._say_ready(PROMOTED)
            self._enroll(database, _row(PROMOTED, "supervisor", str(HOLDS)))

    def _enroll(self, database: Database, row: str) -> None:
        with database.transaction() as session:
            now = self._exchange.kernel.now()
            report = import_roster(session, f"{ROSTER_HEADER}\n{row}", now)
        assert not report.faults, report.faults

    def _try(self, login: str) -> None:
        if self._say_ready(login) < 400:
            self.wrongs.append(f"{login} may not be ready, and was taken at their word")

    def _say_ready(self, login: str) -> int:
        user = Applicant(
            self._exchange, self._server, login=login, password=PASSWORD, seed=f"unfit/{login}"
        )
        return user.say_ready()


class Applicant(ApiUser):
    """Somebody who signs in to say one thing."""

    def say_ready(self) -> int:
        """Say so, and return the status of the answer."""
        self._sign_in()
        return self._ask("PUT", "/me/presence", READY).status


def _row(login: str, role: str, until: str) -> str:
    certificate = f"social_worker_1,SW-1999-{login},{until},60"
    return f"{login},{login},{role},{PASSWORD},{certificate},,ko;en,tel:+82{_NUMBERS[login]}"


_NUMBERS = {LAPSED: "1058000001", PROMOTED: "1058000002"}
