"""The worklist's read door: what a companion has to do today, what is late, promised, undecided."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from callbacks import records
from callbacks.assignment import stands_in_for
from callbacks.models import Decision, Promise, Series, Try
from callbacks.series_plan import Plan, progress
from callbacks.states import OPEN_STATES, PromiseState
from citizens.models import Citizen
from core.clock import SEOUL, seoul_day_start
from core.models import Account

VIEWS = ("today", "overdue", "promised", "decision")
ROWS_MAX = 200


@dataclass(frozen=True)
class Viewer:
    """Who looks: a companion sees their own, nobody's, and whom they stand in for."""

    account_id: uuid.UUID
    sees_all: bool


@dataclass(frozen=True)
class SeriesRow:
    """How far a series is. steps: held, next or to_come, one for each agreed session."""

    id: uuid.UUID
    sealed_goal: bytes
    sessions_planned: int
    sessions_held: int
    steps: Sequence[str]
    every_days: int
    ends_on: Any
    companion_id: uuid.UUID
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True)
class WorkRow:
    """One promise with all that its row shows. kept_before: talks held with this person so far."""

    promise: Promise
    citizen: Citizen
    companion_name: str | None
    tries: Sequence[Try]
    series: SeriesRow | None
    kept_before: int


def in_view(view: str, now: datetime) -> ColumnElement[bool]:
    """Return which promises belong to a view; every open one belongs to exactly one."""
    tomorrow = seoul_day_start(now) + timedelta(days=1)
    is_late = records.is_overdue(now)
    is_soon = or_(Promise.next_at < tomorrow, Promise.state == PromiseState.CALLING)
    in_hand = Promise.state.in_([PromiseState.PLANNED, PromiseState.CALLING])
    return {
        "decision": Promise.state == PromiseState.FOR_DECISION,
        "overdue": is_late,
        "today": and_(in_hand, ~is_late, is_soon),
        "promised": and_(in_hand, ~is_late, ~is_soon),
    }[view]


