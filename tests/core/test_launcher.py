"""Children are started again when they fall, and none is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.launcher import (
    BACKOFF_SECONDS,
    STEADY_SECONDS,
    AlreadyRunning,
    Backoff,
    Child,
    Launcher,
    PortTaken,
    hold,
    require_free,
)

SLEEPER = [sys.executable, "-c", "import time\nprint('up', flush=True)\ntime.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal,time\nsignal.signal(15,signal.SIG_IGN)\nprint('up',flush=True)\ntime.sleep(60)",
]


def child(var: Path, command: list[str], name: str = "sleeper") -> Child:
    return Child(name, command, dict(os.environ), var, own_log=True)


def pid_of(var: Path, name: str = "sleeper") -> int:
    return int((var / f"{name}.pid").read_text())


def await_up(var: Path, times: int = 1) -> None:
    deadline = time.monotonic() + 10
    log = var / "log" / "sleeper.log"
    while time.monotonic() < deadline:
        if log.exists() and log.read_text().count("up") >= times:
            return
        time.sleep(0.02)
    raise AssertionError("the child did not come up")


def test_a_fallen_child_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    launcher = Launcher(said.append)
    launcher.add_child(child(tmp_path, SLEEPER))
    first = pid_of(tmp_path)
    os.kill(first, signal.SIGKILL)
    launcher.keep(until=lambda: pid_of(tmp_path) != first)
    await_up(tmp_path)
    launcher.stop()
    assert len(said) == 1
    assert "sleeper" in said[0]
    assert not (tmp_path / "sleeper.pid").exists()


def test_a_child_that_will_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.launcher.CHILD_STOP_SECONDS_MAX", 0.3)
    launcher, deaf = Launcher(lambda _: None), child(tmp_path, DEAF)
    launcher.add_child(deaf)
    await_up(tmp_path)
    launcher.stop()
    assert not deaf.alive()


def test_what_a_killed_launcher_left_is_ended_first(tmp_path: Path) -> None:
    left = subprocess.Popen(SLEEPER, stdout=subprocess.PIPE)
    assert left.stdout is not None
    left.stdout.readline()
    (tmp_path / "sleeper.pid").write_text(str(left.pid))
    child(tmp_path, SLEEPER).end_orphan()
    assert left.wait(5) == -signal.SIGTERM
    left.stdout.close()


def test_another_program_under_a_remembered_id_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (tmp_path / "sleeper.pid").write_text(str(other.pid))
    child(tmp_path, SLEEPER).end_orphan()
    assert other.poll() is None
    other.kill()
    other.wait()


def test_rests_double_up_to_the_longest_and_are_forgotten() -> None:
    backoff = Backoff()
    backoff.started(0.0)
    rests = [backoff.rest(0.1) for _ in range(8)]
    assert rests[:3] == [0.2, 0.4, 0.8]
    assert rests[-1] == BACKOFF_SECONDS[1]
    assert backoff.rest(STEADY_SECONDS + 1) == BACKOFF_SECONDS[0]


def test_one_directory_is_held_by_one_process(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(AlreadyRunning, match="HELPLINE_VAR"):
        hold(tmp_path)
    hold(tmp_path).close()


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port}.*SIMULATOR_PORT"):
            require_free("127.0.0.1", port, "SIMULATOR_PORT")
    require_free("127.0.0.1", port, "PORT")


def test_a_log_grown_too_long_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.launcher.LOG_BYTES_MAX", 10)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "sleeper.log").write_text("a line from the day before")
    launcher = Launcher(lambda _: None)
    launcher.add_child(child(tmp_path, SLEEPER))
    await_up(tmp_path)
    launcher.stop()
    assert (tmp_path / "log" / "sleeper.log.1").read_text().startswith("a line")
