"""The call by which a due talk is kept: into the queue at its place, and out of it again.

Both are harmless when they come twice.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import actions, guard, records
from callbacks.models import Promise
from callbacks.schedule import next_ring
from callbacks.states import PromiseEvent, PromiseState
from citizens.models import Citizen
from core.policy import Policy
from routing import outward
from routing.line import Effect
from routing.models import Call
from routing.states import CallState


def queue_entry(session: Session, promise: Promise, now: datetime, policy: Policy) -> None:
    """Put a due talk into the queue at its original place, or plan it for when it may be."""
    if promise.state != PromiseState.PLANNED or promise.entry_call_id is not None:
        return  # it went on before this lock
    citizen = session.get_one(Citizen, promise.citizen_id)
    tried = records.hours_tried(session, promise)
    rules = guard.rules_of(session, citizen, now, promise.purpose, tried)
    if isinstance(rules, guard.Never):
        actions.move(promise, PromiseEvent.WITHDREW, now, rules.reason)
        return
    if records.is_on_the_line(session, citizen.number_index):
        return  # who talks with us would be rung for nothing; looked at again each second
    next_at = next_ring(now, rules)
    if next_at != now:
        _plan(promise, next_at, now)
        return
    call = outward.queue_outward(
        session,
        sealed_number=citizen.sealed_number,
        number_index=citizen.number_index,
        need=promise.need,
        language=promise.language,
        queued_at=promise.queued_at,
        now=now,
        priority=promise.priority,
    )
    promise.entry_call_id = call.id


def stop_entry(session: Session, promise: Promise, now: datetime, policy: Policy) -> None:
    """Stop the call of a promise: out of the queue, or no longer rung; the place is kept.

    Done where the citizen may not be rung any more, or not now; looked at again under the lock.
    """
    if promise.entry_call_id is None:
        return
    citizen = session.get_one(Citizen, promise.citizen_id, populate_existing=True)
    tried = records.hours_tried(session, promise)
    rules = guard.rules_of(session, citizen, now, promise.purpose, tried)
    is_over = promise.state not in (PromiseState.PLANNED, PromiseState.CALLING)
    call = session.get_one(
        Call, promise.entry_call_id, with_for_update=True, populate_existing=True
    )
    if call.state == CallState.REACHING:
        if is_over or isinstance(rules, guard.Never):
            outward.not_reached(session, call, "cancelled", now, policy)
            actions.settle(session, promise, now, policy)
        return
    next_at = None if is_over or isinstance(rules, guard.Never) else next_ring(now, rules)
    may_ring = next_at == now and not records.is_on_the_line(session, citizen.number_index)
    if may_ring or outward.withdraw(session, call, "not now", now, policy) is Effect.NOTHING:
        return
    promise.entry_call_id = None
    if isinstance(rules, guard.Never) and not is_over:
        actions.move(promise, PromiseEvent.WITHDREW, now, rules.reason)
    elif not is_over:
        _plan(promise, next_at, now)


def _plan(promise: Promise, at: datetime | None, now: datetime) -> None:
    if at is None:
        actions.move(promise, PromiseEvent.TRIES_SPENT, now, actions.NO_TIME)
        return
    promise.next_at = at
