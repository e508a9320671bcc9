"""The menu as data: what a key means, and what is wrong with a file that can't be used."""

from pathlib import Path

import pytest

from ivr.menu import ACTIONS, MenuError, load_menus
from ivr.prompts import load_prompts

MENUS = load_menus()


def test_five_is_the_helpline() -> None:
    choice = MENUS.pressed("main", "5")
    assert choice is not None
    assert (choice.action, choice.need) == ("queue", "talk")


def test_a_key_is_read_in_its_own_menu() -> None:
    assert MENUS.pressed("languages", "5") is None
    assert MENUS.pressed("no such menu", "5") == MENUS.pressed("main", "5")
    assert MENUS.pressed("main", "") is None
    assert MENUS.pressed("main", "55") is None


def test_every_action_is_known_and_every_prompt_spoken() -> None:
    spoken = load_prompts()["ko"].text
    for menu in MENUS.menus.values():
        assert menu.prompt in spoken
        for choice in menu.keys.values():
            assert choice.action in ACTIONS
            assert not choice.prompt or choice.prompt in spoken


GOOD = """
first = "main"
tries_max = 3
digit_seconds = 8
[menus.main]
prompt = "menu"
[menus.main.keys]
5 = { action = "queue" }
"""


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (GOOD.replace('"main"', '"other"'), "other"),
        (GOOD.replace('"queue"', '"explode"'), "key 5.*explode"),
        (GOOD.replace('"queue"', '"menu", menu = "none"'), "key 5.*none"),
        (GOOD.replace('"queue"', '"queue", colour = "red"'), "key 5.*colour"),
    ],
)
def test_a_wrong_file_is_named_by_menu_and_key(tmp_path: Path, wrong: str, says: str) -> None:
    path = tmp_path / "menu.toml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(MenuError, match=says):
        load_menus(path)


def test_another_menu_may_forward(tmp_path: Path) -> None:
    path = tmp_path / "menu.toml"
    more = '1 = { action = "forward", number = "+82212345678" }\n'
    path.write_text(GOOD + more, encoding="utf-8")
    choice = load_menus(path).pressed("main", "1")
    assert choice is not None
    assert choice.number == "+82212345678"
