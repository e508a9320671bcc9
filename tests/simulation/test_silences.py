"""Nobody is left in a silent room, nor by a carrier that takes no requests for a while."""

from dataclasses import replace

import pytest

from tests.simulation.faults import NONE, Faults
from tests.simulation.faults_short import WORK_HABITS, live_short, short_plan
from tests.simulation.plan import Plan

OFTEN_AN_HOUR = 24.0


@pytest.mark.parametrize("seed", [4, 5])
def test_who_loses_a_counselor_while_the_carrier_is_away_hears_something_soon(
    postgres_url: str, template_database: str, seed: int
) -> None:
    dropping = _dropping(short_plan(seed, Faults(rest_away=OFTEN_AN_HOUR)))
    told = live_short(postgres_url, template_database, dropping)
    assert told.mishaps > 0
    assert told.wrongs == ()


def test_who_loses_a_counselor_in_a_talk_is_not_left_alone_there(
    postgres_url: str, template_database: str
) -> None:
    told = live_short(postgres_url, template_database, _dropping(short_plan(4, NONE)))
    assert told.answered > 0
    assert told.wrongs == ()


def _dropping(plan: Plan) -> Plan:
    """The plan, with one counselor, who shuts the laptop in most talks."""
    habits = replace(WORK_HABITS, closes_laptop_in_talk=0.9, misses=0.0, declines=0.0)
    return replace(plan, seats=1, browsers=1, work_habits=habits)
