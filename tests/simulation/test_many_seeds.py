"""Short days of many seeds with all faults, nothing lost."""

import pytest

from tests.simulation.faults_seeds import failures

SEEDS = range(1, 201)
A_CHUNK = 10


@pytest.mark.spread
@pytest.mark.parametrize("first", range(0, len(SEEDS), A_CHUNK))
def test_nothing_is_lost_whatever_goes_wrong(
    postgres_url: str, template_database: str, first: int
) -> None:
    found = failures(postgres_url, template_database, SEEDS[first : first + A_CHUNK])
    assert not found, "\n".join(found)
