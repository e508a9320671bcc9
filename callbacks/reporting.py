"""What came of a companion's call, in the companion's words, with the next step agreed."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from callbacks import actions, calling, records, series
from callbacks.models import Promise, Try
from callbacks.retry import TryOutcome
from callbacks.states import PromiseEvent, PromiseState
from core.policy import Policy
from counselors import records as counselor_records
from routing.actions import write_outcome
from routing.models import Call
from routing.states import CallState


@dataclass(frozen=True)
class Reported:
    """What is recorded of the call."""

    recorded: str


@dataclass(frozen=True)
class NotReported:
    """There is no call of this companion to report, or it goes on; reason in words."""

    reason: str


def report(
    session: Session,
    promise: Promise,
    companion_id: uuid.UUID,
    said: TryOutcome,
    outcome: dict[str, Any] | None,
    sealed_notes: bytes | None,
    now: datetime,
    policy: Policy,
) -> Reported | NotReported:
    """Record what the companion says of a call; the same again changes nothing.

    promise: held under its lock. outcome: the session's, written where one is owed. Where the
    carrier has said already that nobody answered, that stays.
    """
    if promise.entry_call_id is None:
        recorded = _recorded_already(session, promise, companion_id, said)
        return _with_owed(
            session, promise, companion_id, recorded, outcome, sealed_notes, now, policy
        )
    call = session.get_one(Call, promise.entry_call_id, populate_existing=True)
    if call.state in (CallState.REACHING, CallState.CONNECTED):
        return NotReported("the call is going on; hang up first")
    if call.answered_at is None:
        if promise.state == PromiseState.CALLING:
            actions.settle(session, promise, now, policy)
        return _recorded_already(session, promise, companion_id, said)
    if promise.state == PromiseState.FOR_DECISION:
        recorded = _late(session, promise, companion_id, call, said, now)
    elif calling.report(session, promise.id, companion_id, said, now):
        recorded = Reported(said)
    else:
        recorded = _recorded_already(session, promise, companion_id, said)
    if isinstance(recorded, NotReported):
        return recorded
    if outcome is not None:
        _write(session, call.id, companion_id, outcome, sealed_notes, now, policy)
    if promise.series_id is not None:
        series.follow_one(session, promise.series_id, now, policy)
    return recorded


def _late(
    session: Session,
    promise: Promise,
    companion_id: uuid.UUID,
    call: Call,
    said: TryOutcome,
    now: datetime,
) -> Reported | NotReported:
    """The wrap-up lapsed before the companion wrote: what they say counts all the same."""
    if promise.companion_id != companion_id:
        return NotReported("it is another companion's call")
    session.execute(update(Try).where(Try.call_id == call.id).values(outcome=said))
    if said is TryOutcome.REACHED:
        actions.move(promise, PromiseEvent.REACHED, now)
    elif said is TryOutcome.REFUSED:
        actions.move(promise, PromiseEvent.REFUSED, now)
    else:
        promise.waits_for = said
        promise.entry_call_id = None
    return Reported(said)


def _write(
    session: Session,
    call_id: uuid.UUID,
    companion_id: uuid.UUID,
    outcome: dict[str, Any],
    sealed_notes: bytes | None,
    now: datetime,
    policy: Policy,
) -> None:
    """Write the outcome of the session, in its wrap-up or late."""
    owed = counselor_records.last_session(session, companion_id, call_id)
    if owed is not None and (owed.outcome is None or owed.outcome != outcome):
        write_outcome(session, owed.id, companion_id, outcome, sealed_notes, now, policy)


def _with_owed(
    session: Session,
    promise: Promise,
    companion_id: uuid.UUID,
    recorded: Reported | NotReported,
    outcome: dict[str, Any] | None,
    sealed_notes: bytes | None,
    now: datetime,
    policy: Policy,
) -> Reported | NotReported:
    """Somebody decided meanwhile: that stands, and what was said in the talk is not lost."""
    if isinstance(recorded, NotReported) or outcome is None:
        return recorded
    call_id = _own_tries(session, promise, companion_id)[-1].call_id
    owed = counselor_records.last_session(session, companion_id, call_id)
    if owed is not None and owed.outcome is None:
        _write(session, call_id, companion_id, outcome, sealed_notes, now, policy)
    return recorded


def _recorded_already(
    session: Session, promise: Promise, companion_id: uuid.UUID, said: TryOutcome
) -> Reported | NotReported:
    tried = _own_tries(session, promise, companion_id)
    if not tried:
        return NotReported("no call of yours was made for it")
    if tried[-1].outcome == said or promise.state == PromiseState.PLANNED:
        return Reported(tried[-1].outcome)
    return NotReported(f"recorded already as {tried[-1].outcome}")


def _own_tries(session: Session, promise: Promise, companion_id: uuid.UUID) -> list[Try]:
    return [one for one in records.tries(session, promise.id) if one.counselor_id == companion_id]
