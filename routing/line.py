"""What the line reports: callers joining, leaving and being joined; counselor legs coming, going.

Every action is harmless when it comes late, twice or out of order: it then changes nothing and
says so.
"""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from core.policy import Policy
from core.statements import ask
from counselors import presence, sessions
from counselors import records as counselor_records
from counselors.models import CounselingSession, Counselor
from counselors.states import SessionState
from routing import calls, handing_on, orders
from routing.actions import free_from_offer, stop_ringing_citizen
from routing.estimate import Wait, not_rising
from routing.journal import journal_many
from routing.models import Call
from routing.orders import OrderKind
from routing.states import CALL_LIFE, CallEvent, CallState
from routing.talks import end_talk, hang_up_leg, locked_session, move_caller

_ENTER = "UPDATE sessions SET entered_at = coalesce(entered_at, %s) WHERE id = %s"


class Effect(StrEnum):
    """What an event changed."""

    CHANGED = "changed"
    NOTHING = "nothing"


def join_queue(
    session: Session,
    call: Call,
    *,
    need: str,
    language: str,
    priority: int,
    now: datetime,
    policy: Policy,
) -> Effect:
    """The caller chose the helpline: from now on the call waits, in order of this arrival."""
    if not CALL_LIFE.allows(CallState(call.state), CallEvent.JOINED_QUEUE):
        return Effect.NOTHING
    call.need = need
    call.language = language
    call.priority = priority
    call.queued_at = now
    calls.move(session, call, CallEvent.JOINED_QUEUE, now, policy)
    return Effect.CHANGED


def hear_of(call: Call, now: datetime, policy: Policy) -> None:
    """The carrier showed that the caller is still there; the call's look-up is put off."""
    call.heard_at = now
    if call.state in (CallState.WAITING, CallState.OFFERED, CallState.CONNECTED):
        call.deadline = calls.deadline(CallState(call.state), now, policy)


def remember_wait(call: Call, fresh: Wait, seats: int) -> Wait:
    """Return the band to speak, and remember it: it rises only if seats fell since."""
    told = not_rising(fresh, call.told_high_minutes, seats_fell=seats < (call.told_seats or 0))
    call.told_high_minutes = told.high_minutes
    call.told_seats = seats
    return told


def raise_priority(session: Session, call: Call, reason: str, now: datetime) -> Effect:
    """The caller pressed the safety key: move the call ahead, once."""
    if call.state not in (CallState.WAITING, CallState.OFFERED) or call.priority > 0:
        return Effect.NOTHING
    call.priority = 1
    journal_many(session, [(call.id, "priority_raised", call.state, None, reason)], now)
    return Effect.CHANGED


def caller_left(session: Session, call: Call, reason: str, now: datetime, policy: Policy) -> Effect:
    """The caller's leg ended, wherever the call was."""
    state = CallState(call.state)
    if not CALL_LIFE.allows(state, CallEvent.CALLER_LEFT):
        return Effect.NOTHING
    call.left_at = now
    if state is CallState.CONNECTED:
        second = handing_on.beside(session, call)
        if second is not None:  # nobody is to be met any more
            caller_left(session, second, reason, now, policy)
        return _left_talk(session, call, reason, now, policy)
    calls.move(session, call, CallEvent.CALLER_LEFT, now, policy, reason=reason)
    if state is CallState.OFFERED:
        free_from_offer(session, call, now)
    return Effect.CHANGED


def _left_talk(session: Session, call: Call, reason: str, now: datetime, policy: Policy) -> Effect:
    talk = counselor_records.live_session(session, call.id)
    assert talk is not None, "a connected call has a live session"
    held = presence.locked(session, talk.counselor_id)
    end_talk(session, call, held, talk, CallEvent.CALLER_LEFT, reason, now, policy)
    return Effect.CHANGED


def look_beside(session: Session, call: Call, now: datetime, policy: Policy) -> bool:
    """Look after a call whose leg is that of the talk it is called to; False where it has its own.

    Where that talk does not go on any more, nobody is to be met.
    """
    if not calls.is_beside(call):
        return False
    if handing_on.first_talk(session, call) is None:
        caller_left(session, call, "found alone", now, policy)
    return True


def counselor_joined(
    session: Session, session_id: uuid.UUID, leg_sid: str, now: datetime, policy: Policy
) -> Effect:
    """The counselor's leg is at the conference: now the caller is moved there, or rung.

    A second leg for a session that has one changes nothing.
    """
    found = locked_session(session, session_id)
    if found is None or found[2].state != SessionState.JOINING:
        return Effect.NOTHING
    call, _held, talk = found
    first = handing_on.first_talk(session, call)
    if first is not None:
        return _came_to_talk(session, call, talk, first, leg_sid, now, policy)
    if calls.is_to_be_rung(call):
        sessions.leg_joined(talk, leg_sid, now, policy.reach_seconds_max)
        orders.write(
            session,
            OrderKind.REACH,
            call_id=call.id,
            subject_id=call.id,
            now=now,
            session_id=str(talk.id),
        )
        return Effect.CHANGED
    sessions.leg_joined(talk, leg_sid, now, policy.join_seconds_max)
    move_caller(session, call, talk, "join", now)
    return Effect.CHANGED


