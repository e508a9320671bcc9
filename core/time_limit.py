"""Cuts a database connection that answers nothing in time, so that no caller waits with it.

A server that hangs (a stalled disk, a lost network) breaks no connection and cancels no statement:
only this side can end the wait. What is cut counts as a lost connection, its commit as unknown.
"""

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

LOOK_SECONDS = 0.1


class TimeLimit:
    """Watches connections in use from one thread of its own, begun when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[float, psycopg.Connection]] = {}
        self._tickets = itertools.count()
        self._began = False
        self._ended = False
        self._any = threading.Event()

    @contextmanager
    def until(self, ends: float, connection: psycopg.Connection) -> Iterator[None]:
        """Cut `connection` at `ends` (monotonic seconds) if the block still lasts."""
        ticket = next(self._tickets)
        with self._lock:
            self._watched[ticket] = (ends, connection)
            self._begin()
        self._any.set()
        try:
            yield
        finally:
            with self._lock:  # a cut in progress ends first: afterwards others use the connection
                self._watched.pop(ticket, None)

    def end(self) -> None:
        """Watch no more, and let the thread go."""
        self._ended = True
        self._any.set()

    def _begin(self) -> None:
        if not self._began:
            self._began = True
            threading.Thread(target=self._watch, name="time-limit", daemon=True).start()

    def _watch(self) -> None:
        while not self._ended:
            self._any.wait()
            time.sleep(LOOK_SECONDS)
            with self._lock:
                self._cut_overdue(time.monotonic())
                if not (self._watched or self._ended):
                    self._any.clear()

    def _cut_overdue(self, moment: float) -> None:
        overdue = [ticket for ticket, (ends, _) in self._watched.items() if ends <= moment]
        for ticket in overdue:
            _cut(self._watched.pop(ticket)[1])


def _cut(connection: psycopg.Connection) -> None:
    """Shut the socket down under the driver, which then reports a lost connection."""
    with (
        suppress(psycopg.Error, OSError),
        socket.socket(fileno=os.dup(connection.fileno())) as held,
    ):
        held.shutdown(socket.SHUT_RDWR)
