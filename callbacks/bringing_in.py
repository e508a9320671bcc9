"""A companion brings a counselor into the talk: risk rises, and nobody is to wait for a call back.

The talk with a counselor is promised first, with the companion's note. The call by which one comes
into the room keeps it; where none comes before the citizen hangs up, the promise stands.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import actions, deciding, records
from callbacks.actions import Made
from callbacks.models import Promise
from callbacks.states import PromiseState
from core.database import lock
from core.policy import Policy
from counselors.models import CounselingSession
from counselors.states import SessionState
from routing import handing_on, outward
from routing.models import Call
from routing.records import DISPATCH_LOCK, call_locked
from routing.states import CallState
from routing.talks import locked_session


@dataclass(frozen=True)
class BroughtIn:
    """A counselor is called. call_id: what they are offered, None where the talk is over by now.

    callback_id: the promise that a counselor calls, None where the citizen may not be called.
    """

    call_id: uuid.UUID | None
    callback_id: uuid.UUID | None


@dataclass(frozen=True)
class NotBroughtIn:
    """There is no talk of this companion; reason in words."""

    reason: str


def bring_in(
    session: Session,
    session_id: uuid.UUID,
    companion_id: uuid.UUID,
    sealed_note: bytes,
    now: datetime,
    policy: Policy,
) -> BroughtIn | NotBroughtIn:
    """Call a counselor to a companion's talk, first of all; again: the one called already."""
    lock(session, DISPATCH_LOCK)  # nobody is offered what is taken out of the queue here
    seen = session.get(CounselingSession, session_id)
    kept = records.promise_of_call(session, seen.call_id) if seen is not None else None
    if seen is None or kept is None or seen.counselor_id != companion_id:
        return NotBroughtIn("no such session of yours")
    if seen.joined_at is None:
        return NotBroughtIn("you do not talk with them yet")
    there = handing_on.who_came(session, seen.call_id)
    if there is not None:
        standing = records.promise_of_call(session, there.id)
        return BroughtIn(there.id, standing.id if standing else None)
    promised = _promise(session, kept, sealed_note, companion_id, now, policy)
    found = locked_session(session, session_id)
    if found is None or found[2].state != SessionState.TALKING:
        return BroughtIn(None, promised.id if promised else None)
    second = handing_on.call_counselor(session, found[0], now, policy)
    if promised is not None and promised.state == PromiseState.PLANNED:
        _keep_by(session, promised, second.id)
    return BroughtIn(second.id, promised.id if promised else None)


def _keep_by(session: Session, promised: Promise, call_id: uuid.UUID) -> None:
    """This call keeps the promise. It may have kept one before: a counselor came, and was lost."""
    before = records.promise_of_call(session, call_id)
    if before is not None and before.id != promised.id:
        before.entry_call_id = None
        session.flush()
    promised.entry_call_id = call_id


def _promise(
    session: Session,
    kept: Promise,
    sealed_note: bytes,
    companion_id: uuid.UUID,
    now: datetime,
    policy: Policy,
) -> Promise | None:
    """Promise the talk, or hurry the one that stands; None where they may not be called."""
    records.locked(session, kept.id)
    standing = records.open_promise(session, kept.citizen_id, "talk")
    if standing is not None:
        _stop(session, standing.id, now, policy)
    made = deciding.escalate(session, kept, sealed_note, companion_id, now, policy)
    return records.locked(session, made.promise_id) if isinstance(made, Made) else None


def _stop(session: Session, promise_id: uuid.UUID, now: datetime, policy: Policy) -> None:
    """Take back the call in which a counselor would ring who is on the line with us already."""
    promise = records.locked(session, promise_id)
    if promise is None or promise.entry_call_id is None:
        return
    call = call_locked(session, promise.entry_call_id)
    if call is None or call.direction != "outward":
        return
    if call.state == CallState.REACHING:
        outward.not_reached(session, call, "cancelled", now, policy)
        actions.settle(session, promise, now, policy)
    elif _is_queued(call):
        outward.withdraw(session, call, "on the line", now, policy)
        promise.entry_call_id = None


def _is_queued(call: Call) -> bool:
    return call.state in (CallState.WAITING, CallState.OFFERED)
