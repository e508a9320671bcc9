"""Webhooks over real HTTP, on the asyncio loop of the wall clock."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from simulator.transport import Done, Failure, Outcome, Request, Response

BODY_BYTES_MAX = 65_536 * 4
"""Reading stops here; the interpreter refuses far smaller documents anyway."""


class HttpTransport:
    """Sends requests byte for byte as given; certificates are checked as the carrier does."""

    def __init__(self) -> None:
        """Open the connection pool at the first request, when a loop runs."""
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def request(self, request: Request, done: Done) -> None:
        """Send in the background; see Transport."""
        task = asyncio.get_running_loop().create_task(self._run(request, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way and close the connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _run(self, request: Request, done: Done) -> None:
        done(await self._outcome(request))

    async def _outcome(self, request: Request) -> Outcome:
        limits = aiohttp.ClientTimeout(
            total=request.timeout_seconds, sock_connect=request.connect_seconds
        )
        body = urlencode(request.params).encode() if request.method == "POST" else None
        headers = dict(request.headers)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        try:
            async with self._pool().request(
                request.method,
                URL(request.url, encoded=True),
                data=body,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
            ) as answer:
                return await _read(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ssl.SSLError) as why:
            return Failure("connect", type(why).__name__)
        except TimeoutError:
            return Failure("timeout", "no answer in time")
        except (aiohttp.ClientError, ValueError) as why:
            return Failure("broken", type(why).__name__)

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=("Content-Type",)
            )
        return self._session


async def _read(answer: aiohttp.ClientResponse) -> Response:
    body = await answer.content.read(BODY_BYTES_MAX)
    while len(body) < BODY_BYTES_MAX and (more := await answer.content.read(BODY_BYTES_MAX)):
        body += more
    headers = {name.lower(): value for name, value in answer.headers.items()}
    cookies = tuple((name, morsel.value) for name, morsel in answer.cookies.items())
    return Response(answer.status, headers, body, cookies)
