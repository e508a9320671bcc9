"""Webhooks to a WSGI application in the same process, on the virtual clock."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from simulator.kernel import Kernel
from simulator.transport import Done, Outcome, Request, Response

log = logging.getLogger(__name__)


class WsgiTransport:
    """Calls a WSGI application as a real server would, raw request target included."""

    def __init__(
        self, app: Callable[..., Iterable[bytes]], kernel: Kernel, latency_seconds: float = 0.05
    ) -> None:
        """Serve from `app`; a round trip takes `latency_seconds`, half of it each way."""
        self._app = app
        self._kernel = kernel
        self._half = latency_seconds / 2

    def request(self, request: Request, done: Done) -> None:
        """Schedule the call and its answer; see Transport."""

        def arrive() -> None:
            outcome = self.call(request)
            self._kernel.at(self._half, lambda: done(outcome))

        self._kernel.at(self._half, arrive)

    def call(self, request: Request) -> Outcome:
        """Call the application now; one that raises answers 500, as behind a server."""
        caught: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            caught.append((status, headers))
            return lambda chunk: None

        try:
            body = _collect(self._app(environ_of(request), start_response))
        except Exception:
            log.exception("the application raised on a webhook")
            return Response(500, {}, b"")
        status, headers = caught[-1]
        return Response(
            int(status.split(" ", 1)[0]),
            {name.lower(): value for name, value in headers},
            body,
            tuple(_cookie(value) for name, value in headers if name.lower() == "set-cookie"),
        )


def _collect(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


def _cookie(header: str) -> tuple[str, str]:
    name, _, value = header.split(";", 1)[0].partition("=")
    return name.strip(), value.strip()


def environ_of(request: Request) -> dict[str, Any]:
    """The WSGI environment of a request, with REQUEST_URI and RAW_URI as it stood on the wire."""
    parts = urlsplit(request.url)
    target = parts.path or "/"
    raw = f"{target}?{parts.query}" if parts.query else target
    body = urlencode(request.params).encode() if request.method == "POST" else b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(target).decode("latin-1"),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": raw,
        "RAW_URI": raw,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if request.method == "POST":
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded; charset=UTF-8"
    for name, value in request.headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ
