"""Reading promises by name; never commits."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callbacks.models import Promise, Try
from callbacks.states import OPEN_STATES, PromiseState
from routing.models import Call
from routing.states import CallState


def locked(session: Session, promise_id: uuid.UUID) -> Promise | None:
    """Return the promise under a row lock."""
    return session.get(Promise, promise_id, with_for_update=True, populate_existing=True)


def open_promise(session: Session, citizen_id: uuid.UUID, purpose: str) -> Promise | None:
    """Return the open promise of this person and purpose, if any; there is never a second."""
    return session.scalar(
        select(Promise).where(
            Promise.citizen_id == citizen_id,
            Promise.purpose == purpose,
            Promise.state.in_(OPEN_STATES),
        )
    )


def tries(session: Session, promise_id: uuid.UUID) -> Sequence[Try]:
    """Return the tries to keep this promise, in order."""
    return session.scalars(
        select(Try).where(Try.promise_id == promise_id).order_by(Try.ended_at)
    ).all()


def due(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Return promised talks whose next try is due and that are in nobody's hands."""
    return session.scalars(
        select(Promise.id)
        .where(
            Promise.state == PromiseState.PLANNED,
            Promise.purpose == "talk",
            Promise.entry_call_id.is_(None),
            Promise.next_at <= now,
        )
        .order_by(Promise.next_at)
        .limit(limit)
    ).all()


def with_entry_moved(session: Session, limit: int) -> Sequence[uuid.UUID]:
    """Return promises whose call has gone on without them: being made, talked, or over."""
    return session.scalars(
        select(Promise.id)
        .join(Call, Call.id == Promise.entry_call_id)
        .where(
            (
                (Promise.state == PromiseState.PLANNED)
                & Call.state.not_in([CallState.WAITING, CallState.OFFERED])
            )
            | (
                (Promise.state == PromiseState.CALLING)
                & (Promise.purpose == "talk")
                & (Call.state != CallState.REACHING)
            )
            | (
                (Promise.state == PromiseState.CALLING)
                & (Promise.purpose == "companion")
                & (Call.state == CallState.CLOSED)
            ),
        )
        .limit(limit)
    ).all()


def with_entry_queued(session: Session) -> Sequence[uuid.UUID]:
    """Return promises whose call stands in the queue, not made yet."""
    return session.scalars(
        select(Promise.id)
        .join(Call, Call.id == Promise.entry_call_id)
        .where(
            Promise.state == PromiseState.PLANNED,
            Call.state.in_([CallState.WAITING, CallState.OFFERED]),
        )
    ).all()


def promise_of_call(session: Session, call_id: uuid.UUID) -> Promise | None:
    """Return the promise that this call keeps, if it is one we make."""
    return session.scalar(select(Promise).where(Promise.entry_call_id == call_id))


def load(session: Session, companion_id: uuid.UUID) -> int:
    """Return how many open promises a companion holds."""
    held = select(func.count()).where(
        Promise.companion_id == companion_id, Promise.state.in_(OPEN_STATES)
    )
    return session.scalar(held) or 0
