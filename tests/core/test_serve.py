"""The web server: streams flow at once, never crowd out a call, and do not hold up the end."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from core.serve import THREADS
from core.streams import STREAMS_MAX

ROOT = Path(__file__).resolve().parents[2]

SERVER = """
import itertools, sys
from flask import Flask, Response
from core import problems
from core.config import load_config
from core.live import StillLive
from core.serve import serve
from core.streams import stream

live, count = StillLive(), itertools.count()
app = Flask(__name__)
problems.install(app)
shown = lambda: str(next(count))
app.get("/stream", endpoint="stream")(lambda: stream(live, "desk", "desk", shown))
app.get("/ring", endpoint="ring")(lambda: (live.ring("desk"), "rung")[1])
keys = {"SECRET_KEY": "x" * 32, "DATA_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
serve(app, load_config(keys | {"PORT": sys.argv[1]}))
"""


class Web:
    """A web process of its own."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.port)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            try:
                self.get("/ring").close()
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        self.process.wait()
        raise AssertionError("the server did not come up")

    def get(self, path: str) -> HTTPResponse:
        """Request a page and return it open."""
        opened: HTTPResponse = urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}{path}", timeout=5
        )
        return opened


@pytest.fixture
def web() -> Iterator[Web]:
    running = Web()
    yield running
    running.process.kill()
    running.process.wait()


def next_event(page: HTTPResponse) -> bytes:
    """Return the next line of data, whatever heartbeats come before."""
    while True:
        line = page.readline()
        if line.startswith(b"data:"):
            return line


def test_a_ring_is_seen_at_once(web: Web) -> None:
    with web.get("/stream") as page:
        first = next_event(page)
        rung = time.monotonic()
        web.get("/ring").close()
        assert next_event(page) != first
        assert time.monotonic() - rung < 1.0


def test_who_hangs_up_gives_the_seat_back_at_the_next_ring(web: Web) -> None:
    pages = [web.get("/stream") for _ in range(STREAMS_MAX)]
    for page in pages:
        next_event(page)
        page.close()
    time.sleep(0.2)
    web.get("/ring").close()
    time.sleep(0.5)
    with web.get("/stream") as again:
        assert again.status == 200


def test_all_streams_together_leave_room_for_calls_and_end_with_the_server(web: Web) -> None:
    assert STREAMS_MAX <= THREADS - 12
    pages = [web.get("/stream") for _ in range(STREAMS_MAX)]
    for page in pages:
        next_event(page)
    with pytest.raises(urllib.error.HTTPError) as refused:
        web.get("/stream")
    assert refused.value.code == 503
    refused.value.close()
    asked = time.monotonic()
    web.get("/ring").close()
    assert time.monotonic() - asked < 1.0
    ended = time.monotonic()
    web.process.send_signal(signal.SIGTERM)
    assert web.process.wait(8) == 0
    assert time.monotonic() - ended < 5.0
    for page in pages:
        page.close()
