"""`python app.py` as a stranger runs it: real processes, killed and stopped in every way."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS_MAX = 10.0

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def until(true: Callable[[], bool], seconds_max: float) -> bool:
    deadline = time.monotonic() + seconds_max
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


class Stranger:
    """A machine on which somebody starts the program."""

    def __init__(self, var: Path) -> None:
        self.var, self.port, self.phones = var, free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run `python app.py` and wait until it says that it is ready."""
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ |= {
            "HELPLINE_VAR": str(self.var),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.phones),
        }
        with (self.var.parent / "terminal.txt").open("ab") as terminal:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py")],
                env=environ,
                cwd="/",
                stdout=terminal,
                stderr=terminal,
            )
        assert until(self.ready, 40), (self.var.parent / "terminal.txt").read_text()

    def ready(self) -> bool:
        """Tell whether /readyz says ready."""
        return self.told()["status"] == "ready"

    def told(self) -> dict[str, str]:
        """Ask /readyz."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=3) as page:
                told: dict[str, str] = json.load(page)
                return told
        except OSError:
            return {"status": "unreachable", "redis": "unknown"}

    def pid(self, name: str) -> int:
        """Return the process id of a child."""
        return int((self.var / f"{name}.pid").read_text())

    def kill(self, name: str) -> int:
        """Kill a child as the kernel's memory watcher would; return its old process id."""
        old = self.pid(name)
        os.kill(old, signal.SIGKILL)
        return old

    def signal(self, number: int, seconds_max: float) -> int:
        """Signal the launcher and return its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(seconds_max)

    def give_up(self) -> None:
        """End the launcher whatever happened before; its children end with it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS_MAX)

    def left(self) -> list[str]:
        """Name every process that still has to do with this machine."""
        found = []
        for process in psutil.process_iter():
            try:
                line = " ".join(process.cmdline())
                environ = process.environ()
            except psutil.Error:
                continue
            if str(self.var) in line or environ.get("HELPLINE_VAR") == str(self.var):
                found.append(line)
        return found


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
    postmaster = int((machine.var / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
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
