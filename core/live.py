"""Tells the processes, at once, that something changed: counters by topic over LISTEN/NOTIFY.

A ring says only "look again": what to see is in the tables, so that a lost ring costs a sweep and
a doubled one nothing.
"""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Protocol

import psycopg
from sqlalchemy.engine import make_url

from core.database import SILENCE_LIMITS
from core.log import event_log

log = event_log(__name__)

CHANNEL = "helpline"
CHECK_SECONDS = 5.0  # a silent connection is asked whether it still lives
RETRY_SECONDS = 0.5


class Live(Protocol):
    """Counts rings by topic: `line`, `board`, `desk:<counselor uuid>`."""

    def ring(self, topic: str) -> None:
        """Say that `topic` changed. Call it after the commit. Never blocks, never raises."""
        ...

    def ring_here(self, topic: str) -> None:
        """Ring in this process only, at once: enough where every process looks by itself too."""
        ...

    def seen(self, topic: str) -> int:
        """Return the counter of `topic` now: read it before reading the tables, then `wait`."""
        ...

    def wait(self, topic: str, seen: int, timeout_seconds: float) -> int:
        """Block until the counter of `topic` passes `seen`, or the time is over; return it."""
        ...

    def on_ring(self, topic: str, listener: Callable[[], None]) -> None:
        """Call `listener` at each ring of `topic`, from a thread of this object."""
        ...

    def start(self) -> None:
        """Begin to carry rings between processes."""
        ...

    def stop(self) -> None:
        """End the threads and wake whoever waits."""
        ...


class StillLive:
    """Counts within one process and carries nothing; nobody is called. For simulated days."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: Counter[str] = Counter()
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._stopped = False

    def ring(self, topic: str) -> None:
        """Count one ring of `topic`."""
        with self._changed:
            self._counts[topic] += 1
            self._changed.notify_all()

    def ring_here(self, topic: str) -> None:
        """Count the ring."""
        self.ring(topic)

    def seen(self, topic: str) -> int:
        """Return the counter of `topic`."""
        with self._changed:
            return self._counts[topic]

    def wait(self, topic: str, seen: int, timeout_seconds: float) -> int:
        """Block until the counter passes `seen`, the time is over, or `stop`; return it."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or self._counts[topic] > seen, timeout_seconds
            )
            return self._counts[topic]

    def on_ring(self, topic: str, listener: Callable[[], None]) -> None:
        """Remember `listener`; whoever drives the simulation decides when it is its turn."""
        with self._changed:
            self._listeners.setdefault(topic, []).append(listener)

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> None:
        """Wake whoever waits."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


class PgLive(StillLive):
    """Carries rings between processes through PostgreSQL; works within this one while it is away.

    Rings are gathered and sent by one thread, so that a hundred rings of one topic in a moment
    are one notification; another thread listens. Both come back by themselves after an outage,
    and then every topic is rung once, since a ring may have been missed.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(False)
        self._origin = uuid.uuid4().hex[:12]
        self._pending: dict[str, None] = {}
        self._wanted = threading.Condition()
        self._threads: list[threading.Thread] = []

    def ring(self, topic: str) -> None:
        """Gather the ring; the sender carries it at once."""
        with self._wanted:
            self._pending[topic] = None
            self._wanted.notify_all()

    def ring_here(self, topic: str) -> None:
        """Call the listeners of this process from the ringing thread."""
        self._tell_here(topic)

    def start(self) -> None:
        """Begin to send and to listen."""
        for name, body in (("live-send", self._send), ("live-listen", self._listen)):
            thread = threading.Thread(target=body, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End both threads and wake whoever waits."""
        super().stop()
        with self._wanted:
            self._wanted.notify_all()
        for thread in self._threads:
            thread.join(2 * RETRY_SECONDS)

    def _tell_here(self, topic: str) -> None:
        super().ring(topic)
        for listener in tuple(self._listeners.get(topic, ())):
            try:
                listener()
            except Exception as error:
                log.error("live_listener_failed", error, topic=topic.split(":")[0])

    def _tell_all_here(self) -> None:
        with self._changed:
            topics = set(self._counts) | set(self._listeners)
        for topic in topics:
            self._tell_here(topic)

    def _gathered(self) -> tuple[str, ...]:
        with self._wanted:
            self._wanted.wait_for(lambda: self._pending or self._stopped)
            topics = tuple(self._pending)
            self._pending.clear()
        return topics

    def _send(self) -> None:
        connection: psycopg.Connection | None = None
        while not self._stopped:
            topics = self._gathered()
            for topic in topics:
                self._tell_here(topic)
            connection = self._carry(connection, topics)
        if connection is not None:
            connection.close()

    def _carry(
        self, connection: psycopg.Connection | None, topics: tuple[str, ...]
    ) -> psycopg.Connection | None:
        """Notify the other processes; once more on a new connection when the old one is dead."""
        for fresh in (connection is None, True):
            try:
                if fresh or connection is None:
                    connection = self._connected("helpline live send")
                with connection.cursor() as cursor:
                    cursor.executemany(
                        "SELECT pg_notify(%s, %s)",
                        [(CHANNEL, f"{self._origin} {topic}") for topic in topics],
                    )
                return connection
            except psycopg.Error:
                if connection is not None:
                    connection.close()
                    connection = None
        return None

    def _listen(self) -> None:
        missed = False
        while not self._stopped:
            try:
                with self._connected("helpline live listen") as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    if missed:
                        self._tell_all_here()
                    missed = True
                    self._hear(connection)
            except psycopg.Error:
                time.sleep(RETRY_SECONDS)

    def _hear(self, connection: psycopg.Connection) -> None:
        checked = time.monotonic()
        while not self._stopped:
            for heard in connection.notifies(timeout=RETRY_SECONDS, stop_after=1):
                origin, _, topic = heard.payload.partition(" ")
                if origin != self._origin and topic:
                    self._tell_here(topic)
            if time.monotonic() - checked > CHECK_SECONDS:
                connection.execute("SELECT 1")
                checked = time.monotonic()

    def _connected(self, name: str) -> psycopg.Connection:
        return psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=2,
            application_name=name,
            **SILENCE_LIMITS,
        )
