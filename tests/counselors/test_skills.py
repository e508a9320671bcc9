"""Skills and languages as the roster writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counselors.skills import SkillsWrong, parse_languages, parse_skills


def test_they_are_read() -> None:
    assert parse_skills(" grief:3 ; debt:2;") == {"grief": 3, "debt": 2}
    assert parse_skills("") == {}
    assert parse_languages("ko; en") == ["ko", "en"]


BAD_SKILLS = [
    "grief", "grief:", "grief:0", "grief:6", "grief:3:2", "Grief:1", "a:1;a:2", "슬픔:3",
    "grief:３", "x:1;" * 41,
]  # fmt: skip
NAMES = st.from_regex(r"[a-z][a-z_]{0,10}", fullmatch=True)


@pytest.mark.parametrize("text", BAD_SKILLS)
def test_bad_skills(text: str) -> None:
    with pytest.raises(SkillsWrong):
        parse_skills(text)


@pytest.mark.parametrize("text", ["", ";", "KO", "k", "korean", "ko;ko", "ko,en", "한국어"])
def test_bad_languages(text: str) -> None:
    with pytest.raises(SkillsWrong):
        parse_languages(text)


@given(st.dictionaries(NAMES, st.integers(1, 5), max_size=9))
def test_what_is_written_is_read_back(skills: dict[str, int]) -> None:
    assert parse_skills(";".join(f"{name}:{level}" for name, level in skills.items())) == skills
