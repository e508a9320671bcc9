"""The proxy before the two webs, as `deploy/nginx.conf.example` has it, on the driver's loop.

A web that is down, or dies before its answer begins, is passed over: the other one gets the same
request. That is safe because the line's inbox and the API's Idempotency-Key make a repeat harmless.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host", "content-length"})
ANSWER_SECONDS_MAX = 20.0
Watcher = Callable[[str, str], None]


@dataclass
class Passed:
    """How many requests came, were handed to the other web, and found none."""

    requests: int = 0
    failed_over: int = 0
    refused: int = 0


class Front:
    """Passes requests to the webs in turn.

    watchers: told (web, path) as a request goes there. refused_at: when (monotonic) none was up.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.passed = Passed()
        self.refused_at: list[float] = []
        self.watchers: list[Watcher] = []
        self._ports = dict(ports)
        self._turn = 0
        self._session: aiohttp.ClientSession | None = None

    def begin_count(self) -> None:
        """Forget what was passed and refused so far: while the webs came up."""
        self.passed = Passed()
        self.refused_at.clear()

    def application(self) -> web.Application:
        """Return what the driver's loop serves."""
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, _app: web.Application) -> None:
        if self._session is not None:
            await self._session.close()

    async def _serve(self, request: web.Request) -> web.Response:
        self.passed.requests += 1
        body = await request.read()
        names = list(self._ports)
        self._turn += 1
        first = self._turn % len(names)
        for number, name in enumerate([*names[first:], *names[:first]]):
            try:
                answer = await self._pass(name, request, body)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                continue
            except TimeoutError:
                return web.Response(status=504)
            self.passed.failed_over += number > 0
            return answer
        self.passed.refused += 1
        self.refused_at.append(time.monotonic())
        return web.Response(status=502)

    async def _pass(self, name: str, request: web.Request, body: bytes) -> web.Response:
        if self._session is None:
            limits = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX, sock_connect=1.0)
            self._session = aiohttp.ClientSession(
                timeout=limits,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(force_close=True),
            )
        headers = {key: value for key, value in request.headers.items() if key.lower() not in HOP}
        headers["Host"] = request.host
        headers["X-Forwarded-For"] = "127.0.0.1"
        url = f"http://127.0.0.1:{self._ports[name]}{request.raw_path}"
        for watcher in self.watchers:
            watcher(name, request.path)
        target = URL(url, encoded=True)
        async with self._session.request(
            request.method, target, data=body or None, headers=headers, allow_redirects=False
        ) as answer:
            said = await answer.read()
            kept = {key: value for key, value in answer.headers.items() if key.lower() not in HOP}
            kept.pop("Content-Encoding", None)
            return web.Response(status=answer.status, body=said, headers=kept)


async def listen(app: web.Application, port: int) -> web.AppRunner:
    """Serve `app` on a port of this machine; clean the runner up at the end."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.sleep(0)
    return runner
