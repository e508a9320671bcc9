"""A carrier in the test's hands: it signs webhooks, serves REST, and fails where it is told to."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

from twilio.request_validator import RequestValidator

from core.config import SIMULATED_SID

ACCOUNT = "AC" + SIMULATED_SID
HELPLINE = "+82220000120"
SLOW_SECONDS = 10.0
ASKS_AGAIN_SECONDS_MAX = 40.0
_CALL = re.compile(r"/2010-04-01/Accounts/\w+/Calls/(CA\w+)\.json")


def new_sid() -> str:
    """Return the sid of a new leg."""
    return "CA" + uuid.uuid4().hex


@dataclass(frozen=True)
class Heard:
    """What the line answered: HTTP status, the document, and the seconds it took."""

    status: int
    document: ElementTree.Element
    seconds: float

    def link(self, verb: str, attribute: str) -> str:
        """Return the URL that a verb of the document names."""
        found = self.document.find(f".//{verb}")
        assert found is not None, ElementTree.tostring(self.document, "unicode")
        return found.attrib[attribute] if attribute else (found.text or "")

    @property
    def said(self) -> str:
        """Everything that is spoken."""
        return " ".join(say.text or "" for say in self.document.iter("Say"))


class Carrier:
    """The carrier's two faces. faults: leg -> "slow", "failing" or "dropped"; others are served.

    moves: leg -> the URLs it was sent to by REST. tries: leg -> when each request for it came.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.faults: dict[str, str] = {}
        self.moves: dict[str, list[str]] = {}
        self.tries: dict[str, list[float]] = {}
        self._validator = RequestValidator(SIMULATED_SID)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where its REST face listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()

    def ask(self, url: str, leg: str, **form: str) -> Heard:
        """Send one signed webhook for `leg`; url: absolute, or a path of ours."""
        if url.startswith("/"):
            url = self.base_url + url
        form = {"CallSid": leg, "AccountSid": ACCOUNT, "CallStatus": "in-progress"} | form
        signature = self._validator.compute_signature(url, form)
        request = urllib.request.Request(
            url, urlencode(form).encode(), {"X-Twilio-Signature": signature}
        )
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                status, body = refused.code, refused.read()
        seconds = time.monotonic() - began
        return Heard(status, ElementTree.fromstring(body or b"<Response/>"), seconds)

    def insist(self, url: str, leg: str, **form: str) -> Heard:
        """Send a webhook again until the line is there, as connection overrides make it do."""
        deadline = time.monotonic() + ASKS_AGAIN_SECONDS_MAX
        while True:
            try:
                return self.ask(url, leg, **form)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def moved(self, leg: str, seconds_max: float) -> str:
        """Wait until `leg` is sent elsewhere; return the URL."""
        deadline = time.monotonic() + seconds_max
        while not self.moves.get(leg):
            assert time.monotonic() < deadline, f"{leg} was not moved; tries: {self.tries}"
            time.sleep(0.02)
        return self.moves[leg].pop(0)


def _handler(carrier: Carrier) -> type[BaseHTTPRequestHandler]:
    class Rest(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            found = _CALL.fullmatch(self.path)
            leg = found[1] if found else new_sid()
            carrier.tries.setdefault(leg, []).append(time.monotonic())
            fault = carrier.faults.get(leg)
            if fault == "dropped":
                self.close_connection = True
                return
            if fault == "failing":
                self._answer(500, {"code": 20500, "message": "Internal", "status": 500})
                return
            if fault == "slow":
                time.sleep(SLOW_SECONDS)
            else:
                url = dict(parse_qsl(body)).get("Url")
                if url:
                    carrier.moves.setdefault(leg, []).append(url)
            self._answer(200, {"sid": leg, "status": "in-progress"})

        def do_GET(self) -> None:
            found = _CALL.fullmatch(self.path)
            leg = found[1] if found else ""
            self._answer(200, {"sid": leg, "status": "in-progress", "calls": []})

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            raw = json.dumps(said).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            except OSError:
                self.close_connection = True  # who asked has given up

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Rest
