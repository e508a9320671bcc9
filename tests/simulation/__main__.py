"""`make simulate`: whole days through the real application on real PostgreSQL, from a seed."""

import argparse
import gc
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from core.clock import SEOUL  # noqa: E402 - the path is set first
from core.embedded import EmbeddedPostgres  # noqa: E402
from core.schema import upgrade  # noqa: E402
from simulator.habits import Habits  # noqa: E402
from simulator.staff import WorkHabits  # noqa: E402
from supervision.day_picture import Fault  # noqa: E402
from tests.simulation.commits import Killed  # noqa: E402
from tests.simulation.faults import read_faults, written  # noqa: E402
from tests.simulation.faults_seeds import (  # noqa: E402
    crash_everywhere,
    read_seeds,
    run_seeds,
    run_smaller,
)
from tests.simulation.faults_short import HOURS  # noqa: E402
from tests.simulation.one_core import stay_on_one_core  # noqa: E402
from tests.simulation.picture import DAYS_MAX, paint  # noqa: E402
from tests.simulation.plan import Plan  # noqa: E402
from tests.simulation.plans import PLANS, SHORT  # noqa: E402
from tests.simulation.real_days import (  # noqa: E402
    arrivals,
    arrivals_of_line,
    draw_date,
    midnight,
    named,
    read_date,
)
from tests.simulation.replay import Change, crash, failure  # noqa: E402
from tests.simulation.world import World  # noqa: E402

SEATS, SEATS_WHOLE = 5, 13
BANK_HABITS = Habits(talk_seconds=152.6, talk_sigma=1.09)
BANK_WORK_HABITS = WorkHabits(wrap_seconds=30.0)
"""The real centre of the whole days: 8 + 5 seats; calls of 152.6 s in the mean, 84 as median."""
TELL_SECONDS = 1800.0
SPEED_CALLS = 144  # a busy day of this line, in which speeds are told


def say(line: str) -> None:
    """Write one line to the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run what the command line asks; 0 where everything held."""
    asked = read_arguments()
    if asked.crash_points:
        return 1 if crash_everywhere(asked.jobs, say) else 0
    change = change_of(asked)
    if asked.minimise:
        return run_smaller(asked.seed, asked.faults, say, change)
    if asked.short or asked.seeds or asked.plan:
        seeds = asked.seeds or [asked.seed]
        return 1 if run_seeds(seeds, asked.faults, asked.jobs, say, change) else 0
    stay_on_one_core()
    gc.set_threshold(100_000, 50, 50)  # a day leaves a long journal that is no garbage
    logging.basicConfig(level=logging.CRITICAL if not asked.verbose else logging.WARNING)
    plan, source = whole_plan(asked)
    first, lived = named(plan.start), plan.start.astimezone(SEOUL)
    say(f"seed {asked.seed} · {asked.days} day(s) from {first:%a %Y-%m-%d} · {source}")
    say(f"lived through as {lived:%a %Y-%m-%d}")
    say(f"{len(plan.arrivals)} calls · {plan.seats} counselors")
    directory = Path(tempfile.mkdtemp(prefix="helpline-day-"))
    server = EmbeddedPostgres(directory, durable=False)
    try:
        upgrade(server.start())
        return live_through(World(server.url(), plan), plan, asked)
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what is asked for. words: those of the command line, unless others are given."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=120)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--date", type=read_date, help="first day, in 1999")
    calls = parser.add_mutually_exclusive_group()
    calls.add_argument("--whole", action="store_true", help="every call of the real day")
    calls.add_argument("--line", action="store_true", help="days like a helpline's own")
    parser.add_argument("--seats", type=int, help="counselors on duty at a time")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw it as a page")
    parser.add_argument("--faults", type=read_faults, default="none", help="all, or kinds")
    parser.add_argument("--short", action="store_true", help="a quarter of an hour, hurried")
    parser.add_argument("--plan", choices=PLANS, help="a short day, and what happens in it")
    parser.add_argument("--seeds", type=read_seeds, help="short days of many seeds, as 1-200")
    parser.add_argument("--callers", type=int, help="of a short day, only the first so many")
    parser.add_argument("--hours", type=float, default=HOURS, help="of a short day")
    parser.add_argument("--minimise", action="store_true", help="shorten a short day that fails")
    parser.add_argument("--crash-points", action="store_true", help="die at every commit")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="short days at a time")
    parser.add_argument("--verbose", action="store_true", help="show the application's warnings")
    return parser.parse_args(words)


def change_of(asked: argparse.Namespace) -> Change:
    """Return how the short day that is asked for differs from its seed's own."""
    return Change(asked.callers, asked.hours, asked.plan or SHORT)


