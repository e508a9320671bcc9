"""The exchange floor: every leg's audio, mixed for every other leg by one 20 ms clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from simulator.media.pcm import FRAME_SECONDS, SILENT_FRAME, frames_of, mix

# Audio from a browser waits until two frames are there, and never more than five: a steady
# 40-100 ms absorbs the jitter of a loaded machine without an audible delay.
_FRAMES_BEFORE_PLAYING = 2
_FRAMES_KEPT_MAX = 5
# The clock gives up catching up when it is this far behind (a suspended laptop, a debugger).
_LATENESS_SECONDS_MAX = 0.5


@dataclass(frozen=True, slots=True)
class Room:
    """A leg's place in a conversation.

    `coach` names the leg (call SID) that alone may hear this one; None lets everybody hear it.
    """

    room_id: str
    muted: bool = False
    coach: str | None = None


class Channel:
    """One leg on the floor: what its person says comes in, what its person hears goes out."""

    def __init__(self, sid: str, send: Callable[[bytes], None]) -> None:
        """Open the channel of leg `sid`; `send` takes one 20 ms frame for its receiver."""
        self.sid = sid
        self.room: Room | None = None
        self._send = send
        self._frames: list[bytes] = []
        self._position = 0
        self._loop = False
        self._said: deque[bytes] = deque(maxlen=_FRAMES_KEPT_MAX)
        self._flowing = False
        self.connected = False

    def play(self, pcm: bytes, loop: bool = False) -> None:
        """Let the leg hear `pcm` from now on, instead of what it heard; over and over if `loop`.

        Nothing is lost of it while the media connection is still being made: it starts with that.
        """
        self.room = None
        self._frames, self._position, self._loop = frames_of(pcm), 0, loop

    def join(self, room: Room) -> None:
        """Let the leg hear, and be heard by, the other legs of a room from now on."""
        self._frames = []
        self.room = room

    def said(self, frame: bytes) -> None:
        """Take a 20 ms frame from this leg's person; the oldest is dropped when they pile up."""
        self._said.append(frame)

    def take_said(self) -> bytes | None:
        """Return the person's next frame, or None when nothing has come in time."""
        if not self._said:
            self._flowing = False
        elif len(self._said) >= _FRAMES_BEFORE_PLAYING:
            self._flowing = True
        return self._said.popleft() if self._flowing else None

    def hear(self, mixed: bytes) -> None:
        """Send the next frame: the prompt that is playing, else what the room says."""
        if self.connected:
            self._send(self._next_played() if self._frames else mixed)

    def _next_played(self) -> bytes:
        frame = self._frames[self._position]
        self._position += 1
        if self._position == len(self._frames):
            self._position = 0
            if not self._loop:
                self._frames = []
        return frame


def audible(speaker: Channel, listener: Channel) -> bool:
    """Say whether `listener` hears `speaker`: same room, not muted, not whispering to another."""
    if speaker is listener or speaker.room is None or listener.room is None:
        return False
    if speaker.room.room_id != listener.room.room_id or speaker.room.muted:
        return False
    return speaker.room.coach in (None, listener.sid)


class Floor:
    """All open channels and the clock that moves them; it stands still while none is open."""

    def __init__(self) -> None:
        """Make an empty floor."""
        self._channels: list[Channel] = []
        self._clock: asyncio.Task[None] | None = None

    def open(self, sid: str, send: Callable[[bytes], None]) -> Channel:
        """Open a channel for leg `sid`; needs a running event loop, which drives the clock."""
        channel = Channel(sid, send)
        self._channels.append(channel)
        if self._clock is None or self._clock.done():
            self._clock = asyncio.get_running_loop().create_task(self._run())
        return channel

    def close(self, channel: Channel) -> None:
        """Take a channel off the floor; closing it twice is harmless."""
        if channel in self._channels:
            self._channels.remove(channel)

    async def stop(self) -> None:
        """Take every channel off the floor and stop the clock."""
        self._channels.clear()
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)

    def tick(self) -> None:
        """Move every channel by one frame of 20 ms."""
        said = {id(channel): channel.take_said() for channel in self._channels}
        for listener in list(self._channels):
            voices = [
                frame
                for speaker in self._channels
                if (frame := said.get(id(speaker))) is not None and audible(speaker, listener)
            ]
            listener.hear(mix(voices) if voices else SILENT_FRAME)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._channels:
            due += FRAME_SECONDS
            late = loop.time() - due
            if late > _LATENESS_SECONDS_MAX:
                due = loop.time()
            await asyncio.sleep(max(0.0, -late))
            self.tick()
