"""A companion calls: one press, checked once more, the companion's own leg first."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import actions, guard, records
from callbacks.assigning import is_certified, may_take
from callbacks.models import Promise
from callbacks.retry import TryOutcome
from callbacks.states import PromiseEvent, PromiseState
from citizens.models import Citizen
from core.policy import Policy
from core.sealing import Sealer
from routing import outward
from routing.actions import Accepted, Gone
from routing.models import Call
from routing.states import CallState


@dataclass(frozen=True)
class MayNot:
    """The call can't be made now; reason in one word, next_at when it may be."""

    reason: str
    next_at: datetime | None = None


def call_now(
    session: Session,
    promise_id: uuid.UUID,
    companion_id: uuid.UUID,
    sealer: Sealer,
    now: datetime,
    policy: Policy,
) -> Accepted | MayNot:
    """Begin to keep a companion promise: returns the join token for the companion's softphone.

    Pressing twice begins one call: the promise is locked and leaves *planned* by the first.
    """
    promise = records.locked(session, promise_id)
    if promise is None or promise.purpose != "companion":
        return MayNot("no such promise")
    if not may_take(session, promise, companion_id, now):
        return MayNot("another companion's")
    if promise.state != PromiseState.PLANNED:
        return MayNot(promise.state)
    if not is_certified(session, companion_id, now):
        return MayNot("certificate")
    if promise.tries and now < promise.next_at:
        return MayNot("too soon after the last try", promise.next_at)
    return _begin(session, promise, companion_id, sealer, now, policy)


def _begin(
    session: Session,
    promise: Promise,
    companion_id: uuid.UUID,
    sealer: Sealer,
    now: datetime,
    policy: Policy,
) -> Accepted | MayNot:
    citizen = session.get_one(Citizen, promise.citizen_id)
    tried = records.hours_tried(session, promise)
    looked = guard.look(session, citizen, now, promise.purpose, sealer, tried)
    if isinstance(looked, guard.Never):
        actions.move(promise, PromiseEvent.WITHDREW, now, looked.reason)
        return MayNot(looked.reason)
    if isinstance(looked, guard.NotNow):
        return MayNot("not at this hour", looked.next_at)
    indexes = sealer.indexes(looked.e164)  # a call may have come under another key than the person
    if any(records.is_on_the_line(session, index) for index in indexes):
        return MayNot("on the line with us now")
    begun = outward.begin_reaching(
        session,
        companion_id,
        sealed_number=citizen.sealed_number,
        number_index=citizen.number_index,
        language=promise.language,
        now=now,
        policy=policy,
    )
    if isinstance(begun, Gone):
        return MayNot(begun.reason)
    call, accepted = begun
    promise.entry_call_id = call.id
    promise.companion_id = companion_id
    actions.move(promise, PromiseEvent.CALL_BEGUN, now)
    return accepted


def report(
    session: Session,
    promise_id: uuid.UUID,
    companion_id: uuid.UUID,
    outcome: TryOutcome,
    now: datetime,
) -> bool:
    """The companion says what came of an answered call; False where there is none to report.

    A voicemail or a wrong person was not the citizen: the promise is not kept, and the try counts.
    """
    promise = records.locked(session, promise_id)
    if promise is None or promise.companion_id != companion_id or promise.entry_call_id is None:
        return False
    call = session.get_one(Call, promise.entry_call_id)
    if promise.state != PromiseState.CALLING or call.answered_at is None:
        return False
    if call.state == CallState.CONNECTED:
        return False
    actions.note_try(session, promise, call, outcome, now)
    if outcome is TryOutcome.REACHED:
        actions.move(promise, PromiseEvent.REACHED, now)
        return True
    promise.entry_call_id = None
    if outcome is TryOutcome.REFUSED:
        actions.move(promise, PromiseEvent.REFUSED, now)
        return True
    actions.try_again(session, promise, outcome, now)
    return True
