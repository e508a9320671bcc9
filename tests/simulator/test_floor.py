"""Who hears whom on the exchange floor, and what a leg hears instead."""

import asyncio

import pytest

from simulator.media.floor import Channel, Floor, Room
from simulator.media.pcm import FRAME_SECONDS, SILENT_FRAME, frames_of, tone
from tests.simulator.goertzel import loudness

TONES_HZ = {"citizen": 440.0, "counselor": 880.0, "supervisor": 1320.0}


class Ear:
    """Collects what a leg was sent."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def __call__(self, frame: bytes) -> None:
        self.frames.append(frame)

    def hears(self) -> set[str]:
        pcm = b"".join(self.frames)
        return {who for who, hz in TONES_HZ.items() if loudness(pcm, hz) > 0.05}


def talk(rooms: dict[str, Room | None], seconds: float = 0.4) -> dict[str, Ear]:
    """Let each leg speak its tone for a while; return what each one heard."""

    async def scene() -> dict[str, Ear]:
        floor = Floor()
        ears = {name: Ear() for name in rooms}
        channels = {name: floor.open(name, ears[name]) for name in rooms}
        for name, channel in channels.items():
            channel.connected = True
            if (room := rooms[name]) is not None:
                channel.join(room)
        voices = {name: frames_of(tone((TONES_HZ[name],), seconds)) for name in rooms}
        for step in range(round(seconds / FRAME_SECONDS)):
            for name, channel in channels.items():
                channel.said(voices[name][step])
            floor.tick()
        for channel in channels.values():
            floor.close(channel)
        return ears

    return asyncio.run(scene())


ROOM = Room("CF1")


def test_two_in_a_room_hear_each_other_and_not_themselves() -> None:
    ears = talk({"citizen": ROOM, "counselor": ROOM})
    assert ears["citizen"].hears() == {"counselor"}
    assert ears["counselor"].hears() == {"citizen"}


def test_three_in_a_room_hear_the_two_others() -> None:
    ears = talk({"citizen": ROOM, "counselor": ROOM, "supervisor": ROOM})
    assert ears["citizen"].hears() == {"counselor", "supervisor"}
    assert ears["supervisor"].hears() == {"citizen", "counselor"}


def test_other_rooms_are_not_heard() -> None:
    ears = talk({"citizen": ROOM, "counselor": Room("CF2"), "supervisor": None})
    assert all(not ear.hears() for ear in ears.values())


def test_a_muted_listener_hears_and_is_not_heard() -> None:
    ears = talk({"citizen": ROOM, "counselor": ROOM, "supervisor": Room("CF1", muted=True)})
    assert ears["supervisor"].hears() == {"citizen", "counselor"}
    assert ears["citizen"].hears() == {"counselor"}


def test_a_whisper_reaches_only_the_coached_leg() -> None:
    whisper = Room("CF1", coach="counselor")
    ears = talk({"citizen": ROOM, "counselor": ROOM, "supervisor": whisper})
    assert ears["counselor"].hears() == {"citizen", "supervisor"}
    assert ears["citizen"].hears() == {"counselor"}
    assert ears["supervisor"].hears() == {"citizen", "counselor"}


def test_a_prompt_waits_for_the_connection_and_loses_nothing() -> None:
    ear = Ear()
    channel = Channel("CA1", ear)
    prompt = tone((440,), 0.06)
    channel.play(prompt)
    channel.hear(SILENT_FRAME)
    assert ear.frames == []
    channel.connected = True
    for _ in range(4):
        channel.hear(SILENT_FRAME)
    assert b"".join(ear.frames) == prompt + SILENT_FRAME


def test_a_loop_goes_round_and_joining_a_room_stops_it() -> None:
    ear = Ear()
    channel = Channel("CA1", ear)
    channel.connected = True
    channel.play(tone((440,), 0.04), loop=True)
    for _ in range(6):
        channel.hear(SILENT_FRAME)
    assert SILENT_FRAME not in ear.frames
    channel.join(ROOM)
    channel.hear(SILENT_FRAME)
    assert ear.frames[-1] == SILENT_FRAME


def test_late_audio_is_dropped_rather_than_delayed() -> None:
    channel = Channel("CA1", Ear())
    for number in range(50):
        channel.said(bytes([number]) * 320)
    taken = [channel.take_said() for _ in range(6)]
    assert [frame[0] for frame in taken if frame] == [45, 46, 47, 48, 49]
    assert taken[-1] is None


def test_the_clock_keeps_time_and_stops_with_the_last_channel() -> None:
    async def scene() -> int:
        floor = Floor()
        ear = Ear()
        channel = floor.open("CA1", ear)
        channel.connected = True
        await asyncio.sleep(0.5)
        floor.close(channel)
        await asyncio.sleep(0.05)
        heard = len(ear.frames)
        await asyncio.sleep(0.1)
        assert len(ear.frames) == heard
        return heard

    assert asyncio.run(scene()) == pytest.approx(25, abs=3)
