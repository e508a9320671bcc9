"""Keeps a handful of processes running until told to stop, and leaves none behind."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from core.embedded import EmbeddedFailed, die_with_parent, end_orphan

BACKOFF_SECONDS = (0.2, 5.0)  # first and longest rest before a child is started again
STEADY_SECONDS = 10.0  # up for this long, a child's next fall is its first again
CHILD_STOP_SECONDS_MAX = 4.0
ORPHAN_SECONDS_MAX = 6.0
LOG_BYTES_MAX = 10_000_000
POLL_SECONDS = 0.1


class AlreadyRunning(Exception):
    """Another start of this program holds the same directory. Stop it, or set HELPLINE_VAR."""


class PortTaken(Exception):
    """Another program listens where we are to listen. Stop it, or set another port."""


class Server(Protocol):
    """An embedded server: EmbeddedPostgres, EmbeddedValkey."""

    def start(self) -> str:
        """Start it and return its address."""
        ...

    def alive(self) -> bool:
        """Tell whether it runs."""
        ...

    def stop(self) -> None:
        """Stop it and wait."""
        ...


class Backoff:
    """How long to rest before the next try; doubles with each, forgets after a steady while."""

    def __init__(self) -> None:
        self._rest, self._began = BACKOFF_SECONDS[0], 0.0

    def started(self, moment: float) -> None:
        """Note a start. moment: monotonic seconds."""
        self._began = moment

    def rest(self, moment: float) -> float:
        """Return the seconds to rest after a fall at `moment`."""
        if moment - self._began > STEADY_SECONDS:
            self._rest = BACKOFF_SECONDS[0]
        rest, self._rest = self._rest, min(self._rest * 2, BACKOFF_SECONDS[1])
        return rest


class Child:
    """One process of ours. log: where its output goes; None leaves it on the terminal."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str],
        var: Path,
        *,
        own_log: bool,
    ) -> None:
        self.name = name
        self.log = var / "log" / f"{name}.log" if own_log else None
        self._command, self._environ = list(command), dict(environ)
        self._pid_file = var / f"{name}.pid"
        self._process: subprocess.Popen[bytes] | None = None

    def end_orphan(self) -> None:
        """End what a killed launcher left of this child."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        end_orphan(pid, " ".join(self._command[1:]), signal.SIGTERM, ORPHAN_SECONDS_MAX)

    def start(self) -> str:
        """Start the process and return its name."""
        with _opened(self.log) as out:
            self._process = subprocess.Popen(
                self._command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl+C reaches the launcher alone, which ends in order
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        self._pid_file.write_text(str(self._process.pid))
        return self.name

    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once."""
        if self._process is not None and self.alive():
            self._process.terminate()

    def stop(self) -> None:
        """Wait for the end, then kill."""
        if self._process is None:
            return
        try:
            self._process.wait(CHILD_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)


def _opened(log: Path | None) -> IO[bytes]:
    if log is None:
        return os.fdopen(os.dup(sys.stderr.fileno()), "wb")
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


class Launcher:
    """Runs embedded servers and children; starts again what fell; stops all in order.

    say: tells the person at the terminal one line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._servers: list[tuple[str, Server]] = []
        self._children: list[Child] = []
        self._backoff: dict[str, Backoff] = {}
        self._again_at: dict[str, float] = {}
        self.stopping = False

    def heed_signals(self) -> None:
        """Let SIGTERM and SIGINT end `keep`."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heed)

    def _heed(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def add_server(self, name: str, server: Server) -> str:
        """Start an embedded server, keep it, and return its address."""
        self._servers.append((name, server))
        return self._start(name, server)

    def add_child(self, child: Child) -> None:
        """Start a child and keep it."""
        self._children.append(child)
        self._start(child.name, child)

    def _start(self, name: str, server: Server) -> str:
        self._backoff.setdefault(name, Backoff()).started(time.monotonic())
        return server.start()

    def keep(self, until: Callable[[], bool] = lambda: False) -> None:
        """Start again whatever falls, until a signal came or `until` says so."""
        while not self.stopping and not until():
            for name, server in (*self._servers, *((c.name, c) for c in self._children)):
                if not server.alive() and not self.stopping:
                    self._revive(name, server)
            time.sleep(POLL_SECONDS)

    def _revive(self, name: str, server: Server) -> None:
        moment = time.monotonic()
        if name not in self._again_at:
            rest = self._backoff[name].rest(moment)
            self._again_at[name] = moment + rest
            self._say(f"{name} 종료됨, {rest:.1f}초 뒤 다시 시작 · {name} ended, starting again")
        if moment < self._again_at[name]:
            return
        del self._again_at[name]
        try:
            self._start(name, server)
        except (EmbeddedFailed, OSError) as failed:
            self._say(f"{name}: {failed}")

    def stop(self) -> None:
        """Stop the children together, then the servers, newest first."""
        self.stopping = True
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop()
        for _name, server in reversed(self._servers):
            server.stop()


def hold(directory: Path) -> IO[str]:
    """Take the directory for this process; keep what is returned open. Raises AlreadyRunning.

    The kernel lets go of it with the process, whatever its end.
    """
    directory.mkdir(parents=True, exist_ok=True)
    file = (directory / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise AlreadyRunning(
            f"이미 실행 중입니다 · Already running in {directory}. Stop it, or set HELPLINE_VAR."
        ) from None
    return file


def require_free(host: str, port: int, setting: str) -> None:
    """Raise PortTaken, naming the setting to change, when another program listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortTaken(
                f"포트 {port} 사용 중 · Another program listens on port {port}."
                f" Stop it, or set {setting}."
            ) from None
