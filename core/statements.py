"""Statements that go to the driver itself, for what every turn of a call asks.

The library's bookkeeping of a transaction costs as much as two statements, and most transactions
here have no more than that. So a session of ours is bound to one connection, whose transaction the
driver begins with the first statement; what goes through the library joins it as it stands.
"""

from typing import Any, cast

import psycopg
from psycopg.abc import Params
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_CURSOR = "cursor"


def ask(session: Session, statement: str, values: Params = ()) -> psycopg.Cursor[Any]:
    """Carry out `statement` in the session's transaction on the driver itself; return its cursor.

    A third of the cost of the same through the library, for what every turn of a call asks. What
    lies changed in the session is not flushed first. It is the connection's one cursor: its rows
    are to be fetched before the next question. Raises what the library would: DBAPIError.
    """
    connection = connection_of(session)
    cursor = _cursor(connection)
    try:
        connection.dialect.do_execute(cursor, statement, values)  # type: ignore[arg-type]
    except psycopg.Error as fault:
        raise library_fault(connection, statement, fault) from fault
    return cursor


def connection_of(session: Session) -> Connection:
    """Return the connection of the session's transaction.

    A savepoint is the library's, and is set when its connection is first asked for.
    """
    if isinstance(session.bind, Connection) and not session.in_nested_transaction():
        return session.bind
    return session.connection()


def _cursor(connection: Connection) -> psycopg.Cursor[Any]:
    """Return the cursor kept with the driver's connection; making one costs as much as asking."""
    driver = connection.connection
    kept = driver.info.get(_CURSOR)
    if kept is None:
        kept = driver.info[_CURSOR] = driver.cursor()
    return cast("psycopg.Cursor[Any]", kept)


def roll_back(session: Session) -> None:
    """Take back what was done in the session's transaction; where it was lost, that is done."""
    session.rollback()
    connection = connection_of(session)
    if not (connection.closed or connection.invalidated):
        connection.begin().rollback()


def library_fault(connection: Connection, statement: str, fault: psycopg.Error) -> Exception:
    """Return `fault` as the library names it; a connection that is lost is not used again.

    It is closed, too: else the library would go on with a new one in the middle of a transaction.
    """
    is_lost = connection.dialect.is_disconnect(fault, connection.connection, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(fault)
        connection.close()
    return DBAPIError.instance(
        statement,
        None,
        fault,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=connection.dialect,
    )


def only(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    """Return the one row of a statement that always has one."""
    row: tuple[Any, ...] | None = cursor.fetchone()
    assert row is not None
    return row
