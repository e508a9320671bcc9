"""Short days full of companions' talks, into most of which a counselor is brought."""

from dataclasses import replace

import pytest

from simulator.handsets import RungHabits
from tests.simulation.faults import ALL, NONE, Faults
from tests.simulation.faults_seeds import report
from tests.simulation.faults_short import lived, short_plan
from tests.simulation.fresh_world import fresh_world
from tests.simulation.world import Plan

REACHED = RungHabits(
    misses=0.05,
    is_busy=0.02,
    refuses=0.01,
    voicemail=0.03,
    picks_up_seconds=(2.0, 8.0),
    withdraws=0.03,
    hangs_up_in_greeting=0.03,
)


def crisis_plan(seed: int, faults: Faults) -> Plan:
    plan = short_plan(seed, faults)
    return replace(
        plan,
        habits=replace(plan.habits, rung=REACHED, talk_seconds=110),
        companion_habits=replace(
            plan.companion_habits,
            brings_in=1.0,
            absent=0.0,
            looks_every_seconds=20.0,
            between_calls_seconds=(5.0, 20.0),
            drops_talk=0.25,
            stays=0.3,
        ),
        supervisor_habits=replace(
            plan.supervisor_habits, looks_every_seconds=60.0, promises=0.9, promises_talk=0.1
        ),
        work_habits=replace(plan.work_habits, drops_talk=0.15),
        companions=3,
        forms_a_day=600.0,
        browsers=1 if seed % 2 else plan.browsers,
    )


def test_counselors_come_are_handed_the_talk_and_every_figure_knows_it(
    postgres_url: str, template_database: str
) -> None:
    with fresh_world(postgres_url, template_database, crisis_plan(1, NONE)) as world:
        told = lived(world)
        done = [request.path.rpartition("/")[2] for request in world.server.done]
        assert sum(meeting.is_beside for meeting in world.meetings) >= 1
    assert not told.wrongs, "\n".join(report(told, NONE))
    assert done.count("bring-in") >= 2
    assert done.count("hand-over") >= 1


@pytest.mark.parametrize("seed", [106, 111])
def test_whatever_goes_wrong_nobody_is_left_alone(
    postgres_url: str, template_database: str, seed: int
) -> None:
    with fresh_world(postgres_url, template_database, crisis_plan(seed, ALL)) as world:
        told = lived(world)
    assert not told.wrongs, "\n".join(report(told, ALL))
