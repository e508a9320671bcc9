"""How loud one frequency is in telephone audio: what the audio tests measure with."""

from __future__ import annotations

import math
from array import array


def loudness(pcm: bytes, hz: float, rate_hz: int = 8000) -> float:
    """Return the amplitude of `hz` in 16-bit mono audio, 1.0 being full scale (Goertzel)."""
    samples = array("h", pcm)
    if not samples:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hz / rate_hz)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    power = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(0.0, power)) / len(samples) / 32767


def dominant(pcm: bytes, candidates_hz: tuple[float, ...], rate_hz: int = 8000) -> float:
    """Return the loudest of the candidate frequencies."""
    return max(candidates_hz, key=lambda hz: loudness(pcm, hz, rate_hz))
