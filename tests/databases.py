"""Fresh databases: copies of a migrated one, where a server of them lives, and their key."""

import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

DATA_KEY = bytes(range(120, 152))
"""What is personal in these databases is sealed with it."""

STRATEGY = "STRATEGY FILE_COPY"
"""Files are copied in a third of the time that logging each page takes; nobody needs the log."""

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30
"""A server with two copies takes 80 MB; several may run at once."""


@contextmanager
def throwaway_directory(prefix: str) -> Iterator[Path]:
    """A directory for a server whose data nobody needs, removed afterwards; its name is short.

    In memory where there is room: on a disk, a tenth of a short day goes into the file system's
    search for room for the 300 files of each copy.
    """
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if _has_room() else None))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _has_room() -> bool:
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES


def named(url: str, database: str) -> str:
    """The address of another database of the same server."""
    head, _, query = url.partition("?")
    return head.rsplit("/", 1)[0] + f"/{database}" + (f"?{query}" if query else "")


def plain(url: str) -> str:
    """The same address as psycopg takes it, without SQLAlchemy's word for the driver."""
    return url.replace("+psycopg", "")


@contextmanager
def fresh(postgres_url: str, template: str) -> Iterator[str]:
    """The address of a copy of `template`, dropped afterwards."""
    name = f"again_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {STRATEGY}".encode())
        try:
            yield named(postgres_url, name)
        finally:
            _end_others(connection, name)
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _end_others(connection: psycopg.Connection, name: str) -> None:
    """End what is connected to a database; DROP would look again after a tenth of a second."""
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    for _ in range(100):
        if not connection.execute(ends, (name,)).rowcount:
            return
        time.sleep(0.001)