def whole_plan(asked: argparse.Namespace) -> tuple[Plan, str]:
    """Return the whole days that are asked for, and where their calls are from."""
    first = asked.date or draw_date(asked.seed, asked.days)
    if asked.line:
        calls, source = arrivals_of_line(first, asked.days)
    else:
        calls, source = arrivals(first, asked.days, asked.seed, whole=asked.whole)
    seats = asked.seats or (SEATS_WHOLE if asked.whole else SEATS)
    start, hours = midnight(first), 24.0 * asked.days
    plan = Plan(start, hours, calls, seats, asked.seed, faults=asked.faults)
    if asked.whole:
        plan = replace(plan, habits=BANK_HABITS, work_habits=BANK_WORK_HABITS)
    return plan, source


def live_through(world: World, plan: Plan, asked: argparse.Namespace) -> int:
    """Live through whole days and tell of them; 1 where something was wrong."""
    began, cpu_began = time.perf_counter(), time.process_time()
    _tell(world, began)
    try:
        world.run()
        spent, cpu = time.perf_counter() - began, time.process_time() - cpu_began
        sys.stderr.write("\n")
        _report(world, plan, spent, cpu)
        if asked.picture:
            mishaps = world.rig.misfortune.mishaps
            paint(world, asked.picture, [Fault(one.at, one.kind, one.what) for one in mishaps])
            say(f"drawn in {asked.picture}, the first {DAYS_MAX} days at most")
        findings = world.findings()
        lines = world.story(findings[0]) if findings else []
    except (Exception, Killed) as error:
        sys.stderr.write("\n")
        wrong, *lines = crash(error)
        findings = [wrong, *world.wrongs]
        lines += world.story(wrong)
    finally:
        world.close()
    if findings:
        for line in failure(f"seed {asked.seed}", findings, again(asked, plan), lines):
            say(line)
        return 1
    say("nothing lost, doubled or left open")
    return 0


def again(asked: argparse.Namespace, plan: Plan) -> str:
    """The one command that lives through the same story, on the same commit."""
    day = named(plan.start)
    whole = " WHOLE=1" if asked.whole else " LINE=1" if asked.line else ""
    seats = f" SEATS={asked.seats}" if asked.seats else ""
    faults = f" FAULTS={written(asked.faults)}" if asked.faults.kinds() else ""
    return f"make simulate SEED={asked.seed} DAYS={asked.days} DATE={day}{whole}{seats}{faults}"


def _tell(world: World, began: float) -> None:
    """Show on standard error how far it is, each half hour of virtual time, and what was found."""
    start, found = world.plan.start, 0

    def tell() -> None:
        nonlocal found
        for wrong in world.wrongs[found:]:
            sys.stderr.write(f"\rWRONG  {wrong}\n")
        found = len(world.wrongs)
        now = world.kernel.now().astimezone(SEOUL)
        live = sum(1 for caller in world.callers if caller.leg is not None and caller.leg.live)
        called = sum(1 for caller in world.callers if caller.leg is not None)
        spent = max(0.001, time.perf_counter() - began)
        pace = (world.kernel.now() - start).total_seconds() / spent
        line = f"{now:%m-%d %H:%M}  called {called:5}  on the line {live:3}  {pace:6.0f}x"
        sys.stderr.write(f"\r{line} ")
        sys.stderr.flush()
        world.kernel.at(TELL_SECONDS, tell)

    world.kernel.at(0.0, tell)


def _report(world: World, plan: Plan, spent: float, cpu: float) -> None:
    seen = world.figures()
    hours = (world.kernel.now() - plan.start).total_seconds() / 3600
    say(f"offered {seen.offered} · answered {seen.answered} · abandoned {seen.abandoned}")
    say(f"promised a call instead {seen.promised} · rung {seen.rung} · reached {seen.reached}")
    say(f"service level {seen.service_level:.1%} in 20 s · ASA {seen.asa_seconds:.0f} s")
    say(f"occupancy {seen.occupancy:.1%} · longest wait {seen.longest_wait_seconds:.0f} s")
    say(f"cut off and put through again {seen.cut_off} · short abandons {seen.short_abandoned}")
    refused: Counter[str] = Counter()
    for counselor in world.counselors:
        refused += counselor.refusals
    if refused:
        say("refused by the API: " + ", ".join(f"{k} x{n}" for k, n in sorted(refused.items())))
    left = world.standing()
    say(f"promises open {left.open} · overdue {left.overdue} · for decision {left.undecided}")
    if not plan.faults.kinds():
        held = world.looks
        say(f"reports compared {held.made} · put off {held.put_off} · left out {held.skipped}")
    pace = f"{hours / spent:.2f} hours a second"
    say(f"{hours:.1f} simulated hours in {spent:.1f} s ({cpu:.1f} s of this process): {pace}")
    share = SPEED_CALLS / max(1, len(plan.arrivals))
    say(f"{spent * share:.1f} s ({cpu * share:.1f} s) a {SPEED_CALLS} calls")
    say(f"digest {world.digest()}")


if __name__ == "__main__":
    sys.exit(main())