def _came_to_talk(
    session: Session,
    call: Call,
    talk: CounselingSession,
    first: CounselingSession,
    leg_sid: str,
    now: datetime,
    policy: Policy,
) -> Effect:
    """The counselor enters the room where the citizen talks already: three are together."""
    sessions.leg_joined(talk, leg_sid, now, policy.join_seconds_max)
    talk.room_id = sessions.room_of(first)
    sessions.caller_joined(talk, now)
    call.answered_at = call.answered_at or now
    journal_many(session, [(call.id, calls.ANSWERED, call.state, talk.counselor_id, None)], now)
    handing_on.tell_first(session, call, "counselor_came", now)
    return Effect.CHANGED


def caller_joined(
    session: Session, session_id: uuid.UUID, carrier_sid: str, now: datetime
) -> Effect:
    """The caller's leg is at the conference: both can talk. Counts as answered, once."""
    found = locked_session(session, session_id)
    if found is None or found[0].carrier_sid != carrier_sid:
        return Effect.NOTHING
    call, _held, talk = found
    if talk.state != SessionState.TALKING or talk.joined_at is not None:
        return Effect.NOTHING
    sessions.caller_joined(talk, now)
    call.answered_at = call.answered_at or now
    journal_many(session, [(call.id, calls.ANSWERED, call.state, talk.counselor_id, None)], now)
    return Effect.CHANGED


def counselor_entered(session: Session, session_id: uuid.UUID, now: datetime) -> Effect:
    """The counselor's leg is in the room, as the carrier saw it."""
    ask(session, _ENTER, (now, session_id))
    return Effect.NOTHING


def counselor_leg_ended(
    session: Session,
    session_id: uuid.UUID,
    leg_sid: str,
    reason: str,
    now: datetime,
    policy: Policy,
    *,
    was_in_room: bool = False,
) -> Effect:
    """The counselor's leg ended. A hung-up desk phone ends the session; a lost browser does not.

    leg_sid must be the leg of the session: the end of an older leg changes nothing.
    was_in_room: the word of its end shows that it had come; else it must have been seen there. No
    length of time shows it: who waits there alone must not be thanked for a talk.
    """
    found = locked_session(session, session_id)
    if found is None or found[2].leg_sid != leg_sid:
        return Effect.NOTHING
    call, held, talk = found
    if talk.state not in (SessionState.JOINING, SessionState.TALKING):
        return Effect.NOTHING
    if handing_on.leave(session, call, held, talk, reason, now, policy):
        return Effect.CHANGED
    was_there = was_in_room or talk.entered_at is not None
    has_talked = was_there and talk.joined_at is not None
    if has_talked and not _at_browser(session, talk):
        end_talk(session, call, held, talk, CallEvent.TALK_ENDED, "counselor hung up", now, policy)
        move_caller(session, call, talk, "goodbye", now)
        return Effect.CHANGED
    return lose_counselor(session, session_id, reason, now, policy)


def lose_counselor(
    session: Session, session_id: uuid.UUID, reason: str, now: datetime, policy: Policy
) -> Effect:
    """The counselor is gone from a live session: the caller goes back to the head of the queue.

    The original arrival stays, and the same counselor comes first if they are back in time.
    """
    found = locked_session(session, session_id)
    if found is None or found[2].state not in (SessionState.JOINING, SessionState.TALKING):
        return Effect.NOTHING
    call, held, talk = found
    if handing_on.leave(session, call, held, talk, reason, now, policy):
        return Effect.CHANGED
    was_moved = talk.state == SessionState.TALKING
    orders.drop(session, OrderKind.MOVE, talk.id, now)
    sessions.lose_leg(talk, held, reason, now)
    call.preferred_counselor_id = talk.counselor_id
    calls.move(
        session,
        call,
        CallEvent.COUNSELOR_LOST,
        now,
        policy,
        reason=reason,
        counselor_id=talk.counselor_id,
    )
    hang_up_leg(session, talk, now)
    if call.state == CallState.CLOSED:
        if call.notice_at is None:  # who is being greeted hears a last sentence instead
            stop_ringing_citizen(session, call, now)
        return Effect.CHANGED
    if call.queued_at is None:  # a companion's call: whoever is free helps, from now on
        call.queued_at, call.need = now, "talk"
    if calls.is_beside(call):  # who hands on is there still, and so the next one is to be met
        call.answered_at = None
        handing_on.tell_first(session, call, "counselor_went", now)
    if was_moved:
        move_caller(session, call, talk, "reconnect", now)
    return Effect.CHANGED


def _at_browser(session: Session, talk: CounselingSession) -> bool:
    return session.get_one(Counselor, talk.counselor_id).endpoint == "browser"
