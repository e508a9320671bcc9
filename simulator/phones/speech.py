"""Speaks prompts with espeak-ng where it is installed, each sentence rendered once."""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import subprocess
from collections import OrderedDict
from pathlib import Path

from simulator.media.decode import UndecodableSoundError, decode

log = logging.getLogger(__name__)

_RENDER_SECONDS_MAX = 10
_TEXTS_IN_MEMORY_MAX = 200
# A hotline speaks slowly: espeak's own default is 175 words a minute.
_WORDS_A_MINUTE = 150
# Where espeak names a language otherwise than its BCP 47 tag does.
_VOICE_OF_LANGUAGE = {"zh": "cmn", "yue": "yue", "no": "nb", "fil": "en"}
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


def espeak_path() -> str | None:
    """Return the path of espeak-ng on this machine, or None where it isn't installed."""
    return shutil.which("espeak-ng")


def espeak_voice(language: str, voice: str) -> str:
    """Return espeak's name for a BCP 47 language and a TwiML voice: `ko`, `en+f2`, ...

    Anything that is not a language tag is read by the Korean voice.
    """
    tag = language if _LANGUAGE.match(language or "") else "ko"
    base = tag.split("-")[0].lower()
    female = voice == "woman" or voice.lower().endswith(("-female", "seoyeon"))
    return _VOICE_OF_LANGUAGE.get(base, base) + ("+f2" if female else "")


class Speaker:
    """Renders text to telephone audio and keeps it: in memory and as files under a folder."""

    def __init__(self, folder: Path, espeak: str | None) -> None:
        """Keep rendered speech under `folder`; `espeak` is the program, None if there is none."""
        self._folder = folder
        self._espeak = espeak
        self._spoken: OrderedDict[str, bytes] = OrderedDict()

    def speak(self, text: str, language: str, voice: str = "") -> bytes | None:
        """Return `text` spoken as 8 kHz audio, or None when this machine can't speak it.

        Takes about 10 ms the first time; a failure is logged without the text and isn't an error,
        because the browser's own voice can take over.
        """
        if self._espeak is None or not text.strip():
            return None
        name = espeak_voice(language, voice)
        key = hashlib.sha256(f"{name}|{_WORDS_A_MINUTE}|{text}".encode()).hexdigest()
        if key not in self._spoken:
            rendered = self._rendered(self._folder / f"{key}.wav", text, name)
            if rendered is None:
                return None
            self._spoken[key] = rendered
            if len(self._spoken) > _TEXTS_IN_MEMORY_MAX:
                self._spoken.popitem(last=False)
        self._spoken.move_to_end(key)
        return self._spoken[key]

    def _rendered(self, wav: Path, text: str, voice: str) -> bytes | None:
        try:
            if not wav.exists():
                self._run_espeak(wav, text, voice)
            return decode(wav.read_bytes())
        except (OSError, subprocess.SubprocessError, UndecodableSoundError) as error:
            # The text stays out of the log: prompts may read a caller's number back.
            log.warning("espeak-ng could not speak with voice %s: %s", voice, type(error).__name__)
            return None

    def _run_espeak(self, wav: Path, text: str, voice: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = wav.with_suffix(".part")
        subprocess.run(
            [str(self._espeak), "-v", voice, "-s", str(_WORDS_A_MINUTE), "-w", str(unfinished)],
            input=text.encode(),
            check=True,
            capture_output=True,
            timeout=_RENDER_SECONDS_MAX,
        )
        unfinished.replace(wav)
