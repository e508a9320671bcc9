"""Short days of many seeds with all faults, nothing lost: half 1, for a worker of its own."""

import pytest

from tests.simulation.faults import ALL
from tests.simulation.faults_seeds import report
from tests.simulation.faults_short import live_short, short_plan

SEEDS = range(1, 61, 2)
A_CHUNK = 10


@pytest.mark.parametrize("first", range(0, len(SEEDS), A_CHUNK))
def test_nothing_is_lost_whatever_goes_wrong(
    postgres_url: str, template_database: str, first: int
) -> None:
    failures = []
    for seed in SEEDS[first : first + A_CHUNK]:
        told = live_short(postgres_url, template_database, short_plan(seed))
        if told.wrongs:
            failures += report(told, ALL)
    assert not failures, "\n".join(failures)
