"""Our own hold music: a slow, quiet chord that no one has rights to, made in code.

8 kHz 16-bit mono, made once in a process and then served from memory.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from functools import cache

RATE = 8000
CHORDS = (
    (196.0, 246.9, 293.7),
    (174.6, 220.0, 261.6),
    (164.8, 196.0, 246.9),
    (146.8, 185.0, 220.0),
)
LOUDNESS = 2200


@cache
def hold_music(seconds: int) -> bytes:
    """Return `seconds` of the music as a WAV file."""
    beat_samples = RATE * seconds // (2 * len(CHORDS))
    samples = array("h")
    for beat in range(2 * len(CHORDS)):
        samples.extend(_chord(CHORDS[beat % len(CHORDS)], beat_samples))
    return _wav(samples)


def _chord(tones: tuple[float, float, float], length: int) -> list[int]:
    low, middle, high = (2 * math.pi * tone / RATE for tone in tones)
    sin, pi = math.sin, math.pi  # the first caller of a process waits for these many samples
    return [
        int(LOUDNESS * sin(pi * i / length) * (sin(low * i) + sin(middle * i) + sin(high * i)) / 3)
        for i in range(length)
    ]


def _wav(samples: array[int]) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return out.getvalue()
