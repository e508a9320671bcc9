"""A database that does not answer in time is given up; who finished in time is left alone."""

import threading
import time

import pytest
from sqlalchemy import text

from core.database import Database, DatabaseAway


def test_who_does_not_answer_in_time_counts_as_away(database: Database) -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseAway):
        database.run(lambda session: session.execute(text("SELECT pg_sleep(4)")), seconds_max=0.3)
    assert time.monotonic() - began < 1.0
    assert database.run(lambda session: session.scalar(text("SELECT 1")), seconds_max=5) == 1


def test_a_connection_given_back_in_time_is_not_cut_later(database: Database) -> None:
    first = database.run(
        lambda session: session.scalar(text("SELECT pg_backend_pid()")), seconds_max=0.2
    )

    def slowly(session):  # type: ignore[no-untyped-def]
        session.execute(text("SELECT pg_sleep(0.6)"))
        return session.scalar(text("SELECT pg_backend_pid()"))

    assert database.run(slowly) == first


def test_work_that_fails_is_told_as_it_is(database: Database) -> None:
    def fail(_session):  # type: ignore[no-untyped-def]
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        database.run(fail, seconds_max=1.0)


def test_no_thread_is_left_of_a_database_that_was_closed(database_url: str) -> None:
    opened = Database(database_url, pool_size=1)
    before = {one for one in threading.enumerate() if one.name == "time-limit"}
    opened.run(lambda session: session.scalar(text("SELECT 1")), seconds_max=5)
    (watching,) = {one for one in threading.enumerate() if one.name == "time-limit"} - before
    opened.close()
    watching.join(2)
    assert not watching.is_alive()
