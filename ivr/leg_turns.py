"""What happens at each turn of a counselor's leg, and of the room where both meet."""

import re
import uuid

from sqlalchemy.orm import Session

from core.rows import by_id, find
from counselors import records as counselor_records
from counselors import sessions
from counselors.models import CounselingSession
from counselors.states import SessionState
from ivr import flow
from ivr.caller_turns import Desk, as_uuid
from ivr.instructions import Hangup, Reply
from ivr.turn import Turn
from routing import actions, calls, handing_on, line, orders
from routing.line import Effect
from routing.models import Call, Offer
from routing.states import OfferState

IDENTITY = re.compile(r"client:counselor_([0-9a-f]{32})")
HUNG_UP = "participant_hung_up"
ENDED_UNDER_IT = frozenset({"moderator_ended_conference", "conference_ended_via_api"})


def on_client(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A counselor's browser connects with the join token of an accepted offer.

    Only the identity in the signed `From` and the single-use token count; every other parameter
    could be written by anyone who holds a softphone.
    """
    counselor_id = _identity(turn)
    talk = sessions.by_join_token(session, turn.form.get("join", ""))
    if talk is None or counselor_id is None or talk.counselor_id != counselor_id:
        return Effect.NOTHING, flow.say_and_end("not_yours", "ko")
    return _enter(session, talk.id, turn, desk)


def _identity(turn: Turn) -> uuid.UUID | None:
    found = IDENTITY.fullmatch(turn.form.get("From", ""))
    return uuid.UUID(found[1]) if found else None


def _enter(session: Session, session_id: uuid.UUID, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    effect = line.counselor_joined(session, session_id, turn.call_sid, desk.now, desk.policy)
    if effect is Effect.NOTHING:
        return effect, flow.say_and_end("not_yours", "ko")
    talk = session.get_one(CounselingSession, session_id)
    return effect, flow.seat(talk.id, sessions.room_of(talk))


def on_leg_over(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The counselor's time in the room is over.

    One that ended dropped or hung up. One that is still up was left behind: by the caller, or by
    a room that the carrier ended under both. The carrier is asked which, and talk-over tells too.
    """
    session_id = as_uuid(turn.query.get("session", ""))
    talk = by_id(session, CounselingSession, session_id) if session_id else None
    if talk is None or talk.leg_sid != turn.call_sid:
        return Effect.NOTHING, flow.say_and_end("not_yours", "ko")
    if turn.has_ended:
        return _leg_ended(session, talk, turn, desk, was_in_room=True), Reply()
    effect = _look_for_caller(session, talk, desk)
    return effect, Reply((Hangup(),))


def _leg_ended(
    session: Session, talk: CounselingSession, turn: Turn, desk: Desk, *, was_in_room: bool
) -> Effect:
    return line.counselor_leg_ended(
        session,
        talk.id,
        turn.call_sid,
        "counselor leg ended",
        desk.now,
        desk.policy,
        was_in_room=was_in_room,
    )


def _look_for_caller(session: Session, talk: CounselingSession, desk: Desk) -> Effect:
    """Ask where the caller is: gone ends the talk, still there is put back by the room's action."""
    if talk.joined_at is None or talk.state != SessionState.TALKING:
        return Effect.NOTHING
    first = handing_on.first_talk(session, session.get_one(Call, talk.call_id))
    call = session.get_one(Call, (first or talk).call_id)
    orders.look_up(
        session, call_id=call.id, subject_id=call.id, leg_sid=call.carrier_sid, now=desk.now
    )
    return Effect.CHANGED


def on_conference(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """Somebody entered or left the room of a session."""
    event = turn.form.get("StatusCallbackEvent", "")
    session_id = as_uuid(turn.query.get("session", ""))
    if session_id is None or event not in ("participant-join", "participant-leave"):
        return Effect.NOTHING, Reply()
    talk = by_id(session, CounselingSession, session_id)
    if talk is None:
        return Effect.NOTHING, Reply()
    if event == "participant-join":
        return _entered_room(session, talk, turn, desk), Reply()
    return _left_room(session, turn, desk), Reply()


def _entered_room(session: Session, talk: CounselingSession, turn: Turn, desk: Desk) -> Effect:
    """The counselor or the caller; or a counselor who comes to the room of another's talk."""
    if talk.leg_sid == turn.call_sid:
        return line.counselor_entered(session, talk.id, desk.now)
    effect = line.caller_joined(session, talk.id, turn.call_sid, desk.now)
    other = counselor_records.session_of_leg(session, turn.call_sid)
    if effect is Effect.NOTHING and other is not None:
        line.counselor_entered(session, other.id, desk.now)
    return effect


def _left_room(session: Session, turn: Turn, desk: Desk) -> Effect:
    """Only a leg that hung up by itself is news; moved and kicked ones are told by others."""
    reason = turn.form.get("ReasonParticipantLeft", "")
    gone = turn.form.get("ParticipantCallStatus", "") == "completed"
    if reason in ENDED_UNDER_IT or not (reason == HUNG_UP or gone):
        return Effect.NOTHING
    counselors = counselor_records.session_of_leg(session, turn.call_sid)
    if counselors is not None:
        return _leg_ended(session, counselors, turn, desk, was_in_room=True)
    call = handing_on.owner_of_leg(session, turn.call_sid)
    if call is None:
        return Effect.NOTHING
    return line.caller_left(session, call, "hung up", desk.now, desk.policy)


def on_whisper(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A rung counselor picked up: say what this is and ask for the key."""
    offer = _offer(session, turn)
    if offer is None or offer.state != OfferState.OPEN:
        return Effect.NOTHING, flow.say_and_end("offer_gone", "ko")
    actions.put_off_offer(session, offer.id, desk.now, desk.policy)
    call = by_id(session, Call, offer.call_id)
    assert call is not None
    return Effect.NOTHING, flow.whisper(offer.id, is_handed_on=calls.is_beside(call))


def on_whisper_key(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The key after the whisper: 1 is the acceptance, anything else gives the offer back."""
    offer = _offer(session, turn)
    if offer is None:
        return Effect.NOTHING, flow.say_and_end("offer_gone", "ko")
    if turn.digits != "1":
        given_back = actions.decline_offer(
            session, offer.id, offer.counselor_id, "declined by key", desk.now, desk.policy
        )
        is_changed = isinstance(given_back, actions.Declined)
        effect = Effect.CHANGED if is_changed else Effect.NOTHING
        return effect, flow.say_and_end("offer_gone", "ko")
    taken = actions.accept_offer(session, offer.id, offer.counselor_id, desk.now, desk.policy)
    if isinstance(taken, actions.Gone):
        return Effect.NOTHING, flow.say_and_end("offer_gone", "ko")
    return _enter(session, taken.session_id, turn, desk)


def on_leg(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """Status of a leg that an offer rang: one that ends unaccepted is a ring-no-answer."""
    offer = _offer(session, turn)
    if offer is None or not turn.has_ended:
        return Effect.NOTHING, Reply()
    lapsed = actions.lapse_offer(session, offer.id, offer.counselor_id, desk.now, desk.policy)
    if isinstance(lapsed, actions.Declined):
        return Effect.CHANGED, Reply()
    return _end_of_leg(session, offer, turn, desk), Reply()


def _end_of_leg(session: Session, offer: Offer, turn: Turn, desk: Desk) -> Effect:
    call = by_id(session, Call, offer.call_id)
    if call is None:
        return Effect.NOTHING
    talk = _session_of(session, offer.id)
    return (
        Effect.NOTHING if talk is None else _leg_ended(session, talk, turn, desk, was_in_room=False)
    )


def _session_of(session: Session, offer_id: uuid.UUID) -> CounselingSession | None:
    return find(session, CounselingSession, "offer_id = %s", (offer_id,))


def _offer(session: Session, turn: Turn) -> Offer | None:
    offer_id = as_uuid(turn.query.get("offer", ""))
    return by_id(session, Offer, offer_id) if offer_id else None
