"""Actions on a talk that goes on: find it under its locks, end it, move its caller.

Locks are taken in the house order: call, presence, session.
"""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from core import rows
from core.policy import Policy
from core.statements import ask
from counselors import presence, sessions
from counselors.models import CounselingSession, Presence
from routing import calls, orders, records
from routing.models import Call
from routing.orders import OrderKind
from routing.states import CallEvent


def locked_session(
    session: Session, session_id: uuid.UUID
) -> tuple[Call, Presence, CounselingSession] | None:
    """Return call, presence and session under locks taken in the house order, or None."""
    seen = rows.by_id(session, CounselingSession, session_id)
    if seen is None:
        return None
    call = records.call_locked(session, seen.call_id)
    assert call is not None
    held = presence.locked(session, seen.counselor_id)
    talk = rows.locked(session, CounselingSession, session_id)
    assert talk is not None
    return call, held, talk


def end_talk(
    session: Session,
    call: Call,
    held: Presence,
    talk: CounselingSession,
    event: CallEvent,
    reason: str,
    now: datetime,
    policy: Policy,
) -> None:
    """Begin the wrap-up and let the counselor's leg go."""
    orders.drop(session, OrderKind.MOVE, talk.id, now)
    sessions.end_talk(talk, held, reason, now, policy.wrap_seconds_max)
    calls.move(session, call, event, now, policy, reason=reason, counselor_id=held.counselor_id)
    hang_up_leg(session, talk, now)


def move_caller(
    session: Session, call: Call, talk: CounselingSession, to: str, now: datetime
) -> None:
    """Send the caller's leg elsewhere. to: join, reconnect or goodbye, a hook of the line.

    Whose citizen still talks with who hands on is left there.
    """
    if calls.is_beside(call):
        return
    orders.write(
        session,
        OrderKind.MOVE,
        call_id=call.id,
        subject_id=talk.id,
        now=now,
        to=to,
        leg_sid=call.carrier_sid,
    )


_LAST_RECONNECT = """
    SELECT subject_id, bool_or(state IN ('due', 'sending')) OVER () FROM orders
    WHERE call_id = %s AND kind = 'move' AND details ->> 'to' = 'reconnect'
    ORDER BY created_at DESC LIMIT 1
"""


def reconnect_again(session: Session, call_id: uuid.UUID, now: datetime) -> None:
    """Move a caller out of a room that broke once more; nothing where that is still to be done.

    call_id: of a call under its lock. A caller who never was in a room needs nothing.
    """
    row = ask(session, _LAST_RECONNECT, (call_id,)).fetchone()
    call = rows.by_id(session, Call, call_id)
    if row is None or row[1] or call is None:
        return
    talk = rows.by_id(session, CounselingSession, row[0])
    assert talk is not None
    move_caller(session, call, talk, "reconnect", now)


def hang_up_leg(session: Session, talk: CounselingSession, now: datetime) -> None:
    """Let the counselor's leg go, where it ever came."""
    if talk.leg_sid is None:
        return
    orders.hang_up(session, call_id=talk.call_id, subject_id=talk.id, leg_sid=talk.leg_sid, now=now)
