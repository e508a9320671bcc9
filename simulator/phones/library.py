"""Every sound the exchange can ask for, as telephone audio, and how long it lasts."""

from __future__ import annotations

import logging
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from dataclasses import dataclass

from simulator.media import pcm
from simulator.media.decode import UndecodableSoundError, decode
from simulator.phones.speech import Speaker
from simulator.sounds import (
    Beep,
    HoldMusic,
    Recording,
    Ringback,
    Sound,
    Speech,
    Tones,
    estimated_seconds,
)

log = logging.getLogger(__name__)

# Sound starts when the media connection stands, some tenths of a second after the exchange's own
# time: what follows must not cut off the last syllable.
_TAIL_SECONDS = 0.3
# Fetching blocks the exchange's loop, so a sound file has to be near; localhost answers in
# milliseconds. A file that is not there is not asked for again for a while.
_FETCH_SECONDS_MAX = 1.0
_FETCH_BYTES_MAX = 16_000_000
_KEPT_SECONDS = 60.0
_RECORDINGS_KEPT_MAX = 40


@dataclass(frozen=True, slots=True)
class Rendered:
    """Audio to play, once or over and over."""

    audio: bytes
    loop: bool = False


class SoundLibrary:
    """Renders sounds and keeps the results; touched on the exchange's loop only."""

    def __init__(self, speaker: Speaker, own_origin: str = "") -> None:
        """Speak through `speaker`.

        Recordings under `own_origin` are never fetched: they would be served by the same loop that
        waits for them.
        """
        self._speaker = speaker
        self._own_origin = own_origin
        self._recordings: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()

    def seconds(self, sound: Sound) -> float:
        """How long the exchange waits for `sound`: its real length where it can be made here."""
        match sound:
            case Speech() | Recording():
                rendered = self.render(sound)
                if rendered is None:
                    return estimated_seconds(sound)
                return pcm.seconds_of(rendered.audio) + _TAIL_SECONDS
            case _:
                return estimated_seconds(sound)

    def render(self, sound: Sound) -> Rendered | None:
        """Return the audio of `sound`; None when it is silent, a bridge, or can't be made here."""
        match sound:
            case Speech(text=text, language=language, voice=voice):
                return _once(self._speaker.speak(text, language, voice))
            case Recording(url=url):
                return _once(self._recorded(url))
            case Tones(digits=digits):
                return Rendered(pcm.digits(digits))
            case Beep():
                return Rendered(pcm.tone((1000,), 0.5))
            case Ringback():
                return Rendered(pcm.ringback(), loop=True)
            case HoldMusic():
                return Rendered(pcm.hold_music(), loop=True)
            case _:
                return None

    def _recorded(self, url: str) -> bytes | None:
        kept = self._recordings.get(url)
        if kept is not None and time.monotonic() - kept[0] < _KEPT_SECONDS:
            return kept[1]
        audio = None if self._is_own(url) else _fetched(url)
        self._recordings[url] = (time.monotonic(), audio)
        if len(self._recordings) > _RECORDINGS_KEPT_MAX:
            self._recordings.popitem(last=False)
        return audio

    def _is_own(self, url: str) -> bool:
        return bool(self._own_origin) and url.startswith(self._own_origin)


def _once(audio: bytes | None) -> Rendered | None:
    return None if audio is None else Rendered(audio)


def _fetched(url: str) -> bytes | None:
    if not url.startswith(("http://", "https://")):
        return None
    try:
        with urllib.request.urlopen(url, timeout=_FETCH_SECONDS_MAX) as response:
            return decode(response.read(_FETCH_BYTES_MAX))
    except (OSError, ValueError, UndecodableSoundError, urllib.error.URLError) as error:
        log.warning("A recording could not be played: %s", error)
        return None
