"""Short days with faults of every kind, each alone and all together, and what a failure tells."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from simulator.browsers import BrowserCounselor
from tests.simulation.faults import ALL, NONE, Faults, UnknownFault, read_faults, written
from tests.simulation.faults_seeds import live, read_seeds
from tests.simulation.faults_short import live_short, short_plan
from tests.simulation.replay import Change, report, short_command
from tests.simulation.world import World

OFTEN, OFTEN_AT_COMMITS, OFTEN_AN_HOUR = 0.3, 0.03, 4.0


@pytest.mark.parametrize("kind", ALL.kinds())
def test_each_kind_happens_alone_and_nothing_is_lost(
    postgres_url: str, template_database: str, kind: str
) -> None:
    rate = getattr(ALL, kind)
    least = OFTEN_AN_HOUR if rate >= 1 else OFTEN_AT_COMMITS if "commit" in kind else OFTEN
    often = Faults(**{kind: max(rate, least)})
    told = live(postgres_url, template_database, short_plan(7, often))
    assert not told.wrongs, "\n".join(report(told, short_command(7, often)))
    assert told.mishaps > 0


def test_who_stands_still_is_overtaken_where_nothing_else_goes_wrong(database_url: str) -> None:
    world = World(database_url, short_plan(7, Faults(rest_overtaken=0.5)))
    try:
        world.run()
        assert world.findings() == []
        assert world.rig.outcomes["superseded"] > 0
    finally:
        world.close()


def test_everything_happens_to_everybody_within_a_few_seeds() -> None:
    """A habit or a kind of seed that is never drawn would be missed by nobody."""
    plans = [short_plan(seed) for seed in range(1, 31)]
    assert any(plan.stays_seconds for plan in plans)
    assert any(not plan.faults.clock_stepped for plan in plans)
    assert len({plan.start for plan in plans}) == 2
    assert any(plan.browsers for plan in plans)


def test_whoever_sits_at_the_desk_page_works_on_a_short_day(database_url: str) -> None:
    plan = next(plan for plan in map(short_plan, range(1, 30)) if plan.browsers)
    world = World(database_url, replace(plan, faults=NONE))
    try:
        world.run()
        assert world.findings() == []
        at_desk = [one for one in world.counselors if isinstance(one, BrowserCounselor)]
        assert any(entry.kind == "on duty" for one in at_desk for entry in one.diary)
    finally:
        world.close()


def test_a_seed_tells_the_same_story_with_all_faults(
    postgres_url: str, template_database: str
) -> None:
    plan = short_plan(3)
    told = [live_short(postgres_url, template_database, plan) for _ in range(2)]
    assert told[0] == told[1]
    assert told[0].mishaps > 5


def test_a_wrong_is_told_with_its_seed_its_command_and_its_story(
    database_url: str,
) -> None:
    world = World(database_url, short_plan(5, replace(NONE, webhook_duplicated=0.1)))
    world.kernel.at(700.0, lambda: _spoil(world))
    try:
        world.run()
        (first, *_) = world.findings()
        lines = world.story(first)
    finally:
        world.close()
    assert "a closed call has neither a reason nor an end" in first
    assert any("!! wrong" in line for line in lines)
    assert any("asks /ivr/" in line for line in lines)


def _spoil(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(text("UPDATE calls SET closed_at = NULL WHERE state = 'closed'"))


def test_a_report_names_the_command_that_lives_through_it_again(
    postgres_url: str, template_database: str
) -> None:
    faults = Faults(webhook_lost=0.5)
    told = live_short(postgres_url, template_database, short_plan(2, faults, callers=1, hours=0.05))
    command = short_command(2, faults, Change(callers=1, hours=0.05))
    lines = report(replace(told, wrongs=("something",)), command)
    again = "make simulate SEED=2 SHORT=1 FAULTS=webhook_lost=0.5 CALLERS=1 HOURS=0.05"
    assert f"again with: {again}" in " ".join(lines)


def test_faults_are_read_as_they_are_written() -> None:
    for text_ in (
        "none",
        "all",
        "webhook_lost",
        "disk_full=2,second_process",
        "webhook_lost=0.123456789",
    ):
        assert written(read_faults(text_)) == text_
    with pytest.raises(UnknownFault, match="webhook_lost"):
        read_faults("plague")
    assert list(read_seeds("3-5")) == [3, 4, 5]
    assert list(read_seeds("7")) == [7]
