"""Server-sent events: a picture of something, sent again whenever it changes.

A stream sends the whole picture, never a difference, so that a lost event costs nothing. Each
holds a thread, so their number is bounded; past it a page polls.
"""

import threading
import time
from collections.abc import Callable, Iterator

from flask import Response, has_request_context, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import DatabaseAway
from core.live import Live
from core.problems import Problem

STREAM_SECONDS_MAX = 600
HEARTBEAT_SECONDS = 5
AWAY_SECONDS = 1  # before looking again for a database that is away
STREAMS_MAX = 36  # of the web process's threads; the rest answer the carrier
_SEATS = threading.BoundedSemaphore(STREAMS_MAX)


def stream(live: Live, topic: str, event: str, picture: Callable[[], str | None]) -> Response:
    """Return an event stream that sends `picture` now and whenever `topic` rings.

    picture: returns one line of JSON, or None where the reader may see no more; called at least
    each five seconds, and never for a reader who has hung up: a look may count as a sign of life.
    Ends after ten minutes; browsers connect again by themselves. Raises Problem 503 where all
    seats are taken.
    """
    if not _SEATS.acquire(blocking=False):
        raise Problem(
            503,
            "streams-full",
            "Too many open streams; poll instead.",
            headers={"Retry-After": "5"},
        )
    events = _events(live, topic, event, picture, _hung_up())
    response = Response(events, mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(_SEATS.release)
    return response


def _hung_up() -> Callable[[], bool]:
    """Return what tells whether the reader closed the connection, where the server can tell."""
    found = request.environ.get("waitress.client_disconnected") if has_request_context() else None
    return found or (lambda: False)


def _events(
    live: Live,
    topic: str,
    event: str,
    picture: Callable[[], str | None],
    hung_up: Callable[[], bool],
) -> Iterator[str]:
    yield "retry: 1000\n\n"
    ends = time.monotonic() + STREAM_SECONDS_MAX
    seen, shown = -1, ""
    while time.monotonic() < ends:
        asked = time.monotonic()
        before, seen = seen, live.wait(topic, seen, HEARTBEAT_SECONDS)
        if seen == before and time.monotonic() - asked < HEARTBEAT_SECONDS / 2:
            return  # woken without a ring: the process is stopping
        if hung_up():
            return
        try:
            now = picture()
        except (DatabaseAway, OperationalError, PoolTimeout):
            yield ": the database is away\n\n"
            time.sleep(AWAY_SECONDS)
            continue
        if now is None:
            return
        yield f"event: {event}\ndata: {now}\n\n" if now != shown else ": still here\n\n"
        shown = now
