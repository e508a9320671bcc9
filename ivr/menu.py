"""The menu as data, and what a pressed key means in it. Pure.

Rule: a key is read in its own menu only; whoever presses nothing, or nothing known, `tries_max`
times is put into the queue, because an old or frightened caller must not be dropped by a menu.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

HERE = Path(__file__).parent
ACTIONS = frozenset({"queue", "callback", "menu", "language", "announce", "forward", "again"})


class MenuError(Exception):
    """The menu file is malformed; the sentence names the menu and the key."""


@dataclass(frozen=True)
class Choice:
    """What a key does. Fields not used by its action are empty."""

    action: str
    need: str = "talk"
    priority: int = 0
    menu: str = ""
    language: str = ""
    prompt: str = ""
    number: str = ""


@dataclass(frozen=True)
class Menu:
    """One spoken menu and its keys."""

    prompt: str
    keys: Mapping[str, Choice]


@dataclass(frozen=True)
class Menus:
    """All menus. digit_seconds: silence after which the menu is said again."""

    first: str
    tries_max: int
    digit_seconds: int
    menus: Mapping[str, Menu]

    def named(self, name: str) -> tuple[str, Menu]:
        """Return the menu called `name`, or the first one for a name we do not know."""
        if name in self.menus:
            return name, self.menus[name]
        return self.first, self.menus[self.first]

    def pressed(self, name: str, digits: str) -> Choice | None:
        """Return what `digits` mean in menu `name`, None where they mean nothing."""
        return self.named(name)[1].keys.get(digits)


def load_menus(path: Path = HERE / "menu.toml") -> Menus:
    """Read the menus. Raises MenuError naming the first fault."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    menus = {name: _menu(name, entry) for name, entry in raw["menus"].items()}
    read = Menus(raw["first"], raw["tries_max"], raw["digit_seconds"], MappingProxyType(menus))
    _check(read)
    return read


def _menu(name: str, entry: Mapping[str, Any]) -> Menu:
    keys = {}
    for key, fields in entry["keys"].items():
        try:
            keys[key] = Choice(**fields)
        except TypeError as error:
            raise MenuError(f"menu {name}, key {key}: {error}") from error
    return Menu(entry["prompt"], MappingProxyType(keys))


def _check(read: Menus) -> None:
    if read.first not in read.menus:
        raise MenuError(f"first: there is no menu {read.first!r}")
    for name, menu in read.menus.items():
        for key, choice in menu.keys.items():
            if choice.action not in ACTIONS:
                raise MenuError(f"menu {name}, key {key}: unknown action {choice.action!r}")
            if choice.menu and choice.menu not in read.menus:
                raise MenuError(f"menu {name}, key {key}: there is no menu {choice.menu!r}")
