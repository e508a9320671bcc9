"""What a person is told of a failure: what, on which commit, and how to live through it again."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception, format_exception_only

from tests.simulation.faults import Faults, written
from tests.simulation.faults_short import HOURS, Told
from tests.simulation.plans import SHORT
from tests.simulation.world import World

ROOT = Path(__file__).resolve().parents[2]
CRASH_POINTS = "python -m tests.simulation --crash-points"
CRASH_LINES = 12


@dataclass(frozen=True)
class Change:
    """How a short day differs from its seed's own. callers: None for all. plan: of PLANS."""

    callers: int | None = None
    hours: float = HOURS
    plan: str = SHORT


UNCHANGED = Change()


def short_command(seed: int, faults: Faults, change: Change = UNCHANGED) -> str:
    """Return the one command that lives through the same short day, on the same commit."""
    plan = "SHORT=1" if change.plan == SHORT else f"PLAN={change.plan}"
    callers = f" CALLERS={change.callers}" if change.callers is not None else ""
    hours = f" HOURS={change.hours!r}" if change.hours != HOURS else ""
    return f"make simulate SEED={seed} {plan} FAULTS={written(faults)}{callers}{hours}"


def pytest_command() -> str:
    """Return what runs the test again that is running now, for stories that only it knows."""
    name = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    return f"python -m pytest '{name}'"


def failure(name: str, wrongs: Sequence[str], command: str, story: Sequence[str] = ()) -> list[str]:
    """Return what a person needs of a failure: what, where, how again, and the story."""
    return [
        f"{name} at commit {commit()}: wrong",
        *(f"  WRONG  {wrong}" for wrong in wrongs),
        f"  again with: {command}",
        *(f"    {line}" for line in story),
    ]


def report(told: Told, command: str) -> list[str]:
    """Return what there is to say of a short day that went wrong."""
    return failure(f"seed {told.seed}", told.wrongs, command, told.lines)


def report_of_flow(name: str, found: Sequence[str]) -> list[str]:
    """Return what there is to say of a flow that a death broke. found: of enumerate_crashes."""
    return failure(name, found[:1], CRASH_POINTS, found[1:])


def unsound(world: World, command: str) -> list[str]:
    """Return what there is to say of a world that was lived through; empty where all is well."""
    found = world.findings()
    if not found:
        return []
    return failure(f"seed {world.plan.seed}", found, command, world.story(found[0]))


def crash(error: BaseException) -> list[str]:
    """Return what was raised, as a wrong, and then the last lines of where."""
    told = "".join(format_exception(error)).splitlines()
    last = "".join(format_exception_only(error)).partition("\n")[0]
    return [f"crashed: {last}", *told[-CRASH_LINES:]]


def commit(root: Path = ROOT) -> str:
    """Return the commit of a checkout, in short, "unknown" where git can't say.

    "+changes" follows where files that it tracks are not as they were committed.
    """
    short = _asked_git(root, "rev-parse", "--short", "HEAD")
    changed = _asked_git(root, "status", "--porcelain", "--untracked-files=no")
    if not short:
        return os.environ.get("GIT_COMMIT", "unknown")
    return f"{short}+changes" if changed else short


def _asked_git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip()
