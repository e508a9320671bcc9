"""Many seeds of a short day, on several processes: each failure with how to live through it again.

One PostgreSQL for all, a copy of one migrated database for each seed.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from time import perf_counter

import psycopg

from core.embedded import EmbeddedPostgres
from core.schema import upgrade
from tests.databases import plain, throwaway_directory
from tests.simulation.commits import Killed
from tests.simulation.crash_points import FLOWS, enumerate_crashes
from tests.simulation.faults import ALL, Faults
from tests.simulation.faults_short import Told, lived, short_plan
from tests.simulation.fresh_world import fresh_world
from tests.simulation.minimise import Case, minimise
from tests.simulation.plan import Plan
from tests.simulation.plans import PLANS
from tests.simulation.replay import (
    UNCHANGED,
    Change,
    crash,
    report,
    report_of_flow,
    short_command,
)
from tests.simulation.world import World

TEMPLATE = "simulated_template"
TELL_EACH = 50

Say = Callable[[str], None]


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL with the template in it: the maintenance database's address."""
    with throwaway_directory("helpline-seeds-") as directory:
        held = EmbeddedPostgres(directory, durable=False)
        try:
            held.start()
            with psycopg.connect(plain(held.url("postgres")), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
            upgrade(held.url(TEMPLATE))
            yield held.url("postgres")
        finally:
            held.stop()


def read_seeds(text: str) -> range:
    """Return the seeds of "7" or "1-200". Raises ValueError for anything else."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def run_seeds(
    seeds: Sequence[int], faults: Faults, jobs: int, say: Say, change: Change = UNCHANGED
) -> int:
    """Live through each seed's short day; return how many failed. say: takes lines to print."""
    began, failed, callers, answered, mishaps = perf_counter(), 0, 0, 0, 0
    with server() as url, ProcessPoolExecutor(jobs, get_context("forkserver")) as pool:
        told_each = pool.map(partial(_one, url, faults, change), seeds)
        for number, told in enumerate(told_each, 1):
            callers, answered = callers + told.callers, answered + told.answered
            mishaps += told.mishaps
            if told.wrongs:
                failed += 1
                for line in report(told, short_command(told.seed, faults, change)):
                    say(line)
            if len(seeds) == 1:
                say(f"digest {told.digest or 'none, it broke off'}")
            if number % TELL_EACH == 0 or number == len(seeds):
                pace = (perf_counter() - began) / number
                say(
                    f"{number} seeds · {failed} failed · {callers} calls, {answered} answered · "
                    f"{mishaps} faults · {pace:.2f} s a seed"
                )
    return failed


def crash_everywhere(jobs: int, say: Say) -> int:
    """Die at every commit of each main flow; return in how many flows something was wrong."""
    failed = 0
    with server() as url, ProcessPoolExecutor(jobs, get_context("forkserver")) as pool:
        for flow, found in zip(
            FLOWS, pool.map(partial(_crash, url), range(len(FLOWS))), strict=True
        ):
            failed += bool(found)
            sound = [f"{flow.name}: sound, wherever the process died"]
            for line in report_of_flow(flow.name, found) if found else sound:
                say(line)
    return failed


def _crash(url: str, number: int) -> list[str]:
    try:
        return enumerate_crashes(url, TEMPLATE, FLOWS[number])
    except (Exception, Killed) as error:
        return crash(error)


def run_smaller(seed: int, faults: Faults, say: Say, change: Change = UNCHANGED) -> int:
    """Shorten the short day of a seed that fails; 1 where it does, 0 where nothing is wrong."""
    plan = _plan(seed, faults, change)
    whole = Case(seed, faults, len(plan.arrivals), plan.hours, change.plan)
    with server() as url:

        def fails(case: Case) -> bool:
            told = _one(url, case.faults, case.change(), case.seed)
            say(f"{'fails' if told.wrongs else 'holds'}: {case.command()}")
            return bool(told.wrongs)

        if not fails(whole):
            say("nothing to shorten")
            return 0
        smallest = minimise(whole, fails)
        told = _one(url, smallest.faults, smallest.change(), seed)
    for line in report(told, smallest.command()):
        say(line)
    return 1


def _plan(seed: int, faults: Faults, change: Change) -> Plan:
    return PLANS[change.plan](seed, faults, change.callers, change.hours)


def _one(url: str, faults: Faults, change: Change, seed: int) -> Told:
    return live(url, TEMPLATE, _plan(seed, faults, change))


def live(url: str, template: str, plan: Plan) -> Told:
    """Live through a plan on a copy of `template`; whatever its world raises is a wrong of it."""
    world: World | None = None
    try:
        with fresh_world(url, template, plan) as world:
            return lived(world)
    except (Exception, Killed) as error:
        return _crashed(plan, error, world)


def _crashed(plan: Plan, error: BaseException, world: World | None) -> Told:
    """Return what there is to say of a story that could not be told to its end."""
    wrong, *lines = crash(error)
    wrongs = [wrong, *(world.wrongs if world is not None else ())]
    lines += world.story(wrong) if world is not None else []
    return Told(plan.seed, tuple(wrongs), tuple(lines), "", len(plan.arrivals), 0, 0)


def failures(url: str, template: str, seeds: Sequence[int]) -> list[str]:
    """Return what there is to say of the seeds whose short day went wrong under all faults."""
    told = (live(url, template, short_plan(seed)) for seed in seeds)
    return [
        line for one in told if one.wrongs for line in report(one, short_command(one.seed, ALL))
    ]
