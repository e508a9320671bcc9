"""Calls that we make: queued like any other, the counselor first, the citizen rung after.

A call is outward until the citizen has answered; from then on it lives like an inbound one.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.policy import Policy
from counselors import presence, sessions
from counselors import records as counselor_records
from counselors.models import CounselingSession
from counselors.states import PresenceEvent, PresenceState, SessionState
from routing import calls
from routing.actions import Accepted, Gone, free_from_offer, stop_reaching
from routing.journal import journal_many
from routing.line import Effect
from routing.models import Call
from routing.states import CALL_LIFE, TO_BE_RUNG, CallEvent, CallState
from routing.talks import locked_session


def queue_outward(
    session: Session,
    *,
    sealed_number: bytes,
    number_index: str,
    need: str,
    language: str,
    queued_at: datetime,
    now: datetime,
    priority: int = 0,
) -> Call:
    """Put a call that we shall make into the queue, at the place of its original arrival."""
    call = _outward(CallState.WAITING, sealed_number, number_index, need, language, now)
    call.priority = priority
    call.queued_at = queued_at
    session.add(call)
    session.flush()
    journal_many(session, [(call.id, "queued_outward", call.state, None, None)], now)
    return call


def begin_reaching(
    session: Session,
    counselor_id: uuid.UUID,
    *,
    sealed_number: bytes,
    number_index: str,
    language: str,
    now: datetime,
    policy: Policy,
) -> tuple[Call, Accepted] | Gone:
    """A companion calls now: their own leg comes first, by the join token; then we ring.

    Gone("busy") while the companion has a call or a wrap-up open.
    """
    held = presence.locked(session, counselor_id)
    if held.state != PresenceState.FREE:
        return Gone("busy")
    call = _outward(CallState.REACHING, sealed_number, number_index, "companion", language, now)
    call.deadline = calls.deadline(CallState.REACHING, now, policy)
    session.add(call)
    session.flush()
    presence.move(held, PresenceEvent.RESERVED, now)
    talk = sessions.open_session(
        session,
        call_id=call.id,
        offer_id=None,
        held=held,
        now=now,
        join_seconds_max=policy.join_seconds_max,
    )
    entry = (call.id, "reaching_begun", call.state, counselor_id, None)
    journal_many(session, [entry], now)
    return call, Accepted(talk.id, call.id, sessions.mint_join_token(talk))


def _outward(
    state: CallState,
    sealed_number: bytes,
    number_index: str,
    need: str,
    language: str,
    now: datetime,
) -> Call:
    call_id = uuid.uuid4()
    return Call(
        id=call_id,
        carrier_sid=TO_BE_RUNG + call_id.hex,
        direction="outward",
        state=state,
        state_since=now,
        deadline=None,
        sealed_number=sealed_number,
        number_index=number_index,
        caller_kind="callback",
        language=language,
        need=need,
        priority=0,
        head_seconds=0,
        arrived_at=now,
        queued_at=None,
        heard_at=now,
    )


def has_no_leg(call: Call) -> bool:
    """Tell whether the carrier has not named the citizen's leg yet."""
    return call.carrier_sid.startswith(TO_BE_RUNG)


def leg_rung(call: Call, leg_sid: str) -> None:
    """The carrier gave the citizen's leg a name; the first one told stays."""
    if has_no_leg(call):
        call.carrier_sid = leg_sid


def put_off_reaching(
    session: Session, session_id: uuid.UUID, since: datetime, policy: Policy
) -> None:
    """Let the time to reach a citizen run from `since`: it rings, or is answered, only then."""
    session.execute(
        update(CounselingSession)
        .where(
            CounselingSession.id == session_id,
            CounselingSession.state == SessionState.TALKING,
            CounselingSession.joined_at.is_(None),
        )
        .values(deadline=since + timedelta(seconds=policy.reach_seconds_max))
    )


def citizen_picked_up(
    session: Session, call: Call, session_id: uuid.UUID, leg_sid: str, now: datetime, policy: Policy
) -> bool:
    """The citizen is being greeted; False where this is not the leg that we rang."""
    leg_rung(call, leg_sid)
    if call.carrier_sid != leg_sid:
        return False
    call.notice_at = call.notice_at or now
    put_off_reaching(session, session_id, now, policy)
    return True


def citizen_answered(
    session: Session, session_id: uuid.UUID, leg_sid: str, now: datetime, policy: Policy
) -> Effect:
    """The citizen picked up and is being joined: both can talk. Counts once."""
    found = locked_session(session, session_id)
    if found is None:
        return Effect.NOTHING
    call, _held, talk = found
    if not CALL_LIFE.allows(CallState(call.state), CallEvent.CITIZEN_ANSWERED):
        return Effect.NOTHING
    if talk.state != SessionState.TALKING:
        return Effect.NOTHING
    leg_rung(call, leg_sid)
    sessions.caller_joined(talk, now)
    call.answered_at = now
    calls.move(
        session, call, CallEvent.CITIZEN_ANSWERED, now, policy, counselor_id=talk.counselor_id
    )
    return Effect.CHANGED


def not_reached(
    session: Session, call: Call, outcome: str, now: datetime, policy: Policy
) -> Effect:
    """The citizen was not reached: the call ends, the counselor is free at once.

    outcome: no_answer, busy, failed, voicemail, refused; calls.NOT_RUNG where nobody was. The
    promise, if any, reads it from the call's close_reason.
    """
    if not CALL_LIFE.allows(CallState(call.state), CallEvent.NOT_REACHED):
        return Effect.NOTHING
    talk = counselor_records.live_session(session, call.id)
    if talk is None:
        reason = calls.NOT_REACHED + outcome
        calls.move(session, call, CallEvent.NOT_REACHED, now, policy, reason=reason)
        return Effect.CHANGED
    held = presence.locked(session, talk.counselor_id)
    stop_reaching(session, call, held, talk, outcome, now, policy)
    return Effect.CHANGED


def withdraw(session: Session, call: Call, reason: str, now: datetime, policy: Policy) -> Effect:
    """Take a call that we have not made yet out of the queue, and out of an open offer.

    Who waits on the line with us is never hung up on: who lost a counselor, or was handed on.
    """
    if not (has_no_leg(call) or calls.is_beside(call)):
        return Effect.NOTHING
    if not CALL_LIFE.allows(CallState(call.state), CallEvent.WITHDRAWN):
        return Effect.NOTHING
    was_offered = call.state == CallState.OFFERED
    calls.move(session, call, CallEvent.WITHDRAWN, now, policy, reason=reason)
    if was_offered:
        free_from_offer(session, call, now)
    return Effect.CHANGED
