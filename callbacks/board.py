"""The board's read door to promises: the figures of a period, the load of each companion."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from callbacks.assignment import may_call
from callbacks.figures import Ended, PromiseFigures, SeriesTalk, Standing, Tried, promise_figures
from callbacks.models import Absence, Decision, Promise, Try
from callbacks.records import is_overdue
from callbacks.states import OPEN_STATES, PromiseState
from core.models import Account
from counselors.models import Counselor


@dataclass(frozen=True)
class CompanionLoad:
    """What is in a companion's hands, and what they kept in the period."""

    companion_id: uuid.UUID
    login: str
    name: str
    is_certified: bool
    open: int
    kept: int


def figures_of(session: Session, since: datetime, until: datetime, now: datetime) -> PromiseFigures:
    """Count the promises of the period from `since` to before `until`, as they stand at `now`."""
    promised = session.scalar(
        select(func.count()).where(Promise.made_at >= since, Promise.made_at < until)
    )
    return promise_figures(
        promised or 0,
        _ended(session, since, until),
        _tried(session, since, until),
        _talks(session, since, until),
        _standing(session, now),
    )


def _ended(session: Session, since: datetime, until: datetime) -> list[Ended]:
    in_writing = exists().where(Decision.promise_id == Promise.id)
    rows = session.execute(
        select(Promise.state, Promise.deadline, Promise.kept_at, in_writing.label("written")).where(
            Promise.ended_at >= since, Promise.ended_at < until
        )
    )
    return [Ended(row.state, row.deadline, row.kept_at, row.written) for row in rows]


def _tried(session: Session, since: datetime, until: datetime) -> list[Tried]:
    rows = session.execute(
        select(Try.outcome, Try.counselor_id).where(Try.ended_at >= since, Try.ended_at < until)
    )
    return [Tried(row.outcome, row.counselor_id) for row in rows]


def _talks(session: Session, since: datetime, until: datetime) -> list[SeriesTalk]:
    touched = select(Promise.series_id).where(
        Promise.series_id.is_not(None), Promise.ended_at >= since, Promise.ended_at < until
    )
    before = func.lag(Promise.companion_id).over(
        partition_by=Promise.series_id, order_by=Promise.kept_at
    )
    kept = (
        select(Promise.kept_at, Promise.companion_id, before.label("before"))
        .where(Promise.series_id.in_(touched), Promise.state == PromiseState.KEPT)
        .subquery()
    )
    rows = session.execute(select(kept).where(kept.c.kept_at >= since, kept.c.kept_at < until))
    return [SeriesTalk(row.companion_id, row.before) for row in rows]


def _standing(session: Session, now: datetime) -> Standing:
    is_open = Promise.state.in_(OPEN_STATES)
    overdue = select(func.count()).where(is_overdue(now)).scalar_subquery()
    undecided = (
        select(func.count()).where(Promise.state == PromiseState.FOR_DECISION).scalar_subquery()
    )
    everything = select(func.count()).where(is_open).scalar_subquery()
    row = session.execute(select(everything, overdue, undecided)).one()
    return Standing(open=row[0], overdue=row[1], for_decision=row[2])


def loads(session: Session, since: datetime, until: datetime, now: datetime) -> list[CompanionLoad]:
    """Return every companion with what they hold and what they kept in the period, by login."""
    held = _counted(session, Promise.state.in_(OPEN_STATES))
    kept = _counted(
        session,
        Promise.state == PromiseState.KEPT,
        Promise.ended_at >= since,
        Promise.ended_at < until,
    )
    rows = session.execute(
        select(Account.id, Account.login, Account.name, Counselor)
        .join(Counselor, Counselor.id == Account.id)
        .where(Account.role == "companion")
        .order_by(Account.login)
    )
    return [
        CompanionLoad(
            row.id,
            row.login,
            row.name,
            may_call(row.Counselor.training_hours, row.Counselor.certified_until, now),
            held.get(row.id, 0),
            kept.get(row.id, 0),
        )
        for row in rows
    ]


def _counted(session: Session, *which: object) -> dict[uuid.UUID, int]:
    rows = session.execute(
        select(Promise.companion_id, func.count().label("counted"))
        .where(Promise.companion_id.is_not(None), *which)  # type: ignore[arg-type]
        .group_by(Promise.companion_id)
    )
    return {row.companion_id: row.counted for row in rows}


def absences_to_come(session: Session, today: date) -> list[Absence]:
    """Return who is away today or later (Asia/Seoul), the earliest first."""
    still = Absence.until_day.is_(None) | (Absence.until_day >= today)
    return list(
        session.scalars(select(Absence).where(still).order_by(Absence.from_day, Absence.written_at))
    )
