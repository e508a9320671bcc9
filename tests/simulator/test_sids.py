"""Names of things."""

from __future__ import annotations

import re

from simulator.sids import Sids


def test_sids_have_the_carriers_shape_and_are_the_same_for_the_same_seed() -> None:
    one, same, other = Sids("a"), Sids("a"), Sids("b")
    made = [one.new("CA") for _ in range(100)]
    assert all(re.fullmatch(r"CA[0-9a-f]{32}", sid) for sid in made)
    assert len(set(made)) == 100
    assert [same.new("CA") for _ in range(100)] == made
    assert other.new("CA") not in made
