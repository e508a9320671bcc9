"""Where the flow stands at a moment, seen from a second connection to the database.

So kills can be aimed at commits without a word of it in the program: a backend that holds row
locks is before its commit, one that held them at the last look is just after it.
"""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psycopg

from core.embedded import EmbeddedPostgres
from tests.databases import plain

TABLES = ("offers", "sessions", "orders", "promises", "calls")
CONNECT_SECONDS_MAX = 2

_WRITING = """
    SELECT a.application_name AS who, a.pid, array_agg(DISTINCT c.relname::text) AS tables
    FROM pg_locks l
    JOIN pg_stat_activity a ON a.pid = l.pid
    JOIN pg_class c ON c.oid = l.relation AND c.relkind = 'r'
    WHERE l.mode = 'RowExclusiveLock' AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND a.application_name <> ''
    GROUP BY 1, 2"""

OPEN = {
    "an offer is open": "SELECT count(*) FROM offers WHERE state = 'open'",
    "a counselor is joining": "SELECT count(*) FROM sessions WHERE state = 'joining'",
    "a caller is being moved": """
        SELECT count(*) FROM sessions s JOIN calls c ON c.id = s.call_id
        WHERE s.state = 'talking' AND s.joined_at IS NULL AND c.direction = 'inbound'""",
    "an order is in hand": "SELECT count(*) FROM orders WHERE state = 'sending'",
    "a promise is being called": "SELECT count(*) FROM promises WHERE state = 'calling'",
    "a citizen is being rung": "SELECT count(*) FROM calls WHERE state = 'reaching'",
    "two talk": "SELECT count(*) FROM calls WHERE state = 'connected' AND answered_at IS NOT NULL",
    "an outcome is owed": "SELECT count(*) FROM sessions WHERE state = 'wrapping'",
    "somebody waits": "SELECT count(*) FROM calls WHERE state = 'waiting'",
}
_OPEN = "SELECT " + ", ".join(f"({sql})" for sql in OPEN.values())


@dataclass(frozen=True)
class Writing:
    """A process with a transaction that has written, and into which tables."""

    who: str
    backend: int
    tables: frozenset[str]


class Watch:
    """A connection of the driver's own; it comes back by itself after PostgreSQL did."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._url = plain(postgres.url())
        self._connection: psycopg.Connection | None = None

    def writing(self, names: Collection[str]) -> list[Writing]:
        """Return the transactions of `names` that have written something of the flow."""
        rows = self._ask(_WRITING)
        found = [Writing(who, backend, frozenset(tables)) for who, backend, tables in rows]
        return [each for each in found if each.who in names and each.tables & set(TABLES)]

    def open(self) -> Mapping[str, int]:
        """Return how many rows stand in each state in which a kill can fall."""
        rows = self._ask(_OPEN)
        return dict(zip(OPEN, rows[0], strict=True)) if rows else {}

    def rows(self, sql: str, **values: object) -> list[tuple]:
        """Return the rows of a question; none while PostgreSQL is away."""
        return self._ask(sql, values)

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, sql: str, values: Mapping[str, object] | None = None) -> list[tuple]:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._url,
                    autocommit=True,
                    connect_timeout=CONNECT_SECONDS_MAX,
                    prepare_threshold=1,
                )
            return self._connection.execute(sql, values).fetchall()
        except psycopg.OperationalError:
            with suppress(psycopg.Error):
                self.close()
            self._connection = None
            time.sleep(0.05)
            return []
