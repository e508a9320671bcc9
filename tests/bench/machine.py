"""The real processes on a machine of their own: durable PostgreSQL, Valkey, web, worker."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from core.embedded import EmbeddedPostgres, EmbeddedValkey
from core.schema import upgrade

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS_MAX = 30.0
POLICY = "carrier_calls_per_second_max = 10000\ndecline_rest_seconds = 0.001\n"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Machine:
    """Servers in a directory that is thrown away; processes are ended with it.

    The database writes through to the disk (fsync on), as in production.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="helpline-bench-"))
        self.port, self.carrier_port = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._postgres = EmbeddedPostgres(self.directory, durable=True)
        self._valkey = EmbeddedValkey(self.directory)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environ: dict[str, str] = {}

    def __enter__(self) -> "Machine":
        policy = self.directory / "policy.toml"
        policy.write_text(POLICY, encoding="utf-8")
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HELPLINE_VAR": str(self.directory),
            "HELPLINE_POLICY": str(policy),
            "DATABASE_URL": self._postgres.start(),
            "REDIS_URL": self._valkey.start(),
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": self.base_url,
            "TWILIO_API_BASE_URL": f"http://127.0.0.1:{self.carrier_port}",
        }
        upgrade(self.database_url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self._valkey.stop()
        self._postgres.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.environ["DATABASE_URL"]

    def web(self) -> None:
        """Start the web process as a supervisor would, and wait until it is ready."""
        self.start(["app.py", "web"], {})
        self.await_answer(f"{self.base_url}/readyz")

    def worker(self) -> None:
        """Start the worker process."""
        self.start(["worker.py"], {})

    def start(self, command: list[str], environ: dict[str, str]) -> None:
        """Start a Python process with the machine's settings; its output goes to a file."""
        name = f"{len(self._processes)}.log"
        with (self.directory / name).open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, *command],
                    env=self.environ | environ,
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                )
            )

    def await_answer(self, url: str) -> None:
        """Wait until `url` answers 200. Raises RuntimeError with the processes' last words."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline and all(each.poll() is None for each in self._processes):
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        logs = [file.read_text()[-2000:] for file in sorted(self.directory.glob("[0-9].log"))]
        raise RuntimeError(f"{url} never answered: {logs}")
