"""When the next call of a series is due, and when a series is over. Pure.

Rule: a series keeps its hour and its rhythm however long a single call took to reach; it ends when
all agreed sessions were held, at the agreed day, when the citizen declines or withdraws, or when a
person closes it; never by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from core.clock import SEOUL

ALL_HELD = "all sessions held"
AGREED_END = "agreed end"


@dataclass(frozen=True)
class Plan:
    """What was agreed. planned_at: the moments themselves, where they are not in a rhythm.

    ends_on: the last day (Asia/Seoul) on which a call of the series may be due.
    """

    first_at: datetime
    every_days: int
    sessions_planned: int
    ends_on: date
    planned_at: Sequence[datetime] = field(default=())


@dataclass(frozen=True)
class LastCall:
    """How the latest promise of the series ended: its final state, the decision if any."""

    state: str
    ended_at: datetime
    decision: str | None = None


@dataclass(frozen=True)
class Due:
    """The next call is due at `at`."""

    at: datetime


@dataclass(frozen=True)
class Over:
    """The series is over."""

    reason: str


def next_call(plan: Plan, held: int, last: LastCall | None) -> Due | Over:
    """Return what follows after the `last` call, with `held` sessions held so far."""
    if last is None:
        return Due(next(iter(plan.planned_at), plan.first_at))
    ended = _ended_by(last)
    if ended is not None:
        return Over(ended)
    if held >= plan.sessions_planned:
        return Over(ALL_HELD)
    following = next((at for at in slots(plan) if at > last.ended_at), None)
    return Over(AGREED_END) if following is None else Due(following)


def _ended_by(last: LastCall) -> str | None:
    """A letter or a visit does not end a series; what the citizen says does, and a closing."""
    if last.state in ("declined", "withdrawn"):
        return last.state
    if last.state == "decided" and last.decision == "close":
        return "closed by decision"
    return None


def slots(plan: Plan) -> Iterator[datetime]:
    """Yield every moment of the plan up to its agreed end, in order."""
    yield from (at for at in _moments(plan) if at.astimezone(SEOUL).date() <= plan.ends_on)


def _moments(plan: Plan) -> Iterator[datetime]:
    if plan.planned_at:
        yield from sorted(plan.planned_at)
        return
    at = plan.first_at
    while at.astimezone(SEOUL).date() <= plan.ends_on:
        yield at
        at += timedelta(days=plan.every_days)


def agreed_end(first_at: datetime, every_days: int, sessions: int) -> date:
    """Return the last day of a series for which none was named: two more turns for missed calls."""
    return (first_at + timedelta(days=every_days * (sessions + 1))).astimezone(SEOUL).date()


def progress(held: int, plan: Plan, last_state: str | None) -> list[str]:
    """Return a step for each agreed session: held, next or to_come; drawn on the person's page."""
    steps = ["held"] * min(held, plan.sessions_planned)
    going_on = last_state in ("planned", "calling", "for_decision")
    if going_on and len(steps) < plan.sessions_planned:
        steps.append("next")
    return steps + ["to_come"] * (plan.sessions_planned - len(steps))
