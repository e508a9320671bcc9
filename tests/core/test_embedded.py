"""The embedded servers start, mend what a kill left, and leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from core.embedded import EmbeddedPostgres, EmbeddedValkey, end_orphan, socket_directory
from tests.databases import plain

ROOT = Path(__file__).resolve().parents[2]

LEAVER = """
import sys, time
from pathlib import Path
from core.embedded import EmbeddedPostgres, EmbeddedValkey
where = Path(sys.argv[1])
EmbeddedPostgres(where, durable=False).start()
EmbeddedValkey(where).start()
print("up", flush=True)
time.sleep(60)
"""


def _value(server: EmbeddedPostgres) -> int:
    with psycopg.connect(plain(server.url())) as connection:
        row = connection.execute("SELECT kept FROM memory").fetchone()
    assert row is not None
    return int(row[0])


def _remember(server: EmbeddedPostgres) -> None:
    with psycopg.connect(plain(server.url())) as connection:
        connection.execute("CREATE TABLE memory AS SELECT 120 AS kept")


def test_what_was_committed_outlives_a_killed_owner(servers_directory: Path) -> None:
    where = servers_directory / "killed"
    owner = subprocess.Popen(
        [sys.executable, "-c", LEAVER, str(where)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"up\n"
    _remember(EmbeddedPostgres(where))
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    again, memory = EmbeddedPostgres(where, durable=False), EmbeddedValkey(where)
    try:
        again.start()
        memory.start()
        assert _value(again) == 120
        with redis.Redis.from_url(memory.url()) as client:
            assert client.ping()
    finally:
        again.stop()
        memory.stop()
    assert not again.alive()
    assert not memory.alive()
    assert not (where / "postgres" / "postmaster.pid").exists()


def test_only_the_owner_may_connect(servers_directory: Path) -> None:
    server = EmbeddedValkey(servers_directory / "private")
    server.start()
    try:
        assert server.socket.stat().st_mode & 0o077 == 0
    finally:
        server.stop()


def test_a_long_directory_name_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    assert len(str(socket_directory(long))) < 100
    assert socket_directory(long) == socket_directory(long)
    assert socket_directory(long) != socket_directory(tmp_path / ("y" * 120))


@pytest.mark.parametrize("mark", ["helpline-orphan"])
def test_an_orphan_that_ignores_the_signal_is_killed(mark: str) -> None:
    deaf = "import signal,time;signal.signal(2,signal.SIG_IGN);print(1,flush=True);time.sleep(60)"
    orphan = subprocess.Popen([sys.executable, "-c", deaf, mark], stdout=subprocess.PIPE)
    assert orphan.stdout is not None
    orphan.stdout.readline()
    began = time.monotonic()
    end_orphan(orphan.pid, mark, signal.SIGINT, 0.3)
    assert orphan.wait(5) == -signal.SIGKILL
    assert time.monotonic() - began < 3
    orphan.stdout.close()


def test_another_program_with_the_same_process_id_is_left_alone() -> None:
    end_orphan(os.getpid(), "no such word in this command line", signal.SIGKILL, 0.0)
    assert os.getpid() > 0
