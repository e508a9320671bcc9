"""Actions on one call: every change of its state goes through `move`."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.policy import Policy
from core.rows import find, insert
from routing.journal import journal_many
from routing.models import Call
from routing.states import BESIDE, CALL_LIFE, CallEvent, CallState

ANSWERED = "answered"
NOT_REACHED = "not_reached: "
"""Begins the close reason of a call whose citizen was not reached; what came of it follows."""
NOT_RUNG = "not rung"
"""The carrier took no request of ours: whoever was to be rung has no part in it."""


def move(
    session: Session,
    call: Call,
    event: CallEvent,
    now: datetime,
    policy: Policy,
    *,
    reason: str | None = None,
    counselor_id: uuid.UUID | None = None,
) -> None:
    """Move `call` by `event`, with its journal row and the deadline of the state it enters.

    Raises IllegalEvent, and then changes nothing.
    """
    call.state = CALL_LIFE.after(CallState(call.state), event)
    call.state_since = now
    call.deadline = deadline(CallState(call.state), now, policy)
    if is_to_be_rung(call) and call.state in (CallState.WAITING, CallState.OFFERED):
        call.deadline = None  # the carrier knows nothing of it yet
    if call.state == CallState.CLOSED:
        call.closed_at = now
        call.close_reason = reason or event.value
    journal_many(session, [(call.id, event, call.state, counselor_id, reason)], now)


def deadline(state: CallState, now: datetime, policy: Policy) -> datetime | None:
    """Return when a call in `state` is looked after, whatever the carrier says or does not say."""
    seconds = {
        CallState.IN_MENU: policy.menu_seconds_max,
        CallState.WAITING: policy.wait_unheard_seconds_max,
        CallState.OFFERED: policy.wait_unheard_seconds_max,
        CallState.REACHING: policy.menu_seconds_max,
        CallState.CONNECTED: policy.talk_check_seconds,
        CallState.WRAPPING: policy.wrap_seconds_max,
        CallState.CLOSED: None,
    }[state]
    return None if seconds is None else now + timedelta(seconds=seconds)


def is_to_be_rung(call: Call) -> bool:
    """Tell whether this is a call we make whose citizen has not answered yet."""
    return call.direction == "outward" and call.answered_at is None


def is_beside(call: Call) -> bool:
    """Tell whether this call is handed on and who hands it on still talks with the citizen."""
    return call.carrier_sid.startswith(BESIDE)


def begin(
    session: Session,
    *,
    carrier_sid: str,
    caller_kind: str,
    sealed_number: bytes | None,
    number_index: str | None,
    state: CallState,
    now: datetime,
    policy: Policy,
    close_reason: str | None = None,
) -> Call:
    """Open the call with this carrier sid, or return the one that is there already, locked.

    state: IN_MENU; WAITING to adopt a call that the carrier still holds and we forgot; CLOSED
    for the tombstone of a call whose end came before its beginning.
    """
    opened = insert(
        session,
        Call,
        "ON CONFLICT (carrier_sid) DO NOTHING",
        id=uuid.uuid4(),
        carrier_sid=carrier_sid,
        state=state,
        state_since=now,
        deadline=deadline(state, now, policy),
        sealed_number=sealed_number,
        number_index=number_index,
        caller_kind=caller_kind,
        arrived_at=now,
        heard_at=now,
        queued_at=now if state is CallState.WAITING else None,
        need="talk" if state is CallState.WAITING else None,
        closed_at=now if state is CallState.CLOSED else None,
        close_reason=close_reason,
    )
    if opened is not None:
        journal_many(session, [(opened.id, _BEGUN[state], state, None, close_reason)], now)
        return opened
    known = find(session, Call, "carrier_sid = %s FOR UPDATE", (carrier_sid,))
    assert known is not None, "the unique key kept the row out"
    return known


_BEGUN = {
    CallState.IN_MENU: "arrived",
    CallState.WAITING: CallEvent.JOINED_QUEUE.value,
    CallState.CLOSED: "ended_unheard",
}
