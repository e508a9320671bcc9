"""Every page speaks both languages, and every catalog holds each sentence in both."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbacks.catalog import WORDS as CALLBACK_WORDS
from core.web.languages import (
    CORE_WORDS,
    LANGUAGES,
    Catalog,
    CatalogFault,
    choose_language,
    time_of_day,
)
from counselors.pages import WORDS as DESK_WORDS
from supervision.pages import WORDS as BOARD_WORDS

ROOT = Path(__file__).resolve().parents[2]
CATALOGS = {
    "core": CORE_WORDS,
    "counselors": DESK_WORDS,
    "callbacks": CALLBACK_WORDS,
    "supervision": BOARD_WORDS,
}
EVENING = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)  # half past midnight of 2 March in Seoul


@pytest.mark.parametrize(
    ("asked", "remembered", "spoken"),
    [
        (None, None, "ko"),
        ("en", None, "en"),
        (None, "en", "en"),
        ("ko", "en", "ko"),
        ("xx", "en", "en"),
        ("xx", "yy", "ko"),
    ],
)
def test_the_wish_of_now_then_of_before_then_korean(
    asked: str | None, remembered: str | None, spoken: str
) -> None:
    assert choose_language(asked, remembered) == spoken


@pytest.mark.parametrize("room", CATALOGS)
def test_both_languages_name_the_same_places(room: str) -> None:
    korean, english = (CATALOGS[room].words(language) for language in LANGUAGES)
    assert korean.keys() == english.keys()
    for key in korean:
        places = [set(re.findall(r"\{(\w+)\}", said)) for said in (korean[key], english[key])]
        assert places[0] == places[1], key


def _used_keys(room: str) -> set[str]:
    texts = [file.read_text("utf-8") for file in (ROOT / room).rglob("*.html")]
    return {key for text in texts for key in re.findall(r'\bt\("([\w.]+)"', text)}


@pytest.mark.parametrize("room", CATALOGS)
def test_every_key_a_template_names_is_there(room: str) -> None:
    used = _used_keys(room)
    assert used, room
    whole = {key for key in used if not key.endswith("_")}
    whole -= {key for key in whole if key.endswith(".")}
    assert whole <= CATALOGS[room].words("ko").keys()


def test_every_key_a_script_names_is_there() -> None:
    known = CALLBACK_WORDS.words("ko").keys() | BOARD_WORDS.words("ko").keys()
    for script in (ROOT / "core/static/js").glob("*.js"):
        for key in re.findall(r'\bt\("([a-z_]+\.\w+)"', script.read_text("utf-8")):
            assert key in known, f"{script.name}: {key}"


def test_a_missing_language_is_named(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text('[greeting]\nhello = { ko = "안녕하세요" }\n', "utf-8")
    with pytest.raises(CatalogFault, match=r"greeting\.hello \(en\)"):
        Catalog(file).words("ko")


def test_a_missing_key_is_named_and_the_base_is_asked_first() -> None:
    assert DESK_WORDS.say("en", "frame.desk") == "Desk"
    with pytest.raises(CatalogFault, match="no sentence 'nowhere'"):
        DESK_WORDS.say("ko", "nowhere")


def test_times_are_told_in_seoul() -> None:
    assert time_of_day(EVENING) == "00:30"
