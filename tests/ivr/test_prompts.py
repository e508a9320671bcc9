"""Korean and English say the same things, and everything that is said exists."""

import re
from pathlib import Path
from string import Formatter

import pytest

from ivr.prompts import PromptMissing, load_prompts

PROMPTS = load_prompts()
IVR = Path(__file__).resolve().parents[2] / "ivr"


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_gaps() -> None:
    korean, english = PROMPTS["ko"], PROMPTS["en"]
    assert set(korean.text) == set(english.text)
    assert {k: gaps(v) for k, v in korean.text.items()} == {
        k: gaps(v) for k, v in english.text.items()
    }


def test_every_prompt_that_is_said_exists() -> None:
    said = set()
    for path in IVR.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        said |= set(re.findall(r'(?:Say|say_and_end)\(\s*"([a-z_]+)"', text))
    assert said - set(PROMPTS["ko"].text) == set()
    assert len(said) > 15


def test_every_prompt_is_said_somewhere() -> None:
    everything = " ".join(path.read_text("utf-8") for path in IVR.glob("*.py"))
    everything += (IVR / "menu.toml").read_text("utf-8")
    unsaid = {key for key in PROMPTS["ko"].text if f'"{key}"' not in everything}
    assert unsaid == set()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_is_said_is_short_and_speakable(language: str) -> None:
    for key, text in PROMPTS[language].text.items():
        assert text.strip() == text, key
        assert len(text) <= 220, key
        assert not re.search(r"[<>&#*@/\\]|https?:", text), key


def test_korean_speaks_numbers_as_words() -> None:
    """A voice reads 119 as one hundred and nineteen; gaps are read as counts on purpose."""
    wrong = {key for key, text in PROMPTS["ko"].text.items() if re.search(r"\d{3}", text)}
    assert wrong == set()


def test_a_missing_prompt_says_where_to_add_it() -> None:
    with pytest.raises(PromptMissing, match="no_such"):
        PROMPTS["ko"].say("no_such", {})
    with pytest.raises(PromptMissing, match="queue_position"):
        PROMPTS["ko"].say("queue_position", {})
