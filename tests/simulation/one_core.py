"""A day on one core: the application and its PostgreSQL take turns, and never both have work.

On two cores each message wakes one that has gone to sleep, which costs a day a third more.
"""

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

_held: list[IO[str]] = []


def stay_on_one_core() -> None:
    """Keep this process, and whatever it starts, on a core that no other such run has taken.

    Changes nothing where all are taken, or where a system can't do it.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    for core in sorted(os.sched_getaffinity(0), reverse=True):
        with suppress(OSError):
            os.sched_setaffinity(0, {_taken(core)})
            return


def _taken(core: int) -> int:
    """Return `core`, held until this process ends. Raises OSError where another holds it."""
    file = (Path(tempfile.gettempdir()) / f"helpline-simulated-core-{core}").open("w")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _held.append(file)
    return core
