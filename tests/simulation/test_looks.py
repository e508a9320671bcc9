"""A report that can't be judged in these very seconds is looked at again, and every look counts."""

from simulator.journal import Entry, LegChanged
from simulator.legs import FINAL
from tests.simulation.faults import NONE
from tests.simulation.faults_short import lived, short_plan
from tests.simulation.fresh_world import fresh_world
from tests.simulation.looks import LOOKS_MAX
from tests.simulation.replay import pytest_command, report
from tests.simulation.world import World

SEED = 1


def look_when_somebody_leaves(world: World, looks: int) -> list[str]:
    """Look a second after each offered caller's leg ended; returns who left, as it happens."""
    left: list[str] = []

    def watch(entry: Entry) -> None:
        if not isinstance(entry, LegChanged) or entry.status not in FINAL:
            return
        story = world.recounted.stories.get(entry.call_sid)
        if story is not None and story.told_queue is not None:
            left.append(entry.call_sid)
            world.kernel.at(1.0, lambda: world.looks.look(looks))

    world.exchange.journal.watchers.append(watch)
    return left


def test_who_leaves_puts_a_report_off_and_no_further(
    postgres_url: str, template_database: str
) -> None:
    with fresh_world(postgres_url, template_database, short_plan(SEED, NONE)) as world:
        left = look_when_somebody_leaves(world, LOOKS_MAX)
        told = lived(world)
    assert not told.wrongs, "\n".join(report(told, pytest_command()))
    assert left
    assert world.looks.put_off >= len(left)
    assert world.looks.skipped == 0
    assert world.looks.made == 2 * (len(left) + 1)  # the day, and what is unrecorded


def test_a_report_that_was_never_compared_is_counted(
    postgres_url: str, template_database: str
) -> None:
    with fresh_world(postgres_url, template_database, short_plan(SEED, NONE)) as world:
        left = look_when_somebody_leaves(world, 1)
        lived(world)
    assert world.looks.put_off == 0
    assert world.looks.skipped == len(left)
    assert world.looks.made == len(left) + 2
