"""The exchange on the wall clock: its REST face, and whatever telephones are plugged in."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from simulator.exchange import Exchange
from simulator.kernel import LoopKernel
from simulator.phones import routes as phones
from simulator.rest import Rest
from simulator.rest_values import API_VERSION
from simulator.settings import Settings
from simulator.transport_http import HttpTransport

log = logging.getLogger(__name__)

EXCHANGE: Final[web.AppKey[Exchange]] = web.AppKey("exchange", Exchange)
HOST: Final = "127.0.0.1"
STOP_SECONDS_MAX: Final = 5.0


def build(settings: Settings) -> web.Application:
    """The aiohttp application of one exchange; it lives on the loop that runs it."""
    app = web.Application(client_max_size=256 * 1024)
    transport = HttpTransport()
    exchange = Exchange(LoopKernel(), settings, transport)
    app[EXCHANGE] = exchange
    rest = Rest(exchange)

    async def serve(request: web.Request) -> web.Response:
        return await _serve(rest, request)

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        yield
        await transport.close()

    app.router.add_route("*", f"/{API_VERSION}/{{tail:.*}}", serve)
    app.cleanup_ctx.append(lifetime)
    phones.add(app, exchange)
    return app


async def _serve(rest: Rest, request: web.Request) -> web.Response:
    body = (await request.read()).decode("utf-8", "replace")
    form = parse_qsl(body, keep_blank_values=True) if request.method == "POST" else []
    query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
    auth = _basic(request.headers.get("Authorization", ""))
    answer = rest.handle(request.method, request.rel_url.raw_path, query, form, auth)
    headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if answer.status == 401 else {}
    if answer.json is None:
        return web.Response(status=answer.status, headers=headers)
    return web.Response(
        status=answer.status,
        text=json.dumps(answer.json, ensure_ascii=False),
        content_type="application/json",
        headers=headers,
    )


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


async def serve_until(settings: Settings, stop: asyncio.Event) -> None:
    """Listen on the settings' port of this machine until `stop` is set."""
    runner = web.AppRunner(build(settings), access_log=None, shutdown_timeout=STOP_SECONDS_MAX)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, settings.port).start()
        log.info("the exchange listens on http://%s:%d", HOST, settings.port)
        await stop.wait()
    finally:
        await runner.cleanup()
