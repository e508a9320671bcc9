"""Who calls: the same companion each time, a named substitute, else who has the least. Pure.

Rule: what was once said need not be said again, so a person keeps their companion. Only who has the
40 hours of training, and no certificate that has run out, is chosen; looked at when chosen.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from counselors.certificates import NEVER, is_valid_on, training_hours_missing


@dataclass(frozen=True)
class Candidate:
    """A companion who might call. open_promises: how many are in their hands already."""

    companion_id: uuid.UUID
    is_certified: bool
    open_promises: int


@dataclass(frozen=True)
class Away:
    """A companion is away on these days (Asia/Seoul, both included); until_day None: for good."""

    companion_id: uuid.UUID
    from_day: date
    until_day: date | None
    substitute_id: uuid.UUID

    def holds(self, day: date) -> bool:
        """Tell whether the companion is away on `day`."""
        return self.from_day <= day and (self.until_day is None or day <= self.until_day)


@dataclass(frozen=True)
class Chosen:
    """Who calls; reason: same companion, stands in, or least loaded."""

    companion_id: uuid.UUID
    reason: str


@dataclass(frozen=True)
class Nobody:
    """No companion may call on that day."""

    reason: str = "no certified companion is there on that day"


def may_call(training_hours: int, certified_until: date, now: datetime) -> bool:
    """Tell whether a companion of this training may call today.

    Companions need 40 hours and no further certificate; where one is written, it must hold.
    """
    if training_hours_missing("companion", training_hours):
        return False
    return certified_until == NEVER or is_valid_on(certified_until, now)


def choose(
    usual: uuid.UUID | None,
    day: date,
    candidates: Sequence[Candidate],
    absences: Collection[Away],
) -> Chosen | Nobody:
    """Choose who calls on `day` somebody whose usual companion is `usual`.

    Among equals the least loaded is chosen, then by id, so that the same question has one answer.
    """
    free = {
        held.companion_id: held
        for held in candidates
        if held.is_certified and away(held.companion_id, day, absences) is None
    }
    if usual in free:
        return Chosen(usual, "same companion")
    stand_in = _stand_in(usual, day, absences, free) if usual else None
    if stand_in is not None:
        return Chosen(stand_in, "stands in")
    if not free:
        return Nobody()
    least = min(free.values(), key=lambda held: (held.open_promises, held.companion_id))
    return Chosen(least.companion_id, "least loaded")


def away(companion_id: uuid.UUID, day: date, absences: Collection[Away]) -> Away | None:
    """Return the absence of this companion on `day`, if any."""
    return next((a for a in absences if a.companion_id == companion_id and a.holds(day)), None)


def _stand_in(
    usual: uuid.UUID, day: date, absences: Collection[Away], free: Collection[uuid.UUID]
) -> uuid.UUID | None:
    """Follow the named substitutes, past those who are away themselves; a circle ends it."""
    seen = {usual}
    absence = away(usual, day, absences)
    while absence is not None and absence.substitute_id not in seen:
        if absence.substitute_id in free:
            return absence.substitute_id
        seen.add(absence.substitute_id)
        absence = away(absence.substitute_id, day, absences)
    return None


def stands_in_for(
    companion_id: uuid.UUID, day: date, absences: Collection[Away]
) -> frozenset[uuid.UUID]:
    """Return whose calls this companion makes on `day` beside their own."""
    absent = {absence.companion_id for absence in absences if absence.holds(day)}
    everybody = absent | {companion_id}
    present = everybody - absent
    return frozenset(
        one for one in absent if _stand_in(one, day, absences, present) == companion_id
    )
