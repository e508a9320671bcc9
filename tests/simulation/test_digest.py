"""A story is the same in every process, in whatever order its sets and hashes come."""

import os
import subprocess
import sys

from tests.simulation.replay import ROOT

SHORT_DAY = ["-m", "tests.simulation", "--short", "--seed", "3", "--faults", "all"]


def test_one_seed_tells_one_story_in_two_processes_that_hash_differently() -> None:
    first, second = (_digest(hash_seed) for hash_seed in ("1", "2"))
    assert first == second


def _digest(hash_seed: str) -> str:
    """Live through the short day in a process of its own, and return the digest it prints."""
    done = subprocess.run(
        [sys.executable, *SHORT_DAY],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("digest "))
    word = line.removeprefix("digest ")
    assert len(word) == 16
    return word
