"""Turns any recorded sound (WAV, MP3, ...) into telephone audio."""

from __future__ import annotations

import io

import av

from simulator.media.pcm import SAMPLE_RATE_HZ


class UndecodableSoundError(ValueError):
    """The bytes are no sound file that can be read; check what the URL or the program returned."""


def decode(sound: bytes) -> bytes:
    """Return a whole sound file as 8 kHz 16-bit mono.

    Raises UndecodableSoundError when the bytes hold no audio. One resampler serves one file:
    a resampler refuses a source whose format changes on the way.
    """
    out = bytearray()
    try:
        with av.open(io.BytesIO(sound)) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    out += _samples(piece)
            for piece in resampler.resample(None):
                out += _samples(piece)
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise UndecodableSoundError(f"no readable audio in {len(sound)} bytes: {error}") from error
    return bytes(out)


def _samples(frame: av.AudioFrame) -> bytes:
    # The plane may be padded past the samples for alignment.
    return bytes(frame.planes[0])[: frame.samples * 2]
