"""What a printed command comes to: the words that `make` hands to the simulated days."""

import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STARTED = "-m tests.simulation"


def words_of(command: str) -> list[str]:
    """Return the command line's words, of `make simulate ...` or `python -m tests.simulation ...`.

    `make` is asked what it would run.
    """
    if command.startswith("make "):
        asked = ["make", "-n", *shlex.split(command)[1:]]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
        lines = done.stdout.replace("\\\n", " ").splitlines()
        (command,) = (line for line in lines if STARTED in line)
    return shlex.split(command.partition(STARTED)[2])
