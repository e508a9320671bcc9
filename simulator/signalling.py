"""The websocket between @twilio/voice-sdk 2.18 and the exchange.

The frames, JSON {type, payload, version}, are those found in the SDK's own source; which of them
the carrier really sends in which order is inferred [I] beyond what the SDK relies on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import WSCloseCode, WSMsgType, web

from simulator.phones.browser_phone import BrowserPhone, Studio
from simulator.signalling_token import (
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    TokenKeys,
    TokenRefusedError,
    verify,
)

log = logging.getLogger(__name__)

# The SDK reconnects after 15 s without a frame.
HEARTBEAT_SECONDS = 5.0
_FRAME_BYTES_MAX = 256 * 1024
_CLOSING_SECONDS_MAX = 1.0
_MALFORMED = 31100
_CALL_UNKNOWN = 31481

Payload = dict[str, Any]


class SocketWire:
    """Frames to one browser, in order, without making the exchange wait for its network."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        """Write to `socket`, which is open."""
        self._socket = socket
        self._frames: asyncio.Queue[str] = asyncio.Queue()

    def send(self, kind: str, payload: Payload) -> None:
        """Send one frame; nothing happens when the browser is gone."""
        self._frames.put_nowait(json.dumps({"type": kind, "payload": payload, "version": "1.6"}))

    async def run(self) -> None:
        """Write frames as they come, and a heartbeat when none came for a while."""
        with contextlib.suppress(ConnectionError):
            while True:
                try:
                    frame = await asyncio.wait_for(self._frames.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    frame = "\n"
                await self._socket.send_str(frame)


class Session:
    """One browser's signalling, from its first token to its last frame."""

    def __init__(self, wire: SocketWire, keys: TokenKeys, studio: Studio) -> None:
        """Serve the browser at the other end of `wire`."""
        self._wire, self._keys, self._studio = wire, keys, studio
        self._phone: BrowserPhone | None = None
        self._may_be_rung = False
        self._expiry: asyncio.TimerHandle | None = None
        self._handlers: dict[str, Callable[[Payload], Awaitable[None]]] = {
            "listen": self._listen,
            "register": self._register,
            "invite": self._invite,
            "answer": self._answer,
            "dtmf": self._dtmf,
            "hangup": self._hangup,
            "reject": self._reject,
            "message": self._message,
            "reconnect": self._reconnect,
        }

    async def take(self, text: str) -> None:
        """Act on one frame; a heartbeat's echo and unknown frames are ignored."""
        if not text.strip():
            return
        try:
            frame = json.loads(text)
            kind, payload = frame["type"], frame.get("payload") or {}
            act = self._handlers.get(kind)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._error(_MALFORMED, "The frame is no JSON object with a type.")
            return
        if act is None or not isinstance(payload, dict):
            return
        if self._phone is None and kind != "listen":
            self._error(TOKEN_INVALID, "Show an access token first.")
            return
        await act(payload)

    def close(self) -> None:
        """The browser is gone: it can't be rung any more and its calls end."""
        self._forget_expiry()
        if self._phone is not None:
            self._studio.dismiss(self._phone)

    async def _listen(self, payload: Payload) -> None:
        now = int(time.time())
        try:
            grant = verify(self._keys, payload.get("token"), now)
        except TokenRefusedError as refusal:
            self._error(refusal.code, str(refusal))
            return
        if self._phone is None:
            self._phone = BrowserPhone(grant.identity, self._wire, self._studio)
            self._studio.admit(self._phone)
        self._may_be_rung = grant.incoming
        self._forget_expiry()
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(grant.expires - now, self._expire)
        token = {"identity": grant.identity, "ttl": grant.expires - now}
        self._wire.send("connected", {"region": "kr1", "edge": "seoul", "token": token})

    def _expire(self) -> None:
        # Calls go on; the telephone just can't be rung until it shows a new token [I].
        self._studio.exchange.unregister(self._the_phone())
        self._error(TOKEN_EXPIRED, "The access token has expired; show a new one.")

    def _forget_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()

    async def _register(self, payload: Payload) -> None:
        phone = self._the_phone()
        media = payload.get("media")
        wants = isinstance(media, dict) and bool(media.get("audio"))
        if wants and self._may_be_rung:
            self._studio.exchange.register(phone)
        else:
            self._studio.exchange.unregister(phone)
        self._wire.send("ready", {})

    async def _invite(self, payload: Payload) -> None:
        sid, sdp = _text(payload, "callsid"), _text(payload, "sdp")
        twilio = payload.get("twilio")
        query = _text(twilio, "params") if isinstance(twilio, dict) else ""
        params = dict(parse_qsl(query, keep_blank_values=True))
        try:
            await self._the_phone().dial(sid, sdp, params)
        except Exception as error:  # aiortc raises whatever a strange SDP makes it stumble over
            log.warning("A call could not be set up: %s", type(error).__name__)
            self._error(_MALFORMED, "The session description could not be used.", sid)

    async def _answer(self, payload: Payload) -> None:
        sid = _text(payload, "callsid")
        try:
            await self._the_phone().accept(sid, _text(payload, "sdp"))
        except Exception as error:  # as above
            log.warning("A call could not be answered: %s", type(error).__name__)
            self._the_phone().hang_up(sid)

    async def _dtmf(self, payload: Payload) -> None:
        self._the_phone().press(_text(payload, "callsid"), _text(payload, "dtmf"))

    async def _hangup(self, payload: Payload) -> None:
        self._the_phone().hang_up(_text(payload, "callsid"))

    async def _reject(self, payload: Payload) -> None:
        self._the_phone().reject(_text(payload, "callsid"))

    async def _message(self, payload: Payload) -> None:
        names = ("callsid", "voiceeventsid")
        known = {name: _text(payload, name) for name in names}
        self._wire.send("ack", {"acktype": "message", **known})

    async def _reconnect(self, payload: Payload) -> None:
        # A lost socket ended its calls, so there is none to resume.
        sid = _text(payload, "callsid")
        error = {"code": _CALL_UNKNOWN, "message": "The call has ended."}
        self._wire.send("hangup", {"callsid": sid, "error": error})

    def _the_phone(self) -> BrowserPhone:
        assert self._phone is not None
        return self._phone

    def _error(self, code: int, sentence: str, sid: str = "") -> None:
        where = {"callsid": sid} if sid else {}
        self._wire.send("error", {"error": {"code": code, "message": sentence}, **where})


class Signalling:
    """All open signalling sockets of one exchange."""

    def __init__(self, keys: TokenKeys, studio: Studio) -> None:
        """Accept tokens signed with `keys`."""
        self._keys, self._studio = keys, studio
        self._sockets: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one browser until its socket closes (`GET /signal`)."""
        socket = web.WebSocketResponse(max_msg_size=_FRAME_BYTES_MAX, timeout=_CLOSING_SECONDS_MAX)
        await socket.prepare(request)
        self._sockets.add(socket)
        wire = SocketWire(socket)
        session = Session(wire, self._keys, self._studio)
        writer = asyncio.get_running_loop().create_task(wire.run())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await session.take(message.data)
        finally:
            self._sockets.discard(socket)
            session.close()
            writer.cancel()
        return socket

    async def close(self) -> None:
        """Close every socket, so that the server can stop at once; the SDK will come back."""
        code = WSCloseCode.GOING_AWAY
        await asyncio.gather(*(socket.close(code=code) for socket in self._sockets))


def _text(payload: Payload, name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
