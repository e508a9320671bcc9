"""Telephone audio as plain bytes (8 kHz, 16-bit, mono): tones, music, mixing.

Pure: bytes in, bytes out; no clock, no files.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache

SAMPLE_RATE_HZ = 8000
FRAME_SECONDS = 0.02
FRAME_SAMPLES = 160
FRAME_BYTES = FRAME_SAMPLES * 2
SILENT_FRAME = bytes(FRAME_BYTES)

_PEAK = 32767
_LOWEST = -32768

# Row and column frequencies of each key (ITU-T Q.23).
DTMF_HZ: dict[str, tuple[int, int]] = {
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "A": (697, 1633),
    "4": (770, 1209), "5": (770, 1336), "6": (770, 1477), "B": (770, 1633),
    "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "C": (852, 1633),
    "*": (941, 1209), "0": (941, 1336), "#": (941, 1477), "D": (941, 1633),
}  # fmt: skip

# A slow, quiet progression C, Am, F, G; each chord is played note by note.
_MUSIC_BEAT_SECONDS = 0.5
_MUSIC_CHORDS_HZ: tuple[tuple[float, ...], ...] = (
    (261.63, 329.63, 392.00, 523.25),
    (220.00, 261.63, 329.63, 440.00),
    (174.61, 220.00, 261.63, 349.23),
    (196.00, 246.94, 293.66, 392.00),
)
_MUSIC_ORDER = (0, 1, 2, 3, 2, 1)


def seconds_of(pcm: bytes) -> float:
    """Return how long `pcm` lasts, in seconds."""
    return len(pcm) / 2 / SAMPLE_RATE_HZ


def silence(seconds: float) -> bytes:
    """Return silence of the given length in seconds."""
    return bytes(2 * round(seconds * SAMPLE_RATE_HZ))


def tone(frequencies_hz: Sequence[float], seconds: float, level: float = 0.2) -> bytes:
    """Return the sum of steady tones; `level` is the peak of the sum, 1.0 being full scale."""
    steps = [2 * math.pi * hz / SAMPLE_RATE_HZ for hz in frequencies_hz]
    peak = level * _PEAK / max(1, len(steps))
    count = round(seconds * SAMPLE_RATE_HZ)
    samples = (round(peak * sum(math.sin(s * n) for s in steps)) for n in range(count))
    return array("h", samples).tobytes()


@lru_cache(maxsize=1)
def ringback() -> bytes:
    """Return one period of the Korean ringing tone: 440+480 Hz, 1 s on, 2 s off (ITU-T E.180)."""
    return tone((440, 480), 1.0, level=0.12) + silence(2.0)


@lru_cache(maxsize=64)
def digits(keys: str) -> bytes:
    """Return the key tones for `keys`, 160 ms each with 70 ms gaps; `w` waits half a second."""
    parts = []
    for key in keys:
        if key in DTMF_HZ:
            parts.append(tone(DTMF_HZ[key], 0.16) + silence(0.07))
        elif key in "wW":
            parts.append(silence(0.5))
    return b"".join(parts)


@lru_cache(maxsize=1)
def hold_music() -> bytes:
    """Return a soft twelve-second loop made here, so that no recording has to be licensed."""
    beat_samples = round(_MUSIC_BEAT_SECONDS * SAMPLE_RATE_HZ)
    beats = len(_MUSIC_ORDER) * 4
    loop = array("h", bytes(2 * beats * beat_samples))
    for bar, chord in enumerate(_MUSIC_ORDER):
        for position, hz in enumerate(_MUSIC_CHORDS_HZ[chord]):
            _add_looped(loop, _soft_note(hz), (bar * 4 + position) * beat_samples)
    return loop.tobytes()


def mix(frames: Iterable[bytes]) -> bytes:
    """Return the sum of equally long frames, clipped to 16 bits; silence when there are none."""
    parts = [array("h", frame) for frame in frames]
    if not parts:
        return SILENT_FRAME
    if len(parts) == 1:
        return parts[0].tobytes()
    sums = map(sum, zip(*parts, strict=True))
    return array("h", [max(_LOWEST, min(_PEAK, value)) for value in sums]).tobytes()


def frames_of(pcm: bytes) -> list[bytes]:
    """Cut `pcm` into 20 ms frames; the last is filled up with silence."""
    cut = [pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm), FRAME_BYTES)]
    if cut and len(cut[-1]) < FRAME_BYTES:
        cut[-1] = cut[-1].ljust(FRAME_BYTES, b"\0")
    return cut


@lru_cache(maxsize=32)
def _soft_note(hz: float) -> array[int]:
    """One note of two seconds that swells for a moment and dies away, with a faint octave."""
    step = 2 * math.pi * hz / SAMPLE_RATE_HZ
    count = 2 * SAMPLE_RATE_HZ
    note = array("h")
    for n in range(count):
        swell = min(1.0, n / 400) * math.exp(-3.0 * n / count) * (1 - n / count)
        wave = math.sin(step * n) + 0.3 * math.sin(2 * step * n)
        note.append(round(0.06 * _PEAK * swell * wave))
    return note


def _add_looped(loop: array[int], note: array[int], start: int) -> None:
    """Add a note into the loop, letting its tail wrap round so that the loop has no seam."""
    size = len(loop)
    for n, value in enumerate(note):
        loop[(start + n) % size] += value
