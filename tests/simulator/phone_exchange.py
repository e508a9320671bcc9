"""A whole exchange with its telephones for tests: real sockets, and a small line behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from simulator.exchange import Exchange
from simulator.kernel import LoopKernel
from simulator.phones import routes
from simulator.settings import Settings
from simulator.signalling_token import TokenKeys
from simulator.transport_wsgi import WsgiTransport

Answers = dict[str, str]


class Line:
    """A WSGI application that answers each path with fixed TwiML and keeps what it was sent."""

    def __init__(self, answers: Answers) -> None:
        """`answers`: path -> what goes inside `<Response>`; other paths get an empty one."""
        self.answers = answers
        self.requests: list[tuple[str, dict[str, str]]] = []

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        form = environ["wsgi.input"].read(length).decode()
        path = environ["PATH_INFO"]
        self.requests.append((path, dict(parse_qsl(form, keep_blank_values=True))))
        start_response("200 OK", [("Content-Type", "text/xml; charset=utf-8")])
        return [f"<Response>{self.answers.get(path, '')}</Response>".encode()]

    def asked(self, path: str) -> list[dict[str, str]]:
        """Return the form of each request to `path`, in order."""
        return [form for at, form in self.requests if at == path]


@dataclass
class RunningExchange:
    """Where it listens, and its inside for a look."""

    host: str
    exchange: Exchange
    line: Line

    @property
    def keys(self) -> TokenKeys:
        """What tokens for it are signed with."""
        settings = self.exchange.settings
        return TokenKeys(settings.account_sid, settings.api_key_sid, settings.api_key_secret)


@asynccontextmanager
async def running(answers: Answers, port: int = 0) -> AsyncIterator[RunningExchange]:
    """Run an exchange on this loop, on a free port unless one is given, until the block ends."""
    line = Line(answers)
    kernel = LoopKernel(asyncio.get_running_loop())
    exchange = Exchange(kernel, Settings(), WsgiTransport(line, kernel, 0.0))
    app = web.Application()
    routes.add(app, exchange)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    listening = runner.addresses[0][1]
    try:
        yield RunningExchange(f"127.0.0.1:{listening}", exchange, line)
    finally:
        await runner.cleanup()
