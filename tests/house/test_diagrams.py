"""The state diagrams in docs/ are those of the tables."""

import importlib.util

from tests.house.source import ROOT


def test_the_diagrams_are_fresh() -> None:
    script = ROOT / "docs" / "make_diagrams.py"
    spec = importlib.util.spec_from_file_location("make_diagrams", script)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    drawn = made.TARGET.read_text(encoding="utf-8")
    assert drawn == made.page(), "run: python docs/make_diagrams.py"
    assert drawn.count("```mermaid") >= 4
