"""Many seeds of a short day, on several processes: each failure with how to live through it again.

One PostgreSQL for all, a copy of one migrated database for each seed.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from traceback import format_exception, format_exception_only

import psycopg

from core.embedded import EmbeddedPostgres
from core.schema import upgrade
from tests.simulation.commits import Killed
from tests.simulation.crash_points import FLOWS, enumerate_crashes
from tests.simulation.faults import ALL, Faults, written
from tests.simulation.faults_short import HOURS, Told, lived, short_plan
from tests.simulation.fresh_world import fresh_world
from tests.simulation.minimise import Case, minimise
from tests.simulation.world import Plan, World

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "simulated_template"
TELL_EACH = 50
CRASH_LINES = 12

Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """How a short day differs from its seed's own. callers: None for all."""

    callers: int | None = None
    hours: float = HOURS


WHOLE_DAY = Change()


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL with the template in it: the maintenance database's address."""
    directory = Path(tempfile.mkdtemp(prefix="helpline-seeds-"))
    held = EmbeddedPostgres(directory, durable=False)
    try:
        held.start()
        plain = held.url("postgres").replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
        upgrade(held.url(TEMPLATE))
        yield held.url("postgres")
    finally:
        held.stop()
        shutil.rmtree(directory, ignore_errors=True)


def read_seeds(text: str) -> range:
    """Return the seeds of "7" or "1-200". Raises ValueError for anything else."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def run_seeds(
    seeds: Sequence[int], faults: Faults, jobs: int, say: Say, change: Change = WHOLE_DAY
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
                for line in report(told, faults):
                    say(line)
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
            say(f"{flow.name}: {'wrong' if found else 'sound, wherever the process died'}")
            for line in found:
                say(f"  {line}")
    return failed


def _crash(url: str, number: int) -> list[str]:
    return enumerate_crashes(url, TEMPLATE, FLOWS[number])


def run_smaller(seed: int, faults: Faults, say: Say, change: Change = WHOLE_DAY) -> int:
    """Shorten the short day of a seed that fails; 1 where it does, 0 where nothing is wrong."""
    plan = short_plan(seed, faults, change.callers, change.hours)
    whole = Case(seed, faults, len(plan.arrivals), plan.hours)
    with server() as url:

        def fails(case: Case) -> bool:
            told = _one(url, case.faults, Change(case.callers, case.hours), case.seed)
            say(f"{'fails' if told.wrongs else 'holds'}: {case.command()}")
            return bool(told.wrongs)

        if not fails(whole):
            say("nothing to shorten")
            return 0
        smallest = minimise(whole, fails)
        told = _one(url, smallest.faults, Change(smallest.callers, smallest.hours), seed)
    for line in report(told, smallest.faults):
        say(line)
    say(f"shortest: {smallest.command()}")
    return 1


def _one(url: str, faults: Faults, change: Change, seed: int) -> Told:
    plan = short_plan(seed, faults, change.callers, change.hours)
    return live(url, TEMPLATE, plan)


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


def crash(error: BaseException) -> list[str]:
    """Return what was raised, as a wrong, and then the last lines of where."""
    told = "".join(format_exception(error)).splitlines()
    last = "".join(format_exception_only(error)).partition("\n")[0]
    return [f"crashed: {last}", *told[-CRASH_LINES:]]


def failures(url: str, template: str, seeds: Sequence[int]) -> list[str]:
    """Return what there is to say of the seeds whose short day went wrong under all faults."""
    told = (live(url, template, short_plan(seed)) for seed in seeds)
    return [line for one in told if one.wrongs for line in report(one, ALL)]


def report(told: Told, faults: Faults) -> list[str]:
    """Return what a person needs of a failure: what, where, how again, and the story."""
    command = f"make simulate SEED={told.seed} SHORT=1 FAULTS={written(faults)}"
    return [
        f"seed {told.seed} at commit {commit()}: {len(told.wrongs)} wrong",
        *(f"  WRONG  {wrong}" for wrong in told.wrongs),
        f"  again with: {command}",
        *(f"    {line}" for line in told.lines),
    ]


def commit() -> str:
    """Return the commit of this checkout, in short, "unknown" where git can't say."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or os.environ.get("GIT_COMMIT", "unknown")
