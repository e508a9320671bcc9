"""`python app.py` as a stranger runs it: real processes, killed and stopped in every way."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.stranger import ROOT, STOP_SECONDS_MAX, Stranger, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def machine() -> Iterator[Stranger]:
    with tempfile.TemporaryDirectory(prefix="helpline-start-") as directory:
        stranger = Stranger(Path(directory) / "var")
        try:
            stranger.start()
            yield stranger
        except BaseException:
            stranger.give_up()
            raise
        assert stranger.signal(signal.SIGTERM, STOP_SECONDS_MAX + 5) == 0
        assert until(lambda: not stranger.left(), 3), stranger.left()


def terminal(machine: Stranger) -> str:
    return (machine.var.parent / "terminal.txt").read_text()


def test_the_pages_and_logins_are_told(machine: Stranger) -> None:
    assert until(lambda: "Ctrl+C" in terminal(machine), 20)
    assert f"http://127.0.0.1:{machine.port}/login" in terminal(machine)
    assert f"http://127.0.0.1:{machine.phones}/" in terminal(machine)
    assert "haneul" in terminal(machine)


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_killed_child_comes_back(machine: Stranger, name: str) -> None:
    old = machine.kill(name)
    assert until(lambda: machine.pid(name) != old, 10)
    assert until(machine.ready, 20)


def test_a_killed_database_comes_back(machine: Stranger) -> None:
    machine.kill_postgres()
    assert until(lambda: not machine.ready(), 5)
    assert until(machine.ready, 20)


def test_a_killed_redis_costs_no_readiness_and_comes_back(machine: Stranger) -> None:
    old = machine.kill("valkey")
    assert machine.ready()
    assert until(lambda: machine.pid("valkey") != old, 10)
    assert until(lambda: machine.told()["redis"] == "ok", 10)


def test_a_second_start_is_refused(machine: Stranger) -> None:
    second = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        env={"PATH": os.environ["PATH"], "HELPLINE_VAR": str(machine.var)},
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 2
    assert b"Already running" in second.stderr
    assert machine.ready()


def test_a_body_too_large_is_refused_before_it_is_sent(machine: Stranger) -> None:
    connection = HTTPConnection("127.0.0.1", machine.port, timeout=5)
    connection.putrequest("POST", "/ivr/voice")
    connection.putheader("Content-Length", "1100000")
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert machine.ready()


def test_after_a_kill_of_all_the_next_start_mends(machine: Stranger) -> None:
    assert machine.signal(signal.SIGKILL, 5) == -signal.SIGKILL
    machine.start()
    assert "Could not start" not in terminal(machine)


def test_the_end_is_prompt_and_leaves_nothing(machine: Stranger) -> None:
    began = time.monotonic()
    assert machine.signal(signal.SIGTERM, STOP_SECONDS_MAX) == 0
    assert time.monotonic() - began < STOP_SECONDS_MAX
    assert machine.left() == []
    machine.start()
