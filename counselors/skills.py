"""Skills and languages as the roster writes them: `grief:3;debt:2` and `ko;en`. Pure.

Rule: a skill is a need's name with a level from 1 to 5; who has no skill for a need has level 0.
"""

import re

LEVEL_MAX = 5
ENTRIES_MAX = 40
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class SkillsWrong(ValueError):
    """The skills or languages can't be read; the message says what they should look like."""


def parse_skills(text: str) -> dict[str, int]:
    """Return level by skill name. Raises SkillsWrong; an empty text is no skill."""
    skills: dict[str, int] = {}
    for entry in _entries(text):
        name, _, level = entry.partition(":")
        if not _NAME.fullmatch(name) or name in skills:
            raise SkillsWrong("a skill is a lower-case name, each once, such as grief:3;debt:2")
        if len(level) != 1 or level not in "12345":
            raise SkillsWrong(f"the level of {name} must be 1 to {LEVEL_MAX}, such as {name}:3")
        skills[name] = int(level)
    return skills


def parse_languages(text: str) -> list[str]:
    """Return the language codes, best first. Raises SkillsWrong; at least one is needed."""
    languages = _entries(text)
    if not languages or len(set(languages)) < len(languages):
        raise SkillsWrong("languages are codes, each once, such as ko;en")
    if not all(_LANGUAGE.fullmatch(code) for code in languages):
        raise SkillsWrong("a language is a code of two or three small letters, such as ko")
    return languages


def _entries(text: str) -> list[str]:
    entries = [entry.strip() for entry in text.split(";") if entry.strip()]
    if len(entries) > ENTRIES_MAX:
        raise SkillsWrong(f"at most {ENTRIES_MAX} entries")
    return entries
