"""`make torture`: real processes on the wall clock, killed at seeded moments, and recounted."""

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.torture.story import BUSIEST_HOUR_CALLS, Story, Torture  # noqa: E402 - path first


def say(line: str) -> None:
    """Write one line to the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def progress(line: str) -> None:
    """Show on standard error how far it is, on one line."""
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


def main() -> int:
    """Run what the command line asks; 0 where nothing was lost, doubled or stuck."""
    given = _arguments()
    logging.basicConfig(level=logging.CRITICAL)
    asked = Torture(given.seed, given.kills, given.minutes * 60, given.times)
    hourly = asked.times * BUSIEST_HOUR_CALLS
    say(
        f"seed {asked.seed} · {asked.kills} kills in {given.minutes:g} minutes ·"
        f" {hourly:.0f} calls an hour, {asked.times:g} times the busiest hour"
    )
    directory = Path(tempfile.mkdtemp(prefix="helpline-torture-"))
    outcome = asyncio.run(Story(directory, asked, progress).run())
    sys.stderr.write("\n")
    for line in filter(None, outcome.lines):
        say(line)
    for wrong in outcome.wrongs:
        say(f"WRONG  {wrong}")
    if outcome.wrongs:
        say(f"{len(outcome.wrongs)} wrong; logs and tables are kept in {directory}")
        return 1
    shutil.rmtree(directory, ignore_errors=True)
    say("0 lost, 0 doubled, 0 stuck")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=120)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, help="how long the kills go on; 5 s for each")
    parser.add_argument("--times", type=float, default=20.0, help="times the busiest hour")
    given = parser.parse_args()
    given.minutes = given.minutes or given.kills * 5 / 60
    return given


if __name__ == "__main__":
    sys.exit(main())
