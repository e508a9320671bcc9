"""A short day, small enough for many seeds: a quarter of an hour, few callers, all hurried.

Habits are turned up, so that in a few minutes people do what otherwise takes a day.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.companions import CompanionHabits
from simulator.habits import Habits
from simulator.staff import WorkHabits
from simulator.supervisors import SupervisorHabits
from tests.simulation.faults import ALL, Faults
from tests.simulation.fresh_world import fresh_world
from tests.simulation.plan import Plan
from tests.simulation.world import World

START = datetime(2026, 3, 3, 1, tzinfo=UTC)  # ten in the morning in Seoul, a Tuesday
EVENING = datetime(2026, 3, 3, 11, 52, tzinfo=UTC)  # eight minutes before nobody may be rung
HOURS = 0.25
DRAIN_SECONDS = 3600.0
SECOND_TRY_SECONDS = 3000.0
"""Lived on after the last call on such days, so that who was not reached is tried again."""
HABITS = Habits(
    patience_seconds=150,
    talk_seconds=70,
    withheld=0.1,
    leaves_in_menu=0.05,
    mis_keys=0.15,
    speaks_english=0.1,
    presses_nothing=0.05,
    presses_safety=0.1,
    asks_callback=0.2,
    keeps_place=0.3,
    leaves_at_worst=0.1,
    calls_again=0.3,
    again_seconds=(10.0, 120.0),
)
WORK_HABITS = WorkHabits(
    wrap_seconds=20,
    misses=0.06,
    declines=0.06,
    drops_talk=0.06,
    forgets_outcome=0.05,
    works_seconds=(240.0, 900.0),
    break_seconds=(30.0, 120.0),
    books_companion=0.15,
    breaks_in_ring=0.03,
    closes_laptop_in_ring=0.05,
    closes_laptop_in_talk=0.05,
    loses_network=0.1,
    laptop_shut_seconds=(20.0, 180.0),
)
COMPANION_HABITS = CompanionHabits(
    looks_every_seconds=120.0,
    between_calls_seconds=(10.0, 60.0),
    wrap_seconds=20.0,
    absent=0.2,
    forgets_outcome=0.1,
    writes_late_seconds=(60.0, 400.0),
    hears_mailbox=0.1,
    drops_talk=0.1,
    brings_in=0.9,
    brings_in_seconds=(5.0, 40.0),
    hands_over_seconds=(5.0, 30.0),
)
SUPERVISOR_HABITS = SupervisorHabits(
    looks_every_seconds=240.0, promises=0.3, takes_back=0.2, takes_back_seconds=(5.0, 300.0)
)
FORMS_A_DAY = 48.0


@dataclass(frozen=True)
class Told:
    """What one short day came to. callers, answered: of the exchange's own recount."""

    seed: int
    wrongs: tuple[str, ...]
    lines: tuple[str, ...]
    digest: str
    callers: int
    answered: int
    mishaps: int


def short_plan(
    seed: int, faults: Faults = ALL, callers: int | None = None, hours: float = HOURS
) -> Plan:
    """Return the short day of a seed. callers: keep only so many of its first ones.

    Of five seeds one is at the edge of quiet hours, one goes on until there were second tries, and
    in one people try to be ready who may not be.
    Those at the edge, and a third of all, have every fault but the clock's, unless it is asked for
    alone: so who came first is asked first, and by the true hour.
    """
    rng = random.Random(f"{seed}/short")
    start = EVENING if seed % 5 == 3 else START
    if len(faults.kinds()) > 1 and (seed % 3 == 1 or start == EVENING):
        faults = faults.without("clock_stepped")
    count = rng.randrange(4, 7)
    seats = rng.randrange(2, 4)
    moments = sorted(rng.uniform(5, HOURS * 3600 * 0.8) for _ in range(count))
    arrivals = [start + timedelta(seconds=at) for at in moments][:callers]
    browsers = rng.randrange(2)
    return Plan(
        start,
        hours,
        arrivals,
        seats,
        seed,
        browsers=browsers,
        browser_hours=(0, HOURS),
        habits=HABITS,
        work_habits=WORK_HABITS,
        faults=faults,
        companions=1,
        companion_habits=COMPANION_HABITS,
        supervisor_habits=SUPERVISOR_HABITS,
        forms_a_day=FORMS_A_DAY,
        unfit=seed % 5 == 1,
        drain_seconds_max=DRAIN_SECONDS,
        stays_seconds=SECOND_TRY_SECONDS if seed % 5 == 4 else 0.0,
    )


def live_short(postgres_url: str, template: str, plan: Plan) -> Told:
    """Live through a plan on a fresh copy of `template`, and return what came of it."""
    with fresh_world(postgres_url, template, plan) as world:
        return lived(world)


def lived(world: World) -> Told:
    """Live through a world's plan, and return what came of it."""
    world.run()
    wrongs = world.findings()
    figures = world.figures()
    return Told(
        world.plan.seed,
        tuple(wrongs),
        tuple(world.story(wrongs[0])) if wrongs else (),
        world.digest(),
        figures.calls,
        figures.answered,
        len(world.rig.misfortune.mishaps),
    )
