"""What the promises of a period came to: kept in time, tries, silent ends, continuity. Pure.

Rule: no promise ends in silence. A silent end is one that was neither kept nor declined nor
withdrawn and of which no person decided in writing; the figure must be 0.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

SPOKEN_ENDS = frozenset({"kept", "declined", "withdrawn"})


@dataclass(frozen=True)
class Ended:
    """A promise that ended in the period."""

    state: str
    deadline: datetime
    kept_at: datetime | None
    is_decided_in_writing: bool


@dataclass(frozen=True)
class Tried:
    """One try that ended in the period."""

    outcome: str
    companion_id: uuid.UUID | None


@dataclass(frozen=True)
class SeriesTalk:
    """A kept call of a series, with who made the one before (None where it was the first)."""

    companion_id: uuid.UUID | None
    before_id: uuid.UUID | None


@dataclass(frozen=True)
class Standing:
    """How promises stand at this moment, whenever they were made."""

    open: int
    overdue: int
    for_decision: int


@dataclass(frozen=True)
class PromiseFigures:
    """Figures of a period; shares from 0 to 1, null where there is nothing to divide by."""

    promised: int
    kept: int
    kept_in_time: int
    kept_in_time_share: float | None
    declined: int
    withdrawn: int
    decided: int
    silent_ends: int
    tries: int
    reached: int
    tries_per_reach: float | None
    continuity: float | None
    open: int
    overdue: int
    for_decision: int


def promise_figures(
    promised: int,
    ended: Sequence[Ended],
    tried: Sequence[Tried],
    talks: Iterable[SeriesTalk],
    standing: Standing,
) -> PromiseFigures:
    """Count. promised: how many were made in the period."""
    kept = [one for one in ended if one.state == "kept"]
    in_time = sum(one.kept_at is not None and one.kept_at <= one.deadline for one in kept)
    reached = sum(one.outcome == "reached" for one in tried)
    return PromiseFigures(
        promised=promised,
        kept=len(kept),
        kept_in_time=in_time,
        kept_in_time_share=_share(in_time, len(kept)),
        declined=_of(ended, "declined"),
        withdrawn=_of(ended, "withdrawn"),
        decided=_of(ended, "decided"),
        silent_ends=sum(is_silent(one) for one in ended),
        tries=len(tried),
        reached=reached,
        tries_per_reach=_share(len(tried), reached),
        continuity=continuity(talks),
        open=standing.open,
        overdue=standing.overdue,
        for_decision=standing.for_decision,
    )


def is_silent(one: Ended) -> bool:
    """Tell whether a promise ended without anybody having said or written why."""
    return one.state not in SPOKEN_ENDS and not one.is_decided_in_writing


def continuity(talks: Iterable[SeriesTalk]) -> float | None:
    """Return the share of series talks, first ones aside, made by who made the one before."""
    followed = [talk for talk in talks if talk.before_id is not None]
    return _share(sum(talk.companion_id == talk.before_id for talk in followed), len(followed))


def _of(ended: Sequence[Ended], state: str) -> int:
    return sum(one.state == state for one in ended)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
