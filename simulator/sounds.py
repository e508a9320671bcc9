"""What a leg can hear: plain values that an endpoint renders and the exchange measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Speech:
    """Words to be spoken (`<Say>`): the text, its language tag and the voice asked for."""

    text: str
    language: str = "en-US"
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound file to be fetched by GET and played (`<Play>`)."""

    url: str


@dataclass(frozen=True, slots=True)
class Tones:
    """Keypad tones (`<Play digits>`); `w` is half a second of silence."""

    digits: str


@dataclass(frozen=True, slots=True)
class Beep:
    """One short tone, before a recording begins."""


@dataclass(frozen=True, slots=True)
class Ringback:
    """The far end is being rung; goes on until something else is heard."""


@dataclass(frozen=True, slots=True)
class HoldMusic:
    """The carrier's own waiting music; goes on until something else is heard."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing, for `seconds`, or until something else is heard when that is None."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Bridge:
    """Talking with every other leg whose sound is a Bridge of the same `room_id`.

    muted: the others do not hear this leg.
    coach: CallSid of the only leg that hears this one; None when all do.
    """

    room_id: str
    muted: bool = False
    coach: str | None = None


Sound: TypeAlias = Speech | Recording | Tones | Beep | Ringback | HoldMusic | Silence | Bridge

HANGUL_SECONDS: Final = 0.17
OTHER_LETTER_SECONDS: Final = 0.065
SPEECH_LEAD_SECONDS: Final = 0.3
TONE_SECONDS: Final = 0.23
RECORDING_SECONDS: Final = 5.0


def _is_hangul_syllable(letter: str) -> bool:
    return "\uac00" <= letter <= "\ud7a3"


def estimated_seconds(sound: Sound) -> float:
    """How long `sound` lasts when nobody measured it, in seconds; 0 for the endless ones.

    Speech: 0.17 s a Hangul syllable (about six syllables a second) and 0.3 s of lead; a recording
    counts 5 s, since its length is known only to whoever decodes it.
    """
    match sound:
        case Speech(text=text):
            hangul = sum(1 for letter in text if _is_hangul_syllable(letter))
            other = sum(1 for letter in text if letter.isalnum()) - hangul
            spoken = hangul * HANGUL_SECONDS + other * OTHER_LETTER_SECONDS
            return SPEECH_LEAD_SECONDS + spoken if text.strip() else 0.0
        case Recording():
            return RECORDING_SECONDS
        case Tones(digits=digits):
            return sum(0.5 if digit in "wW" else TONE_SECONDS for digit in digits)
        case Beep():
            return 0.5
        case Silence(seconds=seconds):
            return seconds or 0.0
        case _:
            return 0.0
