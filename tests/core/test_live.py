"""Bells between processes: quick, gathered, and back by themselves after an outage."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from core.database import Database
from core.live import PgLive, StillLive


def until(true: Callable[[], bool], seconds_max: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds_max
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def listening(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(
            connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name = 'helpline live listen' AND query LIKE 'LISTEN%'"
                )
            ).scalar_one()
        )


@pytest.fixture
def pair(database: Database) -> Iterator[tuple[PgLive, PgLive]]:
    both = (PgLive(database.url), PgLive(database.url))
    for live in both:
        live.start()
    assert until(lambda: listening(database) == 2)
    yield both
    for live in both:
        live.stop()


def test_a_ring_reaches_the_other_process(pair: tuple[PgLive, PgLive]) -> None:
    here, there = pair
    began = time.monotonic()
    here.ring("line")
    assert there.wait("line", 0, 5.0) == 1
    assert time.monotonic() - began < 1.0


def test_a_ring_counts_once_where_it_was_made(pair: tuple[PgLive, PgLive]) -> None:
    here, there = pair
    here.ring("board")
    assert there.wait("board", 0, 5.0) == 1
    here.ring("line")
    there.wait("line", 0, 5.0)
    assert here.seen("board") == 1


def test_listeners_are_called(pair: tuple[PgLive, PgLive]) -> None:
    here, there = pair
    called = threading.Event()
    there.on_ring("line", lambda: 1 / 0)
    there.on_ring("line", called.set)
    here.ring("line")
    assert called.wait(5.0)


def test_a_storm_of_rings_is_gathered(database: Database) -> None:
    live = PgLive(database.url)
    for _ in range(1000):
        live.ring("board")
    live.start()
    assert until(lambda: live.seen("board") >= 1)
    live.stop()
    assert live.seen("board") == 1


def test_rings_are_heard_again_after_the_connections_were_cut(
    pair: tuple[PgLive, PgLive], database: Database
) -> None:
    here, there = pair
    here.ring("line")
    assert until(lambda: there.seen("line") == 1)
    with database.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'helpline live%'"
                " AND datname = current_database()"
            )
        )
    assert until(lambda: there.seen("line") == 2), "a ring may have been missed: look again"
    before = there.seen("line")
    here.ring("line")
    assert there.wait("line", before, 5.0) > before


def test_without_a_database_rings_still_work_within_the_process() -> None:
    live = PgLive("postgresql+psycopg://nobody@/nowhere?host=/nonexistent")
    live.start()
    live.ring("line")
    assert live.wait("line", 0, 3.0) == 1
    live.ring("line")
    assert live.wait("line", 1, 3.0) == 2
    live.stop()


def test_waiting_ends_with_the_time() -> None:
    began = time.monotonic()
    assert StillLive().wait("line", 0, 0.05) == 0
    assert time.monotonic() - began < 1.0


def test_stopping_wakes_who_waits() -> None:
    live = StillLive()
    threading.Timer(0.05, live.stop).start()
    began = time.monotonic()
    live.wait("desk:x", 0, 10.0)
    assert time.monotonic() - began < 5.0
