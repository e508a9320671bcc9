"""The simulator's exchange on the wall clock, with its REST face where the killer may step in.

Who asks is found by the other end of the connection, so that a process can be killed with its
order in hand: before the carrier did it, or after, with the answer still to come.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qsl

import psutil
from aiohttp import web

from core.config import SIMULATED_SID
from simulator.exchange import Exchange
from simulator.kernel import LoopKernel
from simulator.rest import Rest
from simulator.settings import Settings
from simulator.sounds import Silence, Sound, estimated_seconds
from simulator.transport_http import HttpTransport

SPEECH_SHARE = 0.4  # what is said takes this share of its time, so that more happens in a minute
StepIn = Callable[[str, int], None]


def sound_seconds(sound: Sound) -> float:
    """Return how long a sound lasts here; silence lasts as long as it does anywhere."""
    share = 1.0 if isinstance(sound, Silence) else SPEECH_SHARE
    return estimated_seconds(sound) * share


class WallExchange:
    """One exchange on the running loop. step_in: told ("asked" or "done", port of who asks)."""

    def __init__(self, public_base_url: str, seed: int) -> None:
        self.transport = HttpTransport()
        settings = Settings(
            auth_token=SIMULATED_SID, public_base_url=public_base_url, seed=f"torture {seed}"
        )
        self.exchange = Exchange(LoopKernel(), settings, self.transport, sound_seconds)
        self.step_in: StepIn = lambda moment, port: None
        self._rest = Rest(self.exchange)

    def application(self) -> web.Application:
        """Return what the driver's loop serves."""
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        form = parse_qsl(body, keep_blank_values=True) if request.method == "POST" else []
        query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
        port = request.transport.get_extra_info("peername")[1] if request.transport else 0
        self.step_in("asked", port)
        if request.transport is None or request.transport.is_closing():
            return web.Response(status=503)
        auth = _basic(request.headers.get("Authorization", ""))
        answer = self._rest.handle(request.method, request.rel_url.raw_path, query, form, auth)
        self.step_in("done", port)
        if answer.json is None:
            return web.Response(status=answer.status)
        text = json.dumps(answer.json, ensure_ascii=False)
        return web.Response(status=answer.status, text=text, content_type="application/json")


def _basic(header: str) -> tuple[str, str] | None:
    if not header.startswith("Basic "):
        return None
    user, _, password = base64.b64decode(header[6:]).decode().partition(":")
    return user, password


def process_at(port: int, pids: dict[str, int]) -> str | None:
    """Return which of `pids` (name -> process id) holds the connection from `port`."""
    for name, pid in pids.items():
        with suppress(psutil.Error):
            connections = psutil.Process(pid).net_connections(kind="tcp")
            if any(each.laddr and each.laddr.port == port for each in connections):
                return name
    return None
