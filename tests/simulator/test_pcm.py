"""Telephone audio: tones have their frequencies, mixing adds and clips, frames fit."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.media import pcm
from tests.simulator.goertzel import dominant, loudness

CANDIDATES = (440.0, 480.0, 697.0, 770.0, 880.0, 1209.0, 1336.0)


def test_tone_has_its_length_and_frequency() -> None:
    made = pcm.tone((880,), 0.5, level=0.5)
    assert pcm.seconds_of(made) == 0.5
    assert dominant(made, CANDIDATES) == 880
    assert loudness(made, 880) == pytest.approx(0.5, abs=0.02)


def test_key_five_is_its_row_and_column() -> None:
    made = pcm.digits("5")
    assert loudness(made, 770) > 5 * loudness(made, 697)
    assert loudness(made, 1336) > 5 * loudness(made, 1209)


def test_digits_take_the_time_that_the_sdk_takes() -> None:
    assert pcm.seconds_of(pcm.digits("5w5")) == pytest.approx(0.23 + 0.5 + 0.23)


def test_ringback_is_one_second_of_tone_in_three() -> None:
    made = pcm.ringback()
    one_second = 2 * pcm.SAMPLE_RATE_HZ
    assert pcm.seconds_of(made) == 3
    assert loudness(made[:one_second], 440) > 0.03
    assert loudness(made[:one_second], 480) > 0.03
    assert not any(made[one_second:])


def test_hold_music_is_soft_and_never_clips() -> None:
    peak = max(map(abs, array("h", pcm.hold_music())))
    assert 1000 < peak < 8000


def test_mix_of_nothing_is_silence() -> None:
    assert pcm.mix([]) == pcm.SILENT_FRAME


samples = st.lists(st.integers(-32768, 32767), min_size=4, max_size=4)


@given(st.lists(samples, min_size=1, max_size=5))
def test_mix_is_the_clipped_sum(parts: list[list[int]]) -> None:
    mixed = array("h", pcm.mix([array("h", part).tobytes() for part in parts]))
    wanted = [max(-32768, min(32767, sum(column))) for column in zip(*parts, strict=True)]
    assert list(mixed) == wanted


@given(st.binary(max_size=2000).filter(lambda data: len(data) % 2 == 0))
def test_frames_keep_every_sample_and_are_all_full(data: bytes) -> None:
    frames = pcm.frames_of(data)
    assert all(len(frame) == pcm.FRAME_BYTES for frame in frames)
    joined = b"".join(frames)
    assert joined[: len(data)] == data
    assert not any(joined[len(data) :])
