"""A carrier on the loopback that fails as it is told, and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Says:
    """One answer: HTTP status and body; `after` seconds; hang up instead where status is 0."""

    status: int
    body: str
    after: float = 0.0


def call(sid: str, status: str = "in-progress", http: int = 200) -> Says:
    """A call resource."""
    return Says(http, json.dumps({"sid": sid, "status": status}))


def calls(*sids: str, status: str = "ringing") -> Says:
    """A page of calls, live ones by default."""
    page = {
        "calls": [{"sid": sid, "status": status} for sid in sids],
        "page": 0,
        "page_size": 20,
        "uri": "/x",
        "next_page_uri": None,
    }
    return Says(200, json.dumps(page))


def error(status: int, code: int) -> Says:
    """An error in the carrier's form."""
    body = {"code": code, "message": "no", "more_info": "", "status": status}
    return Says(status, json.dumps(body))


@dataclass(frozen=True)
class Asked:
    """One request: method, path and form (or query)."""

    method: str
    path: str
    form: dict[str, list[str]]


@dataclass
class FailingCarrier:
    """What it will say, in turn (the last answer again and again), and what it was asked."""

    url: str = ""
    says: list[Says] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Says:
        """Return the next answer."""
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    @property
    def rings(self) -> list[Asked]:
        """The requests that make a telephone ring."""
        return [
            asked
            for asked in self.asked
            if asked.method == "POST" and asked.path.endswith("/Calls.json")
        ]


@contextmanager
def failing_carrier() -> Iterator[FailingCarrier]:
    """Run one for the time of a test."""
    carrier = FailingCarrier()

    class Handler(BaseHTTPRequestHandler):
        """Answers what it was told to."""

        def _take(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length).decode() if length else parts.query
            asked = Asked(self.command, parts.path, parse_qs(text, keep_blank_values=True))
            carrier.asked.append(asked)
            said = carrier.next()
            if said.after:
                carrier.released.wait(said.after)
            if said.status == 0:
                self.close_connection = True
                return
            self.send_response(said.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said.body.encode())))
            self.end_headers()
            self.wfile.write(said.body.encode())

        do_GET = do_POST = _take

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    carrier.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield carrier
    finally:
        carrier.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
