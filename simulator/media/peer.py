"""One WebRTC connection to a browser: frames of telephone audio in and out, on loopback only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from fractions import Fraction

import aioice.ice
import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from simulator.media.pcm import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ

# Frames that wait for the sender; more means that it stalls, and old sound is worse than none.
_FRAMES_WAITING_MAX = 10
_SETTLING_SECONDS_MAX = 1.0
_PCMU = [c for c in RTCRtpSender.getCapabilities("audio").codecs if c.mimeType == "audio/PCMU"]


def _loopback_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return ["127.0.0.1"] if use_ipv4 else []


class OutgoingTrack(MediaStreamTrack):
    """What the browser hears; the floor's clock feeds it, so it needs no pacing of its own."""

    kind = "audio"

    def __init__(self) -> None:
        """Make a track with nothing to hear yet."""
        super().__init__()
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(_FRAMES_WAITING_MAX)
        self._samples_sent = 0

    def put(self, frame: bytes) -> None:
        """Queue one 20 ms frame; when the sender stalls the oldest frame is dropped."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    async def recv(self) -> av.AudioFrame:
        """Return the next frame for the encoder (called by aiortc)."""
        pcm = await self._frames.get()
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(pcm)
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._samples_sent
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        self._samples_sent += FRAME_SAMPLES
        return frame


class FrameCutter:
    """Turns whatever audio frames a browser sends into 20 ms frames of telephone audio."""

    def __init__(self) -> None:
        """Start with nothing cut yet."""
        self._resamplers: dict[tuple[str, str, int], av.AudioResampler] = {}
        self._rest = b""

    def cut(self, frame: av.AudioFrame) -> list[bytes]:
        """Return the whole 20 ms frames that `frame` completes.

        One resampler for each format met: a resampler raises when its source changes in mid-call.
        """
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source not in self._resamplers:
            self._resamplers[source] = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
        for piece in self._resamplers[source].resample(frame):
            self._rest += bytes(piece.planes[0])[: piece.samples * 2]
        whole = len(self._rest) - len(self._rest) % FRAME_BYTES
        pcm, self._rest = self._rest[:whole], self._rest[whole:]
        return [pcm[start : start + FRAME_BYTES] for start in range(0, whole, FRAME_BYTES)]


class Peer:
    """The media half of one call with one browser, either side offering."""

    def __init__(
        self,
        on_frame: Callable[[bytes], None],
        on_connected: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Prepare a connection.

        `on_frame` gets each 20 ms the person says; `on_connected` is called when sound can flow;
        `on_lost` when the browser is gone without a word.
        """
        # aioice leaves loopback out; a simulator wants nothing but loopback, so that the voice
        # stays on this machine.
        aioice.ice.get_host_addresses = _loopback_addresses
        self._on_frame, self._on_connected, self._on_lost = on_frame, on_connected, on_lost
        self._track = OutgoingTrack()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("track", self._listen)
        self._connection.on("connectionstatechange", self._state_changed)
        self._reader: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._closed = False

    def send(self, frame: bytes) -> None:
        """Let the browser hear one 20 ms frame."""
        self._track.put(frame)

    async def answer(self, offer_sdp: str) -> str:
        """Take the browser's offer and return our SDP, candidates included."""
        self._connection.addTrack(self._track)
        await self._connection.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
        self._keep_to_telephone_codec()
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return self._connection.localDescription.sdp

    async def offer(self) -> str:
        """Return our SDP offer, candidates included."""
        self._connection.addTrack(self._track)
        self._keep_to_telephone_codec()
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    async def accept(self, answer_sdp: str) -> None:
        """Take the browser's answer to our offer."""
        await self._connection.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))

    async def close(self) -> None:
        """End the connection; closing it twice is harmless."""
        if self._closed:
            return
        self._closed = True
        await self._settle()
        self._track.stop()
        if self._reader is not None:
            self._reader.cancel()
        await self._connection.close()

    async def _settle(self) -> None:
        # aioice 0.13 leaves a task behind when it is closed within the instant in which its checks
        # succeed; a browser that hangs up is still there to let them finish.
        if self._connection.connectionState == "connecting":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), _SETTLING_SECONDS_MAX)

    def _keep_to_telephone_codec(self) -> None:
        # PCMU is every browser's duty (RFC 7874) and what the floor mixes; no transcoding.
        for transceiver in self._connection.getTransceivers():
            transceiver.setCodecPreferences(_PCMU)

    def _listen(self, track: MediaStreamTrack) -> None:
        self._reader = asyncio.get_running_loop().create_task(self._read(track))

    async def _read(self, track: MediaStreamTrack) -> None:
        cutter = FrameCutter()
        with contextlib.suppress(MediaStreamError):
            while True:
                for frame in cutter.cut(await track.recv()):
                    self._on_frame(frame)

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state != "connecting":
            self._settled.set()
        if state == "connected":
            self._on_connected()
        elif state in ("failed", "closed") and not self._closed:
            self._on_lost()
