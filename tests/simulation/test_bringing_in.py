"""Short days full of companions' talks, into most of which a counselor is brought."""

import pytest

from tests.simulation.faults import ALL, NONE
from tests.simulation.faults_seeds import live
from tests.simulation.faults_short import lived
from tests.simulation.fresh_world import fresh_world
from tests.simulation.plans import CRISIS, crisis_plan
from tests.simulation.replay import Change, report, short_command

CHANGE = Change(plan=CRISIS)


def test_counselors_come_are_handed_the_talk_and_every_figure_knows_it(
    postgres_url: str, template_database: str
) -> None:
    with fresh_world(postgres_url, template_database, crisis_plan(1, NONE)) as world:
        told = lived(world)
        done = [request.path.rpartition("/")[2] for request in world.server.done]
        assert sum(meeting.is_beside for meeting in world.meetings) >= 1
    assert not told.wrongs, "\n".join(report(told, short_command(1, NONE, CHANGE)))
    assert done.count("bring-in") >= 2
    assert done.count("hand-over") >= 1


@pytest.mark.parametrize("seed", [106, 111])
def test_whatever_goes_wrong_nobody_is_left_alone(
    postgres_url: str, template_database: str, seed: int
) -> None:
    told = live(postgres_url, template_database, crisis_plan(seed))
    assert not told.wrongs, "\n".join(report(told, short_command(seed, ALL, CHANGE)))
