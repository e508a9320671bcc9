"""Speaks to people in their language: Korean first, English second, from one catalog a room."""

import tomllib
from datetime import datetime
from functools import cached_property
from pathlib import Path

from core.clock import SEOUL

#: Languages of the pages, the first being what is spoken unless somebody asks otherwise.
LANGUAGES = ("ko", "en")


class CatalogFault(Exception):
    """A catalog lacks a sentence or a language; the message names the key to add."""


def choose_language(asked: str | None, remembered: str | None) -> str:
    """Return the language: what is asked for now, else what was chosen before, else Korean.

    The browser's Accept-Language is left out on purpose: the line is staffed in Seoul, and
    machines there are often set to English by nobody's choice.
    """
    for wish in (asked, remembered):
        if wish in LANGUAGES:
            return str(wish)
    return LANGUAGES[0]


class Catalog:
    """The sentences of one room, read once from a TOML file.

    path: the file; each table is a section, each key in it a table of language -> sentence.
    base: a catalog asked when this one has no such key.
    """

    def __init__(self, path: Path, base: "Catalog | None" = None) -> None:
        self._path = path
        self._base = base

    @cached_property
    def sentences(self) -> dict[str, dict[str, str]]:
        """Every own sentence, by language and dotted key such as `offer.accept`.

        Raises CatalogFault naming every key that lacks a language.
        """
        sections = tomllib.loads(self._path.read_text("utf-8"))
        found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
        lacking = []
        for section, entries in sections.items():
            for key, spoken in entries.items():
                for language in LANGUAGES:
                    if spoken.get(language):
                        found[language][f"{section}.{key}"] = spoken[language]
                    else:
                        lacking.append(f"{section}.{key} ({language})")
        if lacking:
            raise CatalogFault(f"{self._path.name}: no sentence for {', '.join(lacking)}")
        return found

    def words(self, language: str) -> dict[str, str]:
        """Return every sentence in one language, the base's included; for a page's scripts."""
        below = self._base.words(language) if self._base else {}
        return below | self.sentences[language]

    def say(self, language: str, key: str, **values: object) -> str:
        """Return one sentence with `{name}` places filled from `values`.

        Raises CatalogFault when there is no such key here or in the base.
        """
        sentence = self.sentences[language].get(key)
        if sentence is None and self._base is not None:
            return self._base.say(language, key, **values)
        if sentence is None:
            raise CatalogFault(f"{self._path.name} has no sentence '{key}'; add it")
        return sentence.format(**values) if values else sentence


#: What every page says: header, footer, errors, sign-in.
CORE_WORDS = Catalog(Path(__file__).with_name("words.toml"))


def time_of_day(value: datetime) -> str:
    """Return the hour and minute in Seoul, 24 hours, the same in every language."""
    return value.astimezone(SEOUL).strftime("%H:%M")
