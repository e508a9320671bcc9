"""What a person decides of a promise: after spent tries, and when risk rises."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from callbacks import actions, guard, records
from callbacks.actions import Made, NotMade, Wish
from callbacks.models import Decision, Promise
from callbacks.schedule import next_moment
from callbacks.states import PromiseEvent, PromiseState
from citizens.models import Citizen
from core.policy import Policy
from routing.models import Call
from routing.states import CallState

GAP = timedelta(minutes=30)
ESCALATED_PRIORITY = 3  # before who waits half an hour longer
NOTE_CONTEXT = "promises.note"


@dataclass(frozen=True)
class Decided:
    """The decision stands. next_at: when the call is tried again, None where it is not."""

    state: str
    next_at: datetime | None


@dataclass(frozen=True)
class NotDecided:
    """It can't be decided so; reason in words."""

    reason: str


def decide(
    session: Session,
    promise: Promise,
    decision: str,
    sealed_note: bytes,
    account_id: uuid.UUID,
    now: datetime,
    policy: Policy,
    at: datetime | None = None,
) -> Decided | NotDecided:
    """Decide in writing: again (at a moment), letter, visit, welfare_check or close."""
    if promise.state != PromiseState.FOR_DECISION:
        return NotDecided(f"the promise is {promise.state}, nothing is to be decided")
    if decision == "again":
        planned = _again(session, promise, at, now, policy)
        if planned is not None:
            return planned
    else:
        actions.move(promise, PromiseEvent.CLOSED_BY_DECISION, now, decision)
    promise.decision = decision
    promise.decided_by = account_id
    _write(session, promise, decision, sealed_note, account_id, now)
    return Decided(promise.state, promise.next_at if decision == "again" else None)


def note_context(promise_id: uuid.UUID) -> str:
    """Return what the note of a decision of this promise is sealed for."""
    return f"promise_decisions.note:{promise_id}"


def _write(
    session: Session,
    promise: Promise,
    decision: str,
    sealed_note: bytes,
    account_id: uuid.UUID,
    now: datetime,
) -> None:
    session.add(
        Decision(
            id=uuid.uuid4(),
            promise_id=promise.id,
            at=now,
            account_id=account_id,
            decision=decision,
            sealed_note=sealed_note,
        )
    )
    session.flush()


def _again(
    session: Session, promise: Promise, at: datetime | None, now: datetime, policy: Policy
) -> NotDecided | None:
    """Plan one more try; the agreed moment is a new one, and with it the deadline."""
    citizen = session.get_one(Citizen, promise.citizen_id)
    rules = guard.rules_of(session, citizen, now, promise.purpose)
    if isinstance(rules, guard.Never):
        return NotDecided(rules.reason)
    tried = [held.ended_at + GAP for held in records.tries(session, promise.id)]
    next_at = next_moment(max([at or now, now, *tried]), rules)
    if next_at is None:
        return NotDecided(actions.NO_TIME)
    actions.move(promise, PromiseEvent.PLANNED_AGAIN, now)
    promise.entry_call_id = None
    promise.next_at = next_at
    promise.deadline = next_at + timedelta(seconds=policy.promise_seconds_max)
    return None


def escalate(
    session: Session,
    promise: Promise,
    sealed_note: bytes,
    account_id: uuid.UUID,
    now: datetime,
    policy: Policy,
) -> Made | NotMade:
    """Back to a professional, at once: a talk before the others, with why it was handed on.

    While the companion still talks, it is held back until they hang up (entering.queue_entry).
    """
    citizen = session.get_one(Citizen, promise.citizen_id)
    wish = Wish(
        purpose="talk",
        origin="escalation",
        language=promise.language,
        about=promise.about,
        origin_call_id=promise.entry_call_id,
        sealed_note=sealed_note,
        priority=ESCALATED_PRIORITY,
    )
    made = actions.make(session, citizen, wish, now, policy)
    if isinstance(made, Made) and not made.is_new:
        _hurry(session, made.promise_id, sealed_note, account_id, now)
    return made


def _hurry(
    session: Session,
    promise_id: uuid.UUID,
    sealed_note: bytes,
    account_id: uuid.UUID,
    now: datetime,
) -> None:
    """Move the talk that stands already ahead of the others."""
    standing = records.locked(session, promise_id)
    if standing is None:
        return
    standing.priority = max(standing.priority, ESCALATED_PRIORITY)
    standing.sealed_note = sealed_note
    if standing.state == PromiseState.FOR_DECISION:
        actions.move(standing, PromiseEvent.PLANNED_AGAIN, now)
        standing.entry_call_id = None
        _write(session, standing, "again", sealed_note, account_id, now)
    if standing.entry_call_id is None:
        standing.next_at = min(standing.next_at, now)
        return
    call = session.get_one(Call, standing.entry_call_id, with_for_update=True)
    if call.state == CallState.WAITING:
        call.priority = max(call.priority, ESCALATED_PRIORITY)
