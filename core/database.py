"""PostgreSQL: the only memory. One transaction for each thing that happens.

`Database.transaction()` is the only place that commits; where nothing needs anything else, each
statement stands for itself. Callbacks handed to `on_commit` run after the commit and never if it
fails, so nobody is rung for something that did not happen.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, DateTime, MetaData, create_engine
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session

from core.rows import undo, write_out
from core.statements import ask, connection_of, library_fault, only
from core.time_limit import TimeLimit

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

_AFTER_COMMIT = "after_commit_callbacks"
BRIEF_WAIT, BRIEF_MILLISECONDS = "helpline.brief_wait", 200
"""The connection's setting of how long a row is waited for by who keeps the whole line waiting."""
SILENCE_LIMITS: dict[str, Any] = {
    "tcp_user_timeout": 8000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""A machine that vanishes without a word breaks its connections in some ten seconds (libpq)."""
T = TypeVar("T")


class Base(DeclarativeBase):
    """All tables: aware times, UUID keys, JSONB for open shapes."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        datetime: DateTime(timezone=True),
        uuid.UUID: UUID(as_uuid=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class DatabaseAway(Exception):
    """PostgreSQL could not be reached. Check that it runs and that DATABASE_URL names it."""


class Database:
    """A pool of connections to one PostgreSQL.

    url: SQLAlchemy form, `postgresql+psycopg://...` (plain `postgresql://` is understood).
    pool_size: connections kept open. connect_seconds_max: wait for a connection, 1-60 s.
    statement_seconds_max: a statement running longer is cancelled by the server.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 20,
        connect_seconds_max: int = 1,
        statement_seconds_max: float = 5.0,
    ) -> None:
        self.url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self._limit = TimeLimit()
        self.engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=connect_seconds_max,
            pool_use_lifo=True,
            hide_parameters=True,
            connect_args={
                "connect_timeout": connect_seconds_max,
                "options": _settings(statement_seconds_max),
                **SILENCE_LIMITS,
            },
        )
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self, ends: float | None = None) -> Iterator[Session]:
        """Open a transaction, commit it at the end, roll it back on any exception.

        ends: monotonic seconds; a server that has not answered by then counts as lost.
        """
        with (
            self.engine.connect() as connection,
            Session(connection, expire_on_commit=False) as session,
            self._limited(connection, ends),
        ):
            try:
                yield session
                write_out(session)
                _commit(session)
            except BaseException:
                undo(session)
                raise
        for callback in session.info.pop(_AFTER_COMMIT, ()):
            callback()

    def _limited(self, connection: Connection, ends: float | None) -> AbstractContextManager[None]:
        if ends is None:
            return nullcontext()
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        return self._limit.until(ends, driver)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session for single questions: each statement stands for itself."""
        with (
            self._reading.connect() as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session

    def run(self, work: Callable[[Session], T], *, seconds_max: float | None = None) -> T:
        """Do `work` in a transaction; once more if the connection was lost under it.

        Only for work that may be repeated: a lost connection leaves unknown whether the commit
        happened, so `work` must find its own traces (an inbox key, a conditional write).
        Raises DatabaseAway when PostgreSQL can't be reached at the second try either, or has not
        answered within `seconds_max`.
        """
        ends = time.monotonic() + seconds_max if seconds_max is not None else None

        def once() -> T:
            with self.transaction(ends) as session:
                return work(session)

        return _twice(once, ends)

    def run_apart(self, work: Callable[[Session], T]) -> T:
        """Do `work` without a transaction, each statement for itself; else like `run`.

        For questions and a write that needs no other: two messages less. There is no commit, so
        nothing handed to `on_commit` would run.
        """

        def once() -> T:
            with self.reading() as session:
                made = work(session)
                write_out(session)
                return made

        return _twice(once, None)

    def close(self) -> None:
        """Close every pooled connection, and end the thread that watches them."""
        self._limit.end()
        self.engine.dispose()


def _settings(statement_seconds_max: float) -> str:
    """Return a connection's settings, as libpq takes them."""
    milliseconds = int(statement_seconds_max * 1000)
    settings = {
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds * 3 // 5,  # below, so that one is told from the other
        "idle_in_transaction_session_timeout": milliseconds * 2,
        BRIEF_WAIT: BRIEF_MILLISECONDS,
        "timezone": "UTC",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _twice(once: Callable[[], T], ends: float | None) -> T:
    try:
        return once()
    except (DBAPIError, PoolTimeout) as fault:
        if not _is_passing(fault) or (ends is not None and time.monotonic() >= ends):
            raise _named(fault) from fault
    try:
        return once()
    except (DBAPIError, PoolTimeout) as fault:
        raise _named(fault) from fault


def _commit(session: Session) -> None:
    """Commit through the library where it has joined the transaction, else by the driver."""
    connection = connection_of(session)
    if connection.in_transaction():
        session.commit()
        return
    try:
        connection.dialect.do_commit(connection.connection)
    except psycopg.Error as fault:
        raise library_fault(connection, "COMMIT", fault) from fault


def on_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run `callback` after `session` has committed; never if it does not."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)


TAKEN_BACK = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected: all was undone, and the other one is through."""
LOST_RACES = TAKEN_BACK | {"55P03"}
"""And lock_not_available."""
PASSING = LOST_RACES | {"57014"}
"""And query_canceled."""


def _is_passing(fault: DBAPIError | PoolTimeout) -> bool:
    """Tell whether the next try may succeed at once: a dead pooled connection, a lost race."""
    if isinstance(fault, PoolTimeout):
        return False
    return fault.connection_invalidated or _state(fault) in PASSING


def was_taken_back(fault: DBAPIError) -> bool:
    """Tell whether the database undid a whole transaction for another's sake."""
    return _state(fault) in TAKEN_BACK


def is_lost_race(fault: Exception) -> bool:
    """Tell whether a statement only met another transaction, and is not itself at fault."""
    return isinstance(fault, DBAPIError) and _state(fault) in LOST_RACES


def still_answers(fault: DBAPIError) -> bool:
    """Tell whether the database is there, and only this statement waited or took too long."""
    return _state(fault) in PASSING


def _state(fault: DBAPIError) -> str | None:
    return getattr(fault.orig, "sqlstate", None)


def _named(fault: DBAPIError | PoolTimeout) -> Exception:
    """Return what to raise: DatabaseAway where PostgreSQL can't be reached, else the fault."""
    if isinstance(fault, PoolTimeout | OperationalError):
        return DatabaseAway(type(fault).__name__)
    return fault


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 120))"
_WAIT_BRIEFLY = f"set_config('lock_timeout', current_setting('{BRIEF_WAIT}'), true)"


def lock(session: Session, name: str, *, then_briefly: bool = False) -> None:
    """Hold the advisory lock `name` until the transaction ends, waiting for it if need be.

    then_briefly: from then on wait for nobody's rows longer than the connection's brief wait.
    """
    ask(session, f"{_LOCK}, {_WAIT_BRIEFLY}" if then_briefly else _LOCK, (name,))


# CASE asks for the second lock only once it has the first, and hurries only once it has both.
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 120))"
_TRY_LOCK_THEN = f"""
    SELECT CASE WHEN NOT pg_try_advisory_xact_lock(hashtextextended(%s, 120)) THEN false
        WHEN pg_advisory_xact_lock(hashtextextended(%s, 120)) IS NOT NULL
            THEN {_WAIT_BRIEFLY} IS NOT NULL END
"""


def try_lock(session: Session, name: str, *, then: str | None = None) -> bool:
    """Take the advisory lock `name` for this transaction, or return False at once.

    then: the name of another, which is waited for once the first is held; whoever holds both waits
    for rows only briefly.
    """
    if then is not None:
        return bool(only(ask(session, _TRY_LOCK_THEN, (name, then)))[0])
    return bool(only(ask(session, _TRY_LOCK, (name,)))[0])
