"""Statements that go to the driver itself, for what every turn of a call asks."""

from typing import Any, cast

import psycopg
from psycopg.abc import Params
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session


def ask(session: Session, statement: str, values: Params = ()) -> psycopg.Cursor[Any]:
    """Carry out `statement` in the session's transaction on the driver itself; return its cursor.

    A third of the cost of the same through the library, for what every turn of a call asks. What
    lies changed in the session is not flushed first. Raises what the library would: DBAPIError.
    """
    connection = session.connection()
    cursor = cast("psycopg.Cursor[Any]", connection.connection.cursor())
    try:
        connection.dialect.do_execute(cursor, statement, values)  # type: ignore[arg-type]
    except psycopg.Error as fault:
        raise _library_fault(connection, statement, fault) from fault
    return cursor


def _library_fault(connection: Connection, statement: str, fault: psycopg.Error) -> Exception:
    """Return `fault` as the library names it; a connection that is lost is not used again."""
    is_lost = connection.dialect.is_disconnect(fault, connection.connection, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(fault)
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
