"""What is asked of the driver and of the library is one transaction, whole or not at all."""

import uuid
from collections.abc import Callable
from contextlib import closing, suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ResourceClosedError
from sqlalchemy.orm import Session

from core.database import Database, DatabaseAway
from core.rows import undo
from core.statements import ask, only

COLUMNS = "INSERT INTO accounts (id, login, name, role, password_hash, created_at)"
NEW = f"{COLUMNS} VALUES (%s, %s, 'n', 'admin', '', now())"
THROUGH_THE_LIBRARY = text(f"{COLUMNS} VALUES (:id, :login, 'n', 'admin', '', now())")


def by_driver(session: Session, login: str) -> None:
    ask(session, NEW, (uuid.uuid4(), login))


def by_library(session: Session, login: str) -> None:
    session.execute(THROUGH_THE_LIBRARY, {"id": uuid.uuid4(), "login": login})


def logins(database: Database) -> set[str]:
    with database.reading() as session:
        return {row[0] for row in ask(session, "SELECT login FROM accounts").fetchall()}


def test_both_ways_are_committed_together(database: Database) -> None:
    with database.transaction() as session:
        by_driver(session, "first")
        by_library(session, "second")
        by_driver(session, "third")
    with database.transaction() as session:
        by_driver(session, "fourth")
    assert logins(database) == {"first", "second", "third", "fourth"}


def test_both_ways_are_taken_back_together(database: Database) -> None:
    for write in (by_driver, by_library):
        with pytest.raises(ZeroDivisionError), database.transaction() as session:
            by_driver(session, "first")
            write(session, "second")
            raise ZeroDivisionError
        with database.transaction() as session:
            by_driver(session, "first")
            write(session, "second")
            undo(session)
            by_driver(session, "after")
            undo(session)
    assert logins(database) == set()


def test_what_is_done_after_an_undo_is_committed(database: Database) -> None:
    with database.transaction() as session:
        by_driver(session, "first")
        undo(session)
        by_driver(session, "second")
    assert logins(database) == {"second"}


def test_nothing_is_done_on_a_new_connection_after_the_first_was_lost(database: Database) -> None:
    """Else the second half of a transaction would be committed without the first."""
    with pytest.raises(ResourceClosedError), database.transaction() as session:
        by_driver(session, "first")
        with suppress(DBAPIError):
            ask(session, "SELECT pg_terminate_backend(pg_backend_pid())")
        with suppress(ResourceClosedError):
            by_driver(session, "second")
        with suppress(ResourceClosedError):
            by_library(session, "third")
    assert logins(database) == set()


@pytest.mark.parametrize("way", [Database.run, Database.run_apart])
def test_a_connection_lost_before_anything_was_asked_is_made_good_once(
    database: Database, way: Callable[..., None]
) -> None:
    with database.transaction() as session:
        pid = only(ask(session, "SELECT pg_backend_pid()"))[0]
    with closing(Database(database.url)) as elsewhere, elsewhere.transaction() as other:
        ask(other, "SELECT pg_terminate_backend(%s, 1000)", (pid,))
    way(database, lambda session: by_driver(session, "first"))
    assert logins(database) == {"first"}


def test_each_statement_stands_for_itself_where_nothing_needs_the_other(
    database: Database,
) -> None:
    def fail(session: Session) -> None:
        by_driver(session, "first")
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        database.run_apart(fail)
    assert logins(database) == {"first"}
    away = Database("postgresql://nobody@127.0.0.1:9/none")
    with closing(away), pytest.raises(DatabaseAway):
        away.run_apart(lambda session: by_driver(session, "second"))
