"""Two transactions at the same rows: the test holds some, and another comes to wait for them."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import text

from core.database import Database

WAIT_SECONDS_MAX = 20.0
T = TypeVar("T")
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def beside(database: Database, work: Callable[[], T], waiting: int = 1) -> Future[T]:
    """Begin `work` in a thread of its own; return once so many connections wait for a lock.

    Or once it is done, where it never had to wait.
    """
    hands = ThreadPoolExecutor(1)
    doing = hands.submit(work)
    hands.shutdown(wait=False)
    until = time.monotonic() + WAIT_SECONDS_MAX
    while _count(database) < waiting and not doing.done():
        assert time.monotonic() < until, "it never came to wait"
        time.sleep(0.02)
    return doing


def _count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(_WAITING) or 0
