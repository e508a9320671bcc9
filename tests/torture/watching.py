"""Looks all the while whether what must hold at every moment holds, and when work went on."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import DBAPIError

from core.database import Database
from core.embedded import EmbeddedPostgres
from tests.invariants import broken, overdue
from tests.limits import beyond, limits
from tests.torture.windows import Watch

LOOK_SECONDS = 0.5
LATE_SECONDS_MAX = 60.0

_BESIDE = """
    SELECT EXISTS (
        SELECT FROM calls WHERE state = 'waiting' AND queued_at < now() - interval '1 second')
      AND EXISTS (
        SELECT FROM presences p JOIN counselors c ON c.id = p.counselor_id
        WHERE p.status = 'ready' AND p.state = 'free'
          AND (c.endpoint <> 'browser' OR p.heard_at > now() - interval '10 seconds'))"""

_WENT_ON = """
    SELECT offered_at FROM offers
    UNION ALL SELECT ended_at FROM offers WHERE ended_at IS NOT NULL
    UNION ALL SELECT done_at FROM orders WHERE done_at IS NOT NULL
    UNION ALL SELECT answered_at FROM calls WHERE answered_at IS NOT NULL"""


class Watching:
    """A thread that samples the tables. beside_seconds: the longest that somebody waited while a
    counselor was free."""

    def __init__(self, postgres: EmbeddedPostgres, changed: Mapping[str, float]) -> None:
        """changed: the limits of the policy that the line runs with instead of those of record."""
        self._held = limits(LATE_SECONDS_MAX, changed)
        self.wrongs: Counter[str] = Counter()
        self.looks = 0
        self.beside_seconds = 0.0
        self._database = Database(postgres.url(), pool_size=1)
        self._watch = Watch(postgres)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watching")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()
        self._watch.close()
        self._database.close()

    def _run(self) -> None:
        beside_since: float | None = None
        while not self._stopping.wait(LOOK_SECONDS):
            rows = self._watch.rows(_BESIDE)
            if rows and rows[0][0]:
                beside_since = beside_since or time.monotonic()
                self.beside_seconds = max(self.beside_seconds, time.monotonic() - beside_since)
            elif rows:
                beside_since = None
            self._look()

    def _look(self) -> None:
        latest = datetime.now(UTC) - timedelta(seconds=LATE_SECONDS_MAX)
        try:
            with self._database.transaction() as session:
                found = broken(session) | overdue(session, latest)
                found |= beyond(session, self._held)
        except DBAPIError:
            return  # PostgreSQL is away at this moment
        self.looks += 1
        self.wrongs.update(found.keys())


def resumed(watch: Watch, kills: list[datetime]) -> list[float]:
    """Return for each kill the seconds until the next offer, order or answer; inf for never."""
    went_on = sorted(row[0] for row in watch.rows(_WENT_ON))
    return [
        min(((at - kill).total_seconds() for at in went_on if at > kill), default=float("inf"))
        for kill in kills
    ]
