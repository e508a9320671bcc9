"""Series of companion calls: begun, changed, followed from call to call, ended with a reason."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callbacks import actions, records, withdrawing
from callbacks.actions import Made, NotMade, Wish
from callbacks.assigning import choose_companion
from callbacks.assignment import Chosen
from callbacks.models import Promise, Series
from callbacks.series_plan import Due, LastCall, Over, Plan, next_call
from callbacks.states import OPEN_STATES
from citizens.models import Citizen
from core.policy import Policy

GOAL_CONTEXT = "series.goal"


@dataclass(frozen=True)
class Begun:
    """The series stands. promise_id: its first call, None where it ended at once."""

    series_id: uuid.UUID
    promise_id: uuid.UUID | None
    next_at: datetime | None


@dataclass(frozen=True)
class NotBegun:
    """No series can begin; reason in words."""

    reason: str


def plan_of(series: Series) -> Plan:
    """Return what was agreed, as the pure plan."""
    return Plan(
        first_at=series.first_at,
        every_days=series.every_days,
        sessions_planned=series.sessions_planned,
        ends_on=series.ends_on,
        planned_at=tuple(datetime.fromisoformat(at) for at in series.planned_at),
    )


def begin(
    session: Session,
    citizen: Citizen,
    plan: Plan,
    *,
    sealed_goal: bytes,
    companion_id: uuid.UUID | None,
    now: datetime,
    policy: Policy,
) -> Begun | NotBegun:
    """Begin a series with its first call; one at a time for each person."""
    chosen = choose_companion(session, companion_id, plan.first_at, now)
    if not isinstance(chosen, Chosen):
        return NotBegun(chosen.reason)
    series = Series(
        id=uuid.uuid4(),
        citizen_id=citizen.id,
        # an absent companion stays the series' own; the substitute makes the call
        companion_id=companion_id or chosen.companion_id,
        sealed_goal=sealed_goal,
        first_at=plan.first_at,
        every_days=plan.every_days,
        planned_at=[at.astimezone(UTC).isoformat() for at in plan.planned_at],
        sessions_planned=plan.sessions_planned,
        ends_on=plan.ends_on,
        begun_at=now,
    )
    try:
        with session.begin_nested():
            session.add(series)
    except IntegrityError:
        return NotBegun("a series with this person is going on")
    made = follow(session, series, now, policy)
    if made is None:
        return NotBegun(series.end_reason or "over")
    return Begun(series.id, made.promise_id, made.next_at)


def follow(session: Session, series: Series, now: datetime, policy: Policy) -> Made | None:
    """Plan the next call of a series that has no open one, or end it. None where it is over.

    Harmless when it comes twice: one open promise for each person and purpose.
    """
    last = records.last_of(session, series.id)
    if last is not None and last.state in OPEN_STATES:
        return Made(last.id, False, last.next_at)
    held = records.held_of(session, series.id)
    ended = LastCall(last.state, last.ended_at or now, last.decision) if last else None
    following = next_call(plan_of(series), held, ended)
    if isinstance(following, Over):
        end(series, following.reason, now)
        return None
    return _promise(session, series, following, now, policy)


def _promise(
    session: Session, series: Series, due: Due, now: datetime, policy: Policy
) -> Made | None:
    chosen = choose_companion(session, series.companion_id, max(due.at, now), now)
    companion_id = chosen.companion_id if isinstance(chosen, Chosen) else None
    citizen = session.get_one(Citizen, series.citizen_id)
    wish = Wish(
        purpose="companion",
        origin="series",
        at=due.at,
        language=citizen.language,
        companion_id=companion_id,
        series_id=series.id,
    )
    made = actions.make(session, citizen, wish, now, policy)
    if isinstance(made, NotMade):
        end(series, made.reason, now)
        return None
    if not made.is_new:  # a call agreed otherwise becomes the next of the series
        session.execute(
            update(Promise).where(Promise.id == made.promise_id).values(series_id=series.id)
        )
    return made


def end(series: Series, reason: str, now: datetime) -> None:
    """End a series; what was agreed and held stays to be read."""
    series.ended_at = now
    series.end_reason = reason


def close(session: Session, series: Series, reason: str, now: datetime, policy: Policy) -> bool:
    """End a series because a person says so; its planned call is taken back.

    False where it is over already. A call going on at this moment goes on.
    """
    _withdraw_open(session, series, reason, now, policy)
    session.refresh(series, with_for_update=True)
    if series.ended_at is not None:
        return False
    _withdraw_open(session, series, reason, now, policy)  # a report planned the next meanwhile
    end(series, reason, now)
    return True


def _withdraw_open(
    session: Session, series: Series, reason: str, now: datetime, policy: Policy
) -> None:
    open_ids = session.scalars(
        select(Promise.id).where(Promise.series_id == series.id, Promise.state.in_(OPEN_STATES))
    ).all()
    for promise_id in open_ids:
        promise = records.locked(session, promise_id)
        if promise is not None:
            withdrawing.withdraw(session, promise, f"series ended: {reason}", now, policy)


def change(
    series: Series,
    *,
    every_days: int | None,
    sessions_planned: int | None,
    ends_on: date | None,
    sealed_goal: bytes | None,
) -> None:
    """Agree anew on goal, rhythm, number or end; the call planned already stays."""
    changed: dict[str, Any] = {
        "every_days": every_days,
        "sessions_planned": sessions_planned,
        "ends_on": ends_on,
        "sealed_goal": sealed_goal,
    }
    for name, value in changed.items():
        if value is not None:
            setattr(series, name, value)


def follow_one(session: Session, series_id: uuid.UUID, now: datetime, policy: Policy) -> None:
    """Follow the series of this id if it goes on, under its lock; for the sweep."""
    series = session.get(Series, series_id, with_for_update=True, populate_existing=True)
    if series is not None and series.ended_at is None:
        follow(session, series, now, policy)
        series.failed_at = None
