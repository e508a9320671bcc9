"""HTTP routes of the telephones: the page, its files, its tokens, and the SDK's websocket."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from simulator.media import pcm
from simulator.phones.browser_phone import PHONE_IDENTITY, Studio
from simulator.phones.library import SoundLibrary
from simulator.phones.speech import Speaker, espeak_path
from simulator.signalling import Signalling
from simulator.signalling_token import TokenKeys, mint

if TYPE_CHECKING:
    from simulator.exchange import Exchange

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_SPEECH_FOLDER = _ROOT / "var" / "speech"
# The page's files by URL. The softphone and the SDK are those that the counselor's desk uses, read
# as files: the exchange imports nothing of the server.
_FILES: dict[str, tuple[Path, str]] = {
    "/": (_HERE / "page.html", "text/html"),
    "/phones/page.css": (_HERE / "page.css", "text/css"),
    "/phones/page.js": (_HERE / "page.js", "text/javascript"),
    "/phones/captions.js": (_HERE / "captions.js", "text/javascript"),
    "/phones/words.js": (_HERE / "words.js", "text/javascript"),
    "/phones/softphone.js": (_ROOT / "core/static/softphone.js", "text/javascript"),
    "/phones/vendor/twilio/twilio.min.js": (
        _ROOT / "core/static/vendor/twilio/twilio.min.js",
        "text/javascript",
    ),
}
# A Korean number in national form (010-1234-5678) or any number in E.164.
_NATIONAL = re.compile(r"^0\d{7,10}$")
_E164 = re.compile(r"^\+[1-9]\d{6,14}$")


def add(app: web.Application, exchange: Exchange) -> None:
    """Mount the telephones on `app`; from now on `exchange` waits as long as its speech lasts."""
    settings = exchange.settings
    keys = TokenKeys(settings.account_sid, settings.api_key_sid, settings.api_key_secret)
    library = SoundLibrary(
        Speaker(_SPEECH_FOLDER, espeak_path()), f"http://127.0.0.1:{settings.port}/"
    )
    studio = Studio(exchange, library)
    signalling = Signalling(keys, studio)
    exchange.sound_seconds = library.seconds
    for path, (file, content_type) in _FILES.items():
        app.router.add_get(path, _file(file, content_type))
    app.router.add_post("/phones/token", _token(keys))
    app.router.add_get("/signal", signalling.serve)
    app.on_startup.append(_warm_up)

    async def close(_: web.Application) -> None:
        await signalling.close()
        await studio.close()

    app.on_shutdown.append(close)


def e164(number: str) -> str | None:
    """Return a telephone number as typed by a person in E.164, or None if it is none.

    National Korean numbers start with 0; everything else needs its +.
    """
    typed = re.sub(r"[\s().-]", "", number)
    if _NATIONAL.match(typed):
        return "+82" + typed[1:]
    return typed if _E164.match(typed) else None


def _file(path: Path, content_type: str) -> Handler:
    async def serve(request: web.Request) -> web.Response:
        headers = {"Cache-Control": "no-cache"}
        return web.Response(
            text=path.read_text("utf-8"), content_type=content_type, headers=headers
        )

    return serve


def _token(keys: TokenKeys) -> Handler:
    async def token(request: web.Request) -> web.Response:
        """Give the page a token for its number: 200 with `token`, `number`; 400 if it is none."""
        try:
            body = await request.json()
            number = e164(str(body["number"]))
        except (ValueError, KeyError, TypeError):
            number = None
        if number is None:
            return web.json_response({"error": "number"}, status=400)
        identity = PHONE_IDENTITY + number.removeprefix("+")
        minted = mint(keys, identity, int(time.time()))
        return web.json_response({"token": minted, "number": number, "identity": identity})

    return token


async def _warm_up(_: web.Application) -> None:
    # The music takes a tenth of a second to make: better now than in the middle of a call.
    pcm.hold_music()
    pcm.ringback()
