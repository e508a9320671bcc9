"""Real WebRTC on loopback: sound goes both ways between two peers, and stays on this machine."""

import asyncio
import re

from simulator.media.pcm import frames_of, tone
from simulator.media.peer import FrameCutter, Peer
from tests.simulator.goertzel import dominant

CANDIDATES = (440.0, 880.0)


class Side:
    """One end: what it heard, and whether it is connected."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()
        self.peer = Peer(self.heard.extend, self.connected.set, self.lost.set)


async def connect() -> tuple[Side, Side, str]:
    caller, line = Side(), Side()
    offer = await caller.peer.offer()
    answer = await line.peer.answer(offer)
    await caller.peer.accept(answer)
    async with asyncio.timeout(10):
        await caller.connected.wait()
        await line.connected.wait()
    return caller, line, answer


def test_each_side_hears_the_tone_of_the_other() -> None:
    async def scene() -> tuple[bytes, bytes]:
        caller, line, _ = await connect()
        for one, other in zip(
            frames_of(tone((440,), 1.0)), frames_of(tone((880,), 1.0)), strict=True
        ):
            caller.peer.send(one)
            line.peer.send(other)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        await caller.peer.close()
        await line.peer.close()
        return bytes(caller.heard), bytes(line.heard)

    heard_by_caller, heard_by_line = asyncio.run(scene())
    assert len(heard_by_caller) > 8000
    assert len(heard_by_line) > 8000
    assert dominant(heard_by_caller, CANDIDATES) == 880
    assert dominant(heard_by_line, CANDIDATES) == 440


def test_only_loopback_and_only_telephone_audio_is_offered() -> None:
    async def scene() -> str:
        caller, line, answer = await connect()
        await caller.peer.close()
        await line.peer.close()
        return answer

    answer = asyncio.run(scene())
    hosts = set(re.findall(r"a=candidate:\S+ \d udp \d+ (\S+) ", answer))
    assert hosts == {"127.0.0.1"}
    assert "PCMU/8000" in answer
    assert "opus" not in answer


def test_closing_one_side_is_noticed_by_the_other() -> None:
    async def scene() -> None:
        caller, line, _ = await connect()
        await caller.peer.close()
        async with asyncio.timeout(10):
            await line.lost.wait()
        await line.peer.close()
        await line.peer.close()

    asyncio.run(scene())


def test_the_format_may_change_in_mid_call() -> None:
    import av

    def frame(rate_hz: int, layout: str, samples: int) -> av.AudioFrame:
        made = av.AudioFrame(format="s16", layout=layout, samples=samples)
        for plane in made.planes:
            plane.update(bytes(plane.buffer_size))
        made.sample_rate = rate_hz
        return made

    cutter = FrameCutter()
    cut = cutter.cut(frame(8000, "mono", 160))
    cut += cutter.cut(frame(48000, "stereo", 960 * 5))
    cut += cutter.cut(frame(8000, "mono", 160))
    assert len(cut) >= 6
    assert all(len(piece) == 320 for piece in cut)
