"""What stands in for wires in a simulated day: the clock, the API's HTTP, the carrier's REST."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from twilio.http import HttpClient
from twilio.http.response import Response as TwilioResponse
from twilio.rest import Client

from core.config import Config
from ivr.carrier import TwilioCarrier
from simulator.api_user import Answer
from simulator.kernel import VirtualKernel
from simulator.rest import Rest

API = "/api/v1"
CARRIER_SECONDS_MAX = 5.0


class KernelClock:
    """The application's clock: the exchange's virtual one, off by what somebody set it wrong."""

    def __init__(self, kernel: VirtualKernel) -> None:
        self.off_by = timedelta()
        self._kernel = kernel

    def now(self) -> datetime:
        """The time as the application sees it."""
        return self._kernel.now() + self.off_by


class WsgiServer:
    """The JSON API, called in process as a real server would call it."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Answer:
        sent = json.dumps(body).encode() if body is not None else b""
        environ = _environ(method, API + path, sent)
        if token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        if key:
            environ["HTTP_IDEMPOTENCY_KEY"] = key
        status, raw = self._call(environ)
        return Answer(status, _read(raw))

    def get(self, url: str) -> bytes:
        """A file of the server, such as its hold music."""
        return self._call(_environ("GET", urlsplit(url).path, b""))[1]

    def _call(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        statuses: list[int] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            statuses.append(int(status.split(" ", 1)[0]))
            return lambda chunk: None

        chunks = self._app(environ, start_response)
        raw = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return statuses[-1], raw


def _read(raw: bytes) -> dict[str, Any]:
    """The body as JSON; a table for a spreadsheet as its text."""
    if not raw.startswith((b"{", b"[")):
        return {"text": raw.decode()} if raw else {}
    read: dict[str, Any] = json.loads(raw)
    return read


def _environ(method: str, path: str, sent: bytes) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8120",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8120",
        "CONTENT_LENGTH": str(len(sent)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if sent:
        environ["CONTENT_TYPE"] = "application/json"
    return environ


class RestWire(HttpClient):  # type: ignore[misc]
    """Carries the Twilio library's requests straight into the exchange's REST face."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def request(
        self,
        method: str,
        uri: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: Any = None,
        allow_redirects: bool = False,
    ) -> TwilioResponse:
        answer = self._rest.handle(method, urlsplit(uri).path, _pairs(params), _pairs(data), auth)
        text = "" if answer.json is None else json.dumps(answer.json)
        return TwilioResponse(answer.status, text)


def _pairs(values: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Form pairs as the library would put them on the wire; a list repeats its name."""
    pairs = []
    for name, value in (values or {}).items():
        each = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(item)) for item in each]
    return pairs


class InProcessCarrier(TwilioCarrier):
    """The application's own carrier adapter, with the real library, over the wire above."""

    def __init__(self, config: Config, rest: Rest, wire: RestWire | None = None) -> None:
        super().__init__(config.carrier, config.helpline_number, CARRIER_SECONDS_MAX)
        carrier = config.carrier
        wire = wire or RestWire(rest)
        self._made = Client(carrier.account_sid, carrier.auth_tokens[0], http_client=wire)

    def _client(self) -> Client:
        return self._made
