"""A machine on which somebody runs `python app.py`: real processes on free ports, any killable."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS_MAX = 10.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def until(true: Callable[[], bool], seconds_max: float) -> bool:
    deadline = time.monotonic() + seconds_max
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


class Stranger:
    """A machine on which somebody starts the program, with `settings` beside the defaults."""

    def __init__(self, var: Path, settings: Mapping[str, str] | None = None) -> None:
        self.var, self.port, self.phones = var, free_port(), free_port()
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run `python app.py` and wait until it says that it is ready."""
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ |= {
            "HELPLINE_VAR": str(self.var),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.phones),
            **self._settings,
        }
        with (self.var.parent / "terminal.txt").open("ab") as terminal:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py")],
                env=environ,
                cwd="/",
                stdout=terminal,
                stderr=terminal,
            )
        assert until(self.ready, 40), self.story()

    def story(self) -> str:
        """Return what the terminal and each log said last, for whoever wonders what went wrong."""
        files = [self.var.parent / "terminal.txt", *sorted((self.var / "log").glob("*.log"))]
        return "\n\n".join(f"{file.name}:\n{file.read_text()[-3000:]}" for file in files)

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

    def kill_postgres(self, number: int = signal.SIGKILL) -> None:
        """End the database server by a signal; SIGQUIT ends its connections at once, too."""
        pid_file = self.var / "postgres" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), number)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Hold a server (postgres, valkey) down while the block lasts; nothing starts it again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        if name == "postgres":
            self.kill_postgres(signal.SIGQUIT)
        else:
            self.kill(name)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def hung_postgres(self) -> Iterator[None]:
        """Stop every process of the database in its tracks; connections stay open, unanswered."""
        pid_file = self.var / "postgres" / "postmaster.pid"
        postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
        stopped = [postmaster, *postmaster.children(recursive=True)]
        for process in stopped:
            process.suspend()
        try:
            yield
        finally:
            for process in stopped:
                process.resume()

    def signal(self, number: int, seconds_max: float) -> int:
        """Signal the launcher and return its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(seconds_max)

    def give_up(self) -> None:
        """End the launcher whatever happened before; its children end with it.

        How soon it ends when asked is held by tests of its own; this only leaves nothing behind.
        """
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

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
