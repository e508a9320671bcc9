"""Short stretches of a day through the whole application, from seeds."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from simulator.habits import Habits
from simulator.handsets import RungHabits
from simulator.staff import WorkHabits
from tests.databases import fresh
from tests.simulation.plan import Plan
from tests.simulation.real_days import REAL_DAYS, arrivals, midnight, read_date
from tests.simulation.replay import commit, pytest_command, unsound
from tests.simulation.world import World

START = datetime(2026, 3, 1, 15, tzinfo=UTC)  # midnight in Seoul, Monday
SEATS = 2
HABITS = Habits(talk_seconds=700, patience_seconds=400)
QUICK = WorkHabits(wrap_seconds=30)
SURE = RungHabits(misses=0, is_busy=0, refuses=0, voicemail=0)


def a_plan(seed: int, *, hours: float = 2.0, calls: int = 15, start: datetime = START) -> Plan:
    rng = random.Random(seed)
    moments = sorted(rng.uniform(0, hours * 3600) for _ in range(calls))
    calls_at = [start + timedelta(seconds=at) for at in moments]
    browser_hours = (hours / 2, hours)
    return Plan(start, hours, calls_at, SEATS, seed, browser_hours=browser_hours, habits=HABITS)


def lived(url: str, plan: Plan) -> World:
    world = World(url, plan)
    try:
        world.run()
    except BaseException as error:
        error.add_note(f"seed {plan.seed} at commit {commit()}: {pytest_command()}")
        world.close()
        raise
    return world


def hold(world: World) -> None:
    """Nothing is wrong; else the failure says with which seed, and how to see it again."""
    wrong = unsound(world, pytest_command())
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_doubled_or_left_open(database_url: str, seed: int) -> None:
    world = lived(database_url, a_plan(seed))
    try:
        hold(world)
        seen = world.figures()
        assert seen.calls >= 15
        assert seen.offered == seen.answered + seen.abandoned + seen.promised
        assert seen.answered >= 3
        assert 0 < seen.occupancy <= 1
    finally:
        world.close()


def test_the_same_seed_tells_the_same_story_whichever_idle_ticks_are_left_out(
    postgres_url: str, template_database: str, database_url: str
) -> None:
    plan = a_plan(7, hours=0.1, calls=5, start=START + timedelta(hours=10))
    habits = replace(HABITS, talk_seconds=90, asks_callback=0.7, keeps_place=1.0, rung=SURE)
    plan = replace(plan, habits=habits, work_habits=QUICK)
    first = lived(database_url, plan)
    digests = [first.digest()]
    with first.database.transaction() as session:
        kept = session.scalar(text("SELECT count(*) FROM promises WHERE state = 'kept'"))
    first.close()
    assert kept, "the story holds no promise, and so says little"
    for every_tick in (False, True):
        with fresh(postgres_url, template_database) as url:
            again = lived(url, replace(plan, every_tick=every_tick))
            digests.append(again.digest())
            again.close()
    assert len(set(digests)) == 1


def test_wrong_rows_are_found(database_url: str) -> None:
    world = lived(database_url, a_plan(4, hours=0.5, calls=4))
    try:
        hold(world)
        with world.database.transaction() as session:
            session.execute(text("UPDATE presences SET state = 'on_call'"))
            session.execute(
                text(
                    "UPDATE calls SET carrier_sid = 'CA0' WHERE id = (SELECT id FROM calls LIMIT 1)"
                )
            )
        found = " ".join(world.findings())
        assert "a presence is not what offers and sessions make it" in found
        assert "was lost" in found
        assert "was invented" in found
        told = " ".join(unsound(world, pytest_command()))
        assert "seed 4 at commit" in told
        assert "again with: python -m pytest 'tests/simulation/test_short_days.py::" in told
    finally:
        world.close()


@pytest.mark.slow
def test_a_real_saturday(database_url: str) -> None:
    if not REAL_DAYS.exists():
        pytest.skip(f"{REAL_DAYS.name} is not in ../shared/data; the real days need it")
    saturday = read_date("1999-03-06")
    calls, _ = arrivals(saturday, 1, 6)
    plan = Plan(midnight(saturday), 24, calls, 5, 6, browser_hours=(13, 14))
    world = lived(database_url, plan)
    try:
        hold(world)
        assert world.figures().calls >= len(calls)
    finally:
        world.close()
