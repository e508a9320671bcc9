"""The wordings that people consent to: read from wordings.toml, each with its version. Pure.

Rule: what is written into the ledger is the version that was shown, its language included.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from citizens.consent import Purpose

WORDINGS = Path(__file__).with_name("wordings.toml")
LANGUAGES = ("ko", "en")


class WordingsFault(Exception):
    """A wording lacks its version, its title or its text; the message names where."""


@dataclass(frozen=True)
class Wording:
    """One consent as it is shown. version: what the ledger keeps, such as "contact-2026-11/ko"."""

    purpose: Purpose
    version: str
    title: str
    text: str


def wording(purpose: Purpose, language: str) -> Wording:
    """Return what is consented to for `purpose`, in `language`, else in Korean."""
    spoken = language if language in LANGUAGES else LANGUAGES[0]
    return read_wordings(WORDINGS)[purpose, spoken]


@cache
def read_wordings(path: Path) -> dict[tuple[Purpose, str], Wording]:
    """Read every wording in every language.

    Raises WordingsFault naming each purpose that lacks something.
    """
    said = tomllib.loads(path.read_text("utf-8"))
    wanted = [(purpose, language) for purpose in Purpose for language in LANGUAGES]
    lacking = [f"{p} ({lang})" for p, lang in wanted if not _is_whole(said.get(p, {}), lang)]
    if lacking:
        raise WordingsFault(f"{path.name}: version, title or text missing: {', '.join(lacking)}")
    return {
        (purpose, language): Wording(
            purpose,
            f"{said[purpose]['version']}/{language}",
            said[purpose]["title"][language],
            said[purpose]["text"][language],
        )
        for purpose, language in wanted
    }


def _is_whole(entry: dict[str, object], language: str) -> bool:
    texts = (entry.get("title"), entry.get("text"))
    spoken = all(isinstance(text, dict) and text.get(language) for text in texts)
    return bool(entry.get("version")) and spoken
