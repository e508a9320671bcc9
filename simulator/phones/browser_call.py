"""One call between the exchange and one browser: its media, its captions, its signals."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from simulator.media.floor import Channel, Floor, Room
from simulator.media.peer import Peer
from simulator.phones.captions import caption
from simulator.phones.library import SoundLibrary
from simulator.sounds import Bridge, Sound

if TYPE_CHECKING:
    from simulator.legs import Leg


class Wire(Protocol):
    """Where signalling frames to one browser go."""

    def send(self, kind: str, payload: dict[str, Any]) -> None:
        """Send one frame; nothing happens when the browser is gone."""


class BrowserCall:
    """The browser's half of a leg.

    `temporary_sid` is the SDK's own name of a call it makes, until it learns the call SID.
    """

    def __init__(
        self, wire: Wire, floor: Floor, library: SoundLibrary, temporary_sid: str = ""
    ) -> None:
        """Prepare a call over `wire` that has no leg yet."""
        self.temporary_sid = temporary_sid
        self.leg: Leg | None = None
        self.answered = False
        self.over = False
        self._wire, self._floor, self._library = wire, floor, library
        self._channel: Channel | None = None
        self._connected = False
        self._sdp = ""
        self.peer = Peer(self._said, self._media_connected, self._media_lost)

    @property
    def outgoing(self) -> bool:
        """Whether the browser placed this call."""
        return bool(self.temporary_sid)

    async def take_offer(self, sdp: str) -> None:
        """Answer the SDK's media offer; raises ValueError when it is no SDP."""
        self._sdp = await self.peer.answer(sdp)

    def bind(self, leg: Leg) -> None:
        """Tie a call that the browser placed to its leg, and tell the browser the call SID.

        The SDP goes out with it (early media), so that sound can flow by the time the line
        answers and the first syllable is not lost.
        """
        self._open(leg)
        leg.on_answered = self._line_answered
        self._wire.send("ringing", {"callsid": leg.sid, "sdp": self._sdp})

    async def invite(self, leg: Leg, account_sid: str) -> None:
        """Ring the browser for `leg`."""
        sdp = await self.peer.offer()
        if self.over:
            return
        self._open(leg)
        parameters = {
            "CallSid": leg.sid,
            "From": leg.from_,
            "To": leg.to,
            "AccountSid": account_sid,
            "Params": urlencode(dict(leg.custom_parameters)),
        }
        self._wire.send("invite", {"callsid": leg.sid, "sdp": sdp, "parameters": parameters})

    async def accept(self, sdp: str) -> None:
        """Take the browser's answer to our invitation."""
        self.answered = True
        await self.peer.accept(sdp)

    def hear(self, sound: Sound) -> None:
        """Let the person hear `sound` from now on, and read what it is."""
        if self.leg is None or self._channel is None or self.over:
            return
        rendered = None
        if isinstance(sound, Bridge):
            self._channel.join(Room(sound.room_id, sound.muted, sound.coach))
        else:
            rendered = self._library.render(sound)
            self._channel.play(*((rendered.audio, rendered.loop) if rendered else (b"",)))
        self._tell(caption(sound, audible=rendered is not None))

    def end(self, status: str) -> None:
        """Tell the browser that the call is over and fall silent; `peer` is still to be closed."""
        self.over = True
        if self.leg is not None:
            self._tell({"kind": "ended", "status": status})
            kind = "hangup" if self.outgoing or self.answered else "cancel"
            self._wire.send(kind, {"callsid": self.leg.sid})
        elif self.temporary_sid:
            self._wire.send("hangup", {"callsid": self.temporary_sid})
        if self._channel is not None:
            self._floor.close(self._channel)

    def _open(self, leg: Leg) -> None:
        self.leg = leg
        self._channel = self._floor.open(leg.sid, self.peer.send)
        self._channel.connected = self._connected

    def _line_answered(self, leg: Leg) -> None:
        self.answered = True
        self._wire.send("answer", {"callsid": leg.sid, "sdp": self._sdp})

    def _tell(self, content: dict[str, Any]) -> None:
        """Send a caption as one of the SDK's own call messages."""
        assert self.leg is not None
        self._wire.send(
            "message",
            {
                "callsid": self.leg.sid,
                "content": content,
                "contenttype": "application/json",
                "messagetype": "user-defined-message",
                "voiceeventsid": "KX" + uuid.uuid4().hex,
            },
        )

    def _said(self, frame: bytes) -> None:
        if self._channel is not None:
            self._channel.said(frame)

    def _media_connected(self) -> None:
        self._connected = True
        if self._channel is not None:
            self._channel.connected = True

    def _media_lost(self) -> None:
        # A browser that vanished can't hang up; its leg must not stay.
        if self.leg is not None and not self.over:
            self.leg.hang_up()
