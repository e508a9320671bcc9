"""Taking promises back: at once, out of the queue, out of an offer, and while it rings."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks import actions, records
from callbacks.models import Promise
from callbacks.states import OPEN_STATES, PromiseEvent
from citizens import actions as citizens
from citizens import records as citizen_records
from citizens.consent import How, Purpose
from citizens.models import Citizen
from core.policy import Policy
from core.sealing import Sealer
from routing import outward
from routing.models import Call
from routing.states import CallState

STOPPED = "withdrawn"


def withdraw(
    session: Session, promise: Promise, reason: str, now: datetime, policy: Policy
) -> bool:
    """Withdraw a promise held under its lock, with the call that is being made of it.

    False where it is over already, or where the two talk with each other: a talk is never cut.
    """
    if promise.state not in OPEN_STATES or not _stop_call(session, promise, now, policy):
        return False
    actions.move(promise, PromiseEvent.WITHDREW, now, reason)
    return True


def _stop_call(session: Session, promise: Promise, now: datetime, policy: Policy) -> bool:
    if promise.entry_call_id is None:
        return True
    call = session.get_one(
        Call, promise.entry_call_id, with_for_update=True, populate_existing=True
    )
    if call.answered_at is not None:
        return False
    if call.state == CallState.REACHING:
        outward.not_reached(session, call, STOPPED, now, policy)
    else:
        outward.withdraw(session, call, STOPPED, now, policy)
    return call.state == CallState.CLOSED


def stop_calls(
    session: Session, citizen_id: uuid.UUID, reason: str, now: datetime, policy: Policy
) -> int:
    """Withdraw every open promise to a citizen; return how many. Those in a talk stay."""
    found = session.scalars(
        select(Promise.id)
        .where(Promise.citizen_id == citizen_id, Promise.state.in_(OPEN_STATES))
        .order_by(Promise.id)
    ).all()
    held = [records.locked(session, promise_id) for promise_id in found]
    return sum(withdraw(session, one, reason, now, policy) for one in held if one is not None)


def forbid_calls(
    session: Session,
    citizen_id: uuid.UUID,
    reason: str,
    how: How,
    sealer: Sealer,
    now: datetime,
    policy: Policy,
) -> int:
    """Never call this citizen again: stop what is on its way, then mark and withdraw consents.

    It is the number that is not called again, under whichever key it was made known. Promises and
    calls are locked before the citizen, as on the line. Whatever is promised between the two is
    withdrawn by the second look.
    """
    alike = citizen_records.ids_alike(session, citizen_id, sealer)
    return sum(_forbid(session, one, reason, how, now, policy) for one in alike)


def _forbid(
    session: Session, citizen_id: uuid.UUID, reason: str, how: How, now: datetime, policy: Policy
) -> int:
    stopped = stop_calls(session, citizen_id, "do_not_call", now, policy)
    citizen = session.get_one(Citizen, citizen_id, with_for_update=True, populate_existing=True)
    citizens.forbid_calls(session, citizen, reason, how, now)
    session.flush()
    return stopped + stop_calls(session, citizen_id, "do_not_call", now, policy)


def withdraw_consent(
    session: Session,
    citizen_id: uuid.UUID,
    purpose: Purpose,
    how: How,
    now: datetime,
    policy: Policy,
) -> bool:
    """Withdraw one consent; without the one to be called no promise stands. False: none live."""
    if purpose is Purpose.CONTACT_BY_PHONE:
        stop_calls(session, citizen_id, "no_consent", now, policy)
    return citizens.withdraw(session, citizen_id, purpose, how, now)
