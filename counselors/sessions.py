"""Actions on a session: opened by an acceptance, joined, talked, wrapped up, closed.

Each moves the session and the counselor's presence together, so that no seat gets stuck between.
"""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.rows import find, insert
from counselors import presence
from counselors.models import CounselingSession, Presence
from counselors.states import SESSION_LIFE, PresenceEvent, SessionEvent, SessionState


def digest(token: str) -> str:
    """Return what is stored of a join token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    session: Session,
    *,
    call_id: uuid.UUID,
    offer_id: uuid.UUID | None,
    held: Presence,
    now: datetime,
    join_seconds_max: float,
) -> CounselingSession:
    """Open the session of an accepted offer, or of a call we make (without one).

    The counselor's leg has `join_seconds_max` to come.
    """
    presence.move(held, PresenceEvent.OFFER_ACCEPTED, now)
    opened = insert(
        session,
        CounselingSession,
        "",
        id=uuid.uuid4(),
        call_id=call_id,
        offer_id=offer_id,
        counselor_id=held.counselor_id,
        state=SessionState.JOINING,
        accepted_at=now,
        deadline=now + timedelta(seconds=join_seconds_max),
    )
    assert opened is not None, "nothing keeps the row out but a fault"
    return opened


def room_of(talk: CounselingSession) -> uuid.UUID:
    """Return the name of the room in which this session is held."""
    return talk.room_id or talk.id


def mint_join_token(talk: CounselingSession) -> str:
    """Return a new single-use token for the counselor's leg; the one before stops working."""
    token = secrets.token_urlsafe(24)
    talk.join_digest = digest(token)
    return token


def by_join_token(session: Session, token: str) -> CounselingSession | None:
    """Return the session that this join token opens, if it still opens one."""
    return find(session, CounselingSession, "join_digest = %s", (digest(token),))


def leg_joined(talk: CounselingSession, leg_sid: str, now: datetime, seconds_max: float) -> None:
    """The counselor's leg is there; the caller has `seconds_max` to be joined.

    Raises IllegalEvent where the session is past joining.
    """
    talk.state = SESSION_LIFE.after(SessionState(talk.state), SessionEvent.LEG_JOINED)
    talk.leg_sid = leg_sid
    talk.join_digest = None
    talk.deadline = now + timedelta(seconds=seconds_max)


def caller_joined(talk: CounselingSession, now: datetime) -> None:
    """Both can hear each other from now on."""
    talk.joined_at = talk.joined_at or now
    talk.deadline = None


def end_talk(
    talk: CounselingSession, held: Presence, reason: str, now: datetime, wrap_seconds_max: float
) -> None:
    """The conversation is over; the counselor writes the outcome until the wrap-up deadline."""
    talk.state = SESSION_LIFE.after(SessionState(talk.state), SessionEvent.TALK_ENDED)
    presence.move(held, PresenceEvent.TALK_ENDED, now)
    talk.ended_at = now
    talk.end_reason = reason
    talk.join_digest = None
    talk.deadline = now + timedelta(seconds=wrap_seconds_max)


def lose_leg(talk: CounselingSession, held: Presence, reason: str, now: datetime) -> None:
    """The counselor's leg dropped or never came; the caller goes back to the queue."""
    talk.state = SESSION_LIFE.after(SessionState(talk.state), SessionEvent.LEG_LOST)
    presence.move(held, PresenceEvent.LEG_LOST, now)
    talk.ended_at = now
    talk.closed_at = now
    talk.end_reason = reason
    talk.join_digest = None
    talk.deadline = None


def close(
    talk: CounselingSession, held: Presence, outcome: dict[str, Any] | None, now: datetime
) -> None:
    """Close a wrapped-up session, with its outcome or, where the time ran out, without."""
    event = SessionEvent.WRAP_LAPSED if outcome is None else SessionEvent.OUTCOME_WRITTEN
    talk.state = SESSION_LIFE.after(SessionState(talk.state), event)
    presence.move(held, PresenceEvent.WRAP_ENDED, now)
    talk.closed_at = now
    talk.deadline = None
    if outcome is not None:
        keep_outcome(talk, outcome, now)


def keep_outcome(talk: CounselingSession, outcome: dict[str, Any], now: datetime) -> None:
    """Write the outcome into the session; the draft has served."""
    talk.outcome = outcome
    talk.outcome_at = now
    talk.sealed_draft = None
