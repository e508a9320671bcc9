"""The tick over promises with a million of them planned: its time, and the plans of its queries."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from callbacks.sweep import DUE_MAX, tend
from core.database import Database
from core.policy import load_policy
from tests.bench.figures import say, spread
from tests.bench.machine import Machine

PLANNED = 1_000_000
QUEUED = 200
ROUNDS = 30

_CITIZENS = """
    INSERT INTO citizens (id, number_index, sealed_number, windows, created_at)
    SELECT gen_random_uuid(), 'bench' || n, 'x', '[]', :now FROM generate_series(1, :count) n
"""
_CONSENTS = """
    INSERT INTO consents (id, citizen_id, purpose, wording, given_at, how, heard_by)
    SELECT gen_random_uuid(), id, 'contact_by_phone', 'bench', :now, 'spoken', 'bench'
    FROM citizens
"""
_PROMISES = """
    INSERT INTO promises (id, citizen_id, purpose, origin, state, state_since, made_at, queued_at,
        next_at, deadline)
    SELECT gen_random_uuid(), id, CASE WHEN n % 3 = 0 THEN 'companion' ELSE 'talk' END, 'api',
        CASE WHEN n % 10 < 7 THEN 'planned' WHEN n % 10 < 9 THEN 'kept' ELSE 'for_decision' END,
        :now, :now, :now, :now + n * interval '7 seconds' + interval '1 hour', :now
    FROM (SELECT id, row_number() OVER () AS n FROM citizens) numbered
"""
_DUE = """
    UPDATE promises SET next_at = :now WHERE id IN (
        SELECT id FROM promises WHERE state = 'planned' AND purpose = 'talk' LIMIT :count)
"""


def bench_promises() -> None:
    """Measure the tick at rest, with talks in the queue, and print the plans."""
    with Machine() as machine:
        database = Database(machine.database_url, pool_size=2, statement_seconds_max=600)
        now = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)  # noon in Seoul
        try:
            _fill(database, now)
            said = _listen(database)
            say(f"{PLANNED} promises (aim: a tick under 100 ms)")
            say(spread("  nothing due", _ticks(database, now)))
            with database.transaction() as session:
                session.execute(text(_DUE), {"now": now, "count": QUEUED})
            say(spread(f"  {QUEUED} due", _ticks(database, now)[: QUEUED // DUE_MAX]))
            del said[:]
            measured = _ticks(database, now)
            say(spread(f"  {QUEUED} in the queue", measured))
            with database.transaction() as session:
                _explain(session, said)
        finally:
            database.close()


def _fill(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        session.execute(text(_CITIZENS), {"now": now, "count": PLANNED})
        session.execute(text(_CONSENTS), {"now": now})
        session.execute(text(_PROMISES), {"now": now})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _ticks(database: Database, now: datetime) -> list[float]:
    measured = []
    for turn in range(ROUNDS):
        began = time.perf_counter()
        with database.transaction() as session:
            tend(session, now + timedelta(seconds=turn / ROUNDS), load_policy())
        measured.append(time.perf_counter() - began)
    return measured


def _listen(database: Database) -> list[tuple[str, object]]:
    said: list[tuple[str, object]] = []
    dialect: Any = database.engine.dialect
    execute = dialect.do_execute

    def listen(cursor: Any, sql: str, values: Any, context: Any = None) -> None:
        said.append((sql, values))
        execute(cursor, sql, values, context)

    dialect.do_execute = listen
    return said


def _explain(session: Session, said: list[tuple[str, object]]) -> None:
    """Print how PostgreSQL carried out each query of a tick at rest, once."""
    seen: set[str] = set()
    for sql, values in list(said):
        if sql in seen or "FROM" not in sql:
            continue
        seen.add(sql)
        connection = session.connection()
        rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}", values)  # type: ignore[call-overload]
        say("\n".join(f"    {row[0]}" for row in rows))
