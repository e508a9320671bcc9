"""Every consent has its words in both languages, and the version says which were shown."""

from pathlib import Path

import pytest

from citizens.consent import Purpose
from citizens.wordings import WORDINGS, WordingsFault, read_wordings, wording


@pytest.mark.parametrize("purpose", Purpose)
def test_each_purpose_is_worded_in_both_languages(purpose: Purpose) -> None:
    korean, english = wording(purpose, "ko"), wording(purpose, "en")
    assert korean.text != english.text
    assert {korean.version.rpartition("/")[2], english.version.rpartition("/")[2]} == {"ko", "en"}
    assert korean.version.rpartition("/")[0] == english.version.rpartition("/")[0]


def test_an_unknown_language_is_spoken_to_in_korean() -> None:
    assert wording(Purpose.SENSITIVE, "vi") == wording(Purpose.SENSITIVE, "ko")


def test_a_wording_that_lacks_something_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wordings.toml"
    file.write_text(WORDINGS.read_text("utf-8").replace('version = "night', 'edition = "night'))
    with pytest.raises(WordingsFault, match="night_calls"):
        read_wordings(file)
