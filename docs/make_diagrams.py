"""Draws docs/states.md from the life tables: `python docs/make_diagrams.py` after changing one."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from core.life import Life  # noqa: E402 - found only after the path is set

TARGET = HERE / "states.md"
ROOMS = ("counselors", "routing", "callbacks")
HEAD = """# States

Drawn from the tables in each room's `states.py` by `python docs/make_diagrams.py`; a test fails
when this page is stale. An event that has no arrow in a state can't happen there: it is refused and
changes nothing.
"""


def lives() -> list[Life[Any, Any]]:
    """Return every life table of the rooms, in the order they are written."""
    found: list[Life[Any, Any]] = []
    for room in ROOMS:
        if (HERE.parent / room / "states.py").exists():
            members = vars(import_module(f"{room}.states")).values()
            found += [member for member in members if isinstance(member, Life)]
    return found


def page() -> str:
    """Return the whole page as it should be."""
    parts = [HEAD]
    for life in lives():
        parts.append(f"\n## {life.name.capitalize()}\n\n```mermaid\n{life.diagram()}```\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
