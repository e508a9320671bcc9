"""The commit points of a simulated process: where it can die, lose its connection or be raced.

Sits below SQLAlchemy, at the driver's own commit and execute, so that the application and its
library see what they would see of a real fault: the server itself ends the connection, the server
itself says that the disk is full.
"""

import re
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import psycopg

from core.database import Database

WRITES = re.compile(r"\bINSERT INTO\b|(?<!FOR )\bUPDATE\s+\w+\s+SET\b|\bDELETE FROM\b")
_DISK_FULL = b"""DO $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'
    USING ERRCODE = 'disk_full'; END $$"""


@cache
def _is_writing(statement: str) -> bool:
    return WRITES.search(statement) is not None


class Killed(BaseException):
    """The process died here. Passes everything that an application catches."""


class Meddler(Protocol):
    """Is told of each commit that writes, and may end the process, or the connection."""

    def before_commit(self, connection: psycopg.Connection) -> None:
        """A transaction that wrote is about to be committed; may raise Killed."""

    def after_commit(self, connection: psycopg.Connection) -> None:
        """It is committed, and nobody was told yet; may raise Killed or a driver's error."""

    def is_disk_full(self) -> bool:
        """Tell whether nothing can be written now."""


class Nobody:
    """Lets everything pass."""

    def before_commit(self, connection: psycopg.Connection) -> None:
        """Nothing."""

    def after_commit(self, connection: psycopg.Connection) -> None:
        """Nothing."""

    def is_disk_full(self) -> bool:
        """Never."""
        return False


class CommitPoints:
    """Stands between one `Database` and its driver. written: commits that wrote something."""

    def __init__(self, database: Database, meddler: Meddler) -> None:
        """Let `meddler` know of each commit of `database`."""
        self.written = 0
        self._meddler = meddler
        self._writing: set[int] = set()
        self._dialect: Any = database.engine.dialect
        dialect = self._dialect
        self._commit: Callable[[Any], None] = dialect.do_commit
        self._rollback: Callable[[Any], None] = dialect.do_rollback
        dialect.do_commit = self._around
        dialect.do_rollback = self._undo
        for name in ("do_execute", "do_executemany"):
            setattr(dialect, name, self._listening(getattr(dialect, name)))

    def leave(self) -> None:
        """Stand aside: SQLAlchemy remembers a dialect for long, and all of a world with it."""
        for name in ("do_commit", "do_rollback", "do_execute", "do_executemany"):
            delattr(self._dialect, name)

    def _listening(self, execute: Callable[..., None]) -> Callable[..., None]:
        def listen(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
            driver: psycopg.Connection = cursor.connection
            if not _is_writing(statement):
                execute(cursor, statement, parameters, context)
                return
            if self._meddler.is_disk_full():
                cursor.execute(_DISK_FULL)
            if driver.autocommit:
                self._meddler.before_commit(driver)
                execute(cursor, statement, parameters, context)
                self._wrote(driver)
                return
            self._writing.add(id(driver))
            execute(cursor, statement, parameters, context)

        return listen

    def _around(self, fairy: Any) -> None:
        driver: psycopg.Connection = fairy.driver_connection
        if id(driver) not in self._writing:
            self._commit(fairy)
            return
        self._meddler.before_commit(driver)
        self._commit(fairy)
        self._writing.discard(id(driver))
        self._wrote(driver)

    def _wrote(self, driver: psycopg.Connection) -> None:
        self.written += 1
        self._meddler.after_commit(driver)

    def _undo(self, fairy: Any) -> None:
        self._writing.discard(id(fairy.driver_connection))
        self._rollback(fairy)


def cut(watcher: psycopg.Connection, connection: psycopg.Connection) -> None:
    """Let the server end `connection`, and wait until it has: its locks are gone then."""
    pid = connection.info.backend_pid
    watcher.execute("SELECT pg_terminate_backend(%s)", (pid,))
    while watcher.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
        time.sleep(0.001)


def report_lost(connection: psycopg.Connection) -> None:
    """Raise what the driver says of a connection that the server has ended."""
    connection.execute("SELECT 1")
    raise AssertionError("the connection should have been lost")
