"""Handing a citizen on in the middle of a talk: a counselor comes in, then who talked goes.

The call that is handed on has a second one beside it, queued, offered and answered like any other.
The citizen's leg belongs to the first until who talked leaves, by a press or by a lost line, and to
the second from then on: so each call has one session, one offer and one leg at any time.
"""

import uuid
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.policy import Policy
from counselors import records as counselor_records
from counselors.models import CounselingSession, Presence
from counselors.states import SessionState
from routing import calls
from routing.journal import Entry, journal_many
from routing.models import Call
from routing.records import call_by_sid
from routing.states import BESIDE, CallEvent, CallState
from routing.talks import end_talk, move_caller

FIRST_OF_ALL = 144
"""Steps of priority: a day of waiting."""
HANDED_OVER = "handed-over-"
"""Begins the carrier sid of a call whose citizen's leg went over to the one beside it."""
_GOES_ON = (CallState.WAITING, CallState.OFFERED, CallState.CONNECTED)


def call_counselor(session: Session, call: Call, now: datetime, policy: Policy) -> Call:
    """Queue for a counselor to come to this talk, first of all; the same again changes nothing.

    call: connected, under its lock.
    """
    asked = beside(session, call)
    if asked is not None:
        return asked
    second_id = uuid.uuid4()
    second = Call(
        id=second_id,
        carrier_sid=BESIDE + second_id.hex,
        direction="handed_on",
        handed_from_id=call.id,
        state=CallState.WAITING,
        state_since=now,
        deadline=calls.deadline(CallState.WAITING, now, policy),
        sealed_number=call.sealed_number,
        number_index=call.number_index,
        caller_kind=call.caller_kind,
        language=call.language,
        need="talk",
        priority=FIRST_OF_ALL,
        head_seconds=0,
        arrived_at=now,
        queued_at=now,
        heard_at=now,
    )
    session.add(second)
    session.flush()
    journal_many(session, [(second_id, "counselor_called", second.state, None, None)], now)
    return second


def beside(session: Session, call: Call) -> Call | None:
    """Return, locked, the call by which this one is being handed on while its talk goes on."""
    if call.direction != "outward":  # only companions hand on, and they call
        return None
    return session.scalar(
        _beside(call.id).with_for_update().execution_options(populate_existing=True)
    )


def _beside(call_id: uuid.UUID) -> Select[Call]:
    return select(Call).where(
        Call.handed_from_id == call_id,
        Call.state.in_(_GOES_ON),
        Call.carrier_sid.startswith(BESIDE),
    )


def who_came(session: Session, call_id: uuid.UUID) -> Call | None:
    """Return, not locked, the call by which a counselor came to this call's talk and is there."""
    second = session.scalar(_beside(call_id))
    return second if second is not None and is_counselor_there(session, second) else None


def owner_of_leg(session: Session, leg_sid: str) -> Call | None:
    """Return, locked, the call whose citizen's leg this is, if we know it.

    Asked again where it is nobody's: it may have gone over to another call while its row was held,
    and what was found before the wait does not fit any more.
    """
    return call_by_sid(session, leg_sid) or call_by_sid(session, leg_sid)


def first_talk(session: Session, call: Call) -> CounselingSession | None:
    """Return the talk that goes on with the citizen of a call that is handed on."""
    if not calls.is_beside(call) or call.handed_from_id is None:
        return None
    return counselor_records.live_session(session, call.handed_from_id)


def tell_first(session: Session, call: Call, event: str, now: datetime) -> None:
    """Note in the first call's journal, and so on its page, what happened to the one beside it."""
    first = first_talk(session, call)
    if first is not None:
        entry = (first.call_id, event, str(CallState.CONNECTED), first.counselor_id, None)
        journal_many(session, [entry], now)


def is_counselor_there(session: Session, second: Call) -> bool:
    """Tell whether a counselor is in the room, so that nobody would be left alone."""
    talk = counselor_records.live_session(session, second.id)
    return talk is not None and talk.joined_at is not None


def leave(
    session: Session,
    call: Call,
    held: Presence,
    talk: CounselingSession,
    reason: str,
    now: datetime,
    policy: Policy,
) -> bool:
    """Who hands on leaves the talk, by will or not; False where this call is not handed on.

    The citizen stays with the counselor who is there; where none is yet, the citizen hears that we
    reconnect and waits with music for whoever comes, before all others.
    """
    second = beside(session, call)
    if second is None:
        return False
    leg_sid = call.carrier_sid
    end_talk(session, call, held, talk, CallEvent.HANDED_ON, reason, now, policy)
    call.carrier_sid = HANDED_OVER + call.id.hex
    session.flush()  # the leg is one call's at a time
    second.carrier_sid = leg_sid
    second.heard_at = now
    second.deadline = calls.deadline(CallState(second.state), now, policy)
    session.flush()
    taken: Entry = (second.id, "taken_over", second.state, None, reason)
    journal_many(session, [taken], now)
    if not is_counselor_there(session, second):
        move_caller(session, second, talk, "reconnect", now)
    return True


def is_awaited(session: Session, call: Call) -> bool:
    """Tell whether the citizen of this call waits for a counselor whose leg is not there yet."""
    if call.state in (CallState.WAITING, CallState.OFFERED):
        return True
    talk = counselor_records.live_session(session, call.id)
    return talk is not None and talk.state == SessionState.JOINING
