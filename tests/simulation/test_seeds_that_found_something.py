"""Seeds of short days that once failed, by what they found."""

import pytest

from tests.simulation.faults import ALL
from tests.simulation.faults_seeds import live
from tests.simulation.faults_short import short_plan
from tests.simulation.replay import report, short_command

FOUND = {
    "a clock ahead of the carrier's hid the leg of a lost try, and a citizen was called twice": 44,
    "who looked for a lost leg for too long rang beside who had taken the order over": 9,
    "a promise that met another's lock rested as if it were broken, its call already over": 564,
    "who asked anew for a due promise was rung while its goodbye was still spoken": 2218,
    "a ring whose last answer was lost was given up while it rang": 4276,
    "who waited alone in the room for a telephone that never came there was thanked for the talk": (
        5781
    ),
    "a simulated citizen agreed to a number that was read back and was not theirs": 2319,
}


@pytest.mark.parametrize("seed", FOUND.values(), ids=[each.replace(" ", "-") for each in FOUND])
def test_it_is_not_found_again(postgres_url: str, template_database: str, seed: int) -> None:
    told = live(postgres_url, template_database, short_plan(seed))
    assert not told.wrongs, "\n".join(report(told, short_command(seed, ALL)))
