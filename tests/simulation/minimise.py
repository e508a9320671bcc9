"""Shortens a failing story: fewer kinds of fault, callers and minutes, as long as it fails.

Each kind of fault has dice of its own, so that what remains is close to the story that failed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.simulation.faults import Faults
from tests.simulation.plans import SHORT
from tests.simulation.replay import Change, short_command

MINUTE_HOURS = 1 / 60


@dataclass(frozen=True)
class Case:
    """What a short day is made of. callers: the first so many. hours: in which faults happen."""

    seed: int
    faults: Faults
    callers: int
    hours: float
    plan: str = SHORT

    def change(self) -> Change:
        """Return how it differs from its seed's own day."""
        return Change(self.callers, self.hours, self.plan)

    def command(self) -> str:
        """Return what lives through it again."""
        return short_command(self.seed, self.faults, self.change())


def minimise(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Return the smallest case found that still fails; `case` itself must fail.

    fails: lives through a case and tells whether anything was wrong.
    """
    smaller = _fewer_kinds(case, fails)
    smaller = replace(smaller, callers=_fewest(smaller, fails))
    smaller = replace(smaller, hours=_shortest(smaller, fails))
    return _fewer_kinds(smaller, fails)


def _fewer_kinds(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Leave half of the kinds out at a time, then a quarter, then single ones."""
    kinds = list(case.faults.kinds())
    size = max(1, len(kinds) // 2)
    while kinds:
        for begin in range(0, len(kinds), size):
            kept = kinds[:begin] + kinds[begin + size :]
            if fails(replace(case, faults=case.faults.only(kept))):
                kinds = kept
                break
        else:
            if size == 1:
                break
            size = max(1, size // 2)
        size = max(1, min(size, len(kinds) // 2))
    return replace(case, faults=case.faults.only(kinds))


def _fewest(case: Case, fails: Callable[[Case], bool]) -> int:
    """Halve the distance to the fewest callers with whom it fails."""
    low, high = 0, case.callers
    while low < high:
        middle = (low + high) // 2
        if fails(replace(case, callers=middle)):
            high = middle
        else:
            low = middle + 1
    return high


def _shortest(case: Case, fails: Callable[[Case], bool]) -> float:
    """Halve the distance to the shortest stretch in which it fails, to the minute."""
    low, high = 0.0, case.hours
    while high - low > MINUTE_HOURS:
        middle = (low + high) / 2
        if fails(replace(case, hours=middle)):
            high = middle
        else:
            low = middle
    return high
