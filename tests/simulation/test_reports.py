"""That a board or a report that says something else than what happened would be found."""

import pytest

from tests.databases import fresh
from tests.simulation.faults import NONE
from tests.simulation.faults_short import lived, short_plan
from tests.simulation.mutations import MUTATIONS, mutated
from tests.simulation.world import World


@pytest.mark.parametrize(
    ("name", "says", "seed"),
    [
        ("the board counts who left with a promise as lost", "the board says today.abandoned", 15),
        ("the report counts a call's talk a hundredth longer", "counts aht_seconds", 1),
    ],
)
def test_a_false_figure_is_found(
    postgres_url: str, template_database: str, name: str, says: str, seed: int
) -> None:
    mutation = next(one for one in MUTATIONS if one.name == name)
    with fresh(postgres_url, template_database) as url, mutated(mutation, url):
        world = World(url, short_plan(seed, NONE))
        try:
            wrongs = lived(world).wrongs
        finally:
            world.close()
    assert any(says in wrong for wrong in wrongs)
