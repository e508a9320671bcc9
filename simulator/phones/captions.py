"""What a telephone's page is told about the sound of its call, so that it can be read as well."""

from __future__ import annotations

from typing import Any

from simulator.sounds import (
    Beep,
    Bridge,
    HoldMusic,
    Recording,
    Ringback,
    Sound,
    Speech,
    Tones,
)


def caption(sound: Sound, audible: bool) -> dict[str, Any]:
    """Return the caption of `sound` as a JSON object with a `kind`.

    `audible` false tells the page that this machine could not speak the words, so that the
    browser's own voice should.
    """
    match sound:
        case Speech(text=text, language=language):
            said = {"text": text, "language": language, "audible": audible}
            return {"kind": "speech", **said}
        case Recording(url=url):
            return {"kind": "recording", "name": url.rsplit("/", 1)[-1], "audible": audible}
        case Bridge(muted=muted, coach=coach):
            return {"kind": "bridge", "muted": muted, "coaching": coach is not None}
        case Ringback():
            return {"kind": "ringback"}
        case HoldMusic():
            return {"kind": "music"}
        case Tones() | Beep():
            return {"kind": "tone"}
        case _:
            return {"kind": "silence"}