def seen_by(session: Session, viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """Return which open promises this account may see."""
    is_open = Promise.state.in_(OPEN_STATES)
    if viewer.sees_all:
        return is_open
    day = now.astimezone(SEOUL).date()
    absent = stands_in_for(viewer.account_id, day, records.absences(session, day))
    theirs = [viewer.account_id, *absent]
    mine = or_(Promise.companion_id.in_(theirs), Promise.companion_id.is_(None))
    return and_(is_open, Promise.purpose == "companion", mine)


def counts(session: Session, viewer: Viewer, now: datetime) -> dict[str, int]:
    """Return how many promises each view holds."""
    seen = seen_by(session, viewer, now)
    row = session.execute(
        select(*(func.count().filter(in_view(view, now)).label(view) for view in VIEWS)).where(seen)
    ).one()
    return {view: getattr(row, view) for view in VIEWS}


def rows(
    session: Session, viewer: Viewer, view: str, now: datetime, limit: int = ROWS_MAX
) -> list[WorkRow]:
    """Return the promises of a view, the longest due first."""
    found = session.scalars(
        select(Promise)
        .where(seen_by(session, viewer, now), in_view(view, now))
        .order_by(Promise.next_at, Promise.id)
        .limit(limit)
    ).all()
    return filled(session, found)


def may_see(session: Session, viewer: Viewer, promise: Promise, now: datetime) -> bool:
    """Tell whether this account may see this promise, open or over."""
    if viewer.sees_all:
        return True
    if promise.purpose != "companion":
        return False
    day = now.astimezone(SEOUL).date()
    absent = stands_in_for(viewer.account_id, day, records.absences(session, day))
    if promise.companion_id is None:
        return promise.state in OPEN_STATES
    return promise.companion_id == viewer.account_id or promise.companion_id in absent


def filled(session: Session, promises: Sequence[Promise]) -> list[WorkRow]:
    """Return promises with their people, tries and series, in as many questions as tables."""
    citizen_ids = {promise.citizen_id for promise in promises}
    citizens = {
        one.id: one for one in session.scalars(select(Citizen).where(Citizen.id.in_(citizen_ids)))
    }
    names = companion_names(session, {one.companion_id for one in promises} - {None})
    tries = _tries(session, [promise.id for promise in promises])
    series = series_rows(session, {one.series_id for one in promises} - {None})
    kept = _kept(session, citizen_ids)
    return [
        WorkRow(
            promise=promise,
            citizen=citizens[promise.citizen_id],
            companion_name=names.get(promise.companion_id) if promise.companion_id else None,
            tries=tries.get(promise.id, ()),
            series=series.get(promise.series_id) if promise.series_id else None,
            kept_before=kept.get((promise.citizen_id, promise.companion_id), 0),
        )
        for promise in promises
    ]


def companion_names(session: Session, ids: Collection[Any]) -> Mapping[uuid.UUID, str]:
    """Return the names of these accounts."""
    if not ids:
        return {}
    found = session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {row.id: row.name for row in found}


def _tries(session: Session, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, list[Try]]:
    found: dict[uuid.UUID, list[Try]] = {}
    for one in session.scalars(
        select(Try).where(Try.promise_id.in_(ids)).order_by(Try.ended_at, Try.id)
    ):
        found.setdefault(one.promise_id, []).append(one)
    return found


def _kept(
    session: Session, citizen_ids: Collection[uuid.UUID]
) -> Mapping[tuple[uuid.UUID, uuid.UUID | None], int]:
    found = session.execute(
        select(Promise.citizen_id, Promise.companion_id, func.count().label("kept"))
        .where(
            Promise.citizen_id.in_(citizen_ids),
            Promise.purpose == "companion",
            Promise.state == PromiseState.KEPT,
        )
        .group_by(Promise.citizen_id, Promise.companion_id)
    )
    return {(row.citizen_id, row.companion_id): row.kept for row in found}


def series_rows(session: Session, ids: Collection[Any]) -> Mapping[uuid.UUID, SeriesRow]:
    """Return how far these series are."""
    if not ids:
        return {}
    counted = session.execute(
        select(
            Series,
            func.count(Promise.id).filter(Promise.state == PromiseState.KEPT).label("held"),
            func.count(Promise.id).filter(Promise.state.in_(OPEN_STATES)).label("standing"),
        )
        .outerjoin(Promise, Promise.series_id == Series.id)
        .where(Series.id.in_(ids))
        .group_by(Series.id)
    )
    return {row.Series.id: _series_row(row.Series, row.held, row.standing) for row in counted}


def _series_row(series: Series, held: int, standing: int) -> SeriesRow:
    plan = Plan(series.first_at, series.every_days, series.sessions_planned, series.ends_on)
    return SeriesRow(
        id=series.id,
        sealed_goal=series.sealed_goal,
        sessions_planned=series.sessions_planned,
        sessions_held=held,
        steps=progress(held, plan, PromiseState.PLANNED if standing else None),
        every_days=series.every_days,
        ends_on=series.ends_on,
        companion_id=series.companion_id,
        ended_at=series.ended_at,
        end_reason=series.end_reason,
    )


def decisions(session: Session, promise_id: uuid.UUID) -> Sequence[Decision]:
    """Return what was decided of a promise, in order."""
    return session.scalars(
        select(Decision).where(Decision.promise_id == promise_id).order_by(Decision.at)
    ).all()


def promises_of(session: Session, citizen_id: uuid.UUID, limit: int = 50) -> Sequence[Promise]:
    """Return the promises to a person, the latest first."""
    return session.scalars(
        select(Promise)
        .where(Promise.citizen_id == citizen_id)
        .order_by(Promise.made_at.desc(), Promise.id)
        .limit(limit)
    ).all()


def last_try_of(session: Session, companion_id: uuid.UUID, since: datetime) -> Try | None:
    """Return what came of this companion's latest call since `since`."""
    return session.scalars(
        select(Try)
        .where(Try.counselor_id == companion_id, Try.ended_at >= since)
        .order_by(Try.ended_at.desc())
        .limit(1)
    ).first()
