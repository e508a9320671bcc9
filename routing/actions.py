"""What counselors do: say a status, accept, decline, end a session, write the outcome.

Each takes an open transaction, locks call, then presence, then offer or session (always in that
order), and returns a value. Late and repeated calls are answered, never raised.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core import rows
from core.database import lock
from core.policy import Policy
from core.statements import ask
from counselors import presence, sessions
from counselors import records as counselor_records
from counselors.models import CounselingSession, Presence
from counselors.records import PresenceView
from counselors.states import PresenceEvent, PresenceState, SessionState, Status
from routing import calls, handing_on, orders, records
from routing.journal import Entry, journal_many
from routing.models import Call, Offer
from routing.orders import OrderKind
from routing.states import (
    OFFER_LIFE,
    TO_BE_RUNG,
    CallEvent,
    CallState,
    OfferEvent,
    OfferState,
)
from routing.talks import end_talk, hang_up_leg, locked_session, move_caller


@dataclass(frozen=True)
class Accepted:
    """The offer is yours. join_token lets the counselor's browser leg in, once."""

    session_id: uuid.UUID
    call_id: uuid.UUID
    join_token: str


@dataclass(frozen=True)
class Declined:
    """The offer went back to the queue."""

    call_id: uuid.UUID


@dataclass(frozen=True)
class Ended:
    """The session is over; wrap-up has begun (or had begun already)."""

    session_id: uuid.UUID


@dataclass(frozen=True)
class Written:
    """The outcome is stored."""

    session_id: uuid.UUID


@dataclass(frozen=True)
class Gone:
    """No longer yours: withdrawn, lapsed, somebody else's, or never there."""

    reason: str


def change_status(
    session: Session, counselor_id: uuid.UUID, status: str, now: datetime, policy: Policy
) -> PresenceView:
    """Say "ready", "break" or "off". Leaving during an offer sends the call back to the queue.

    Raises ValueError for another word, UnknownCounselor where there is no presence.
    """
    said = Status(status)
    if said is not Status.READY:
        lock(session, records.DISPATCH_LOCK)  # no offer is made while this one is taken back
    offer = records.open_offer_of(session, counselor_id)
    if offer is not None and said is not Status.READY:
        decline_offer(session, offer.id, counselor_id, "counselor left", now, policy)
    held = presence.locked(session, counselor_id)
    presence.say(held, said, now)
    return PresenceView(held.status, held.state, max(held.status_since, held.state_since))


def accept_offer(
    session: Session,
    offer_id: uuid.UUID,
    counselor_id: uuid.UUID,
    now: datetime,
    policy: Policy,
) -> Accepted | Gone:
    """Accept an open offer: the call is yours and a session is open.

    Accepted twice by the same counselor while the leg is still to come: the same session, and a
    new join token (the first stops working).
    """
    found = _locked_offer(session, offer_id, counselor_id)
    if found is None:
        return Gone("no such offer")
    call, held, offer = found
    if offer.state == OfferState.ACCEPTED:
        return _accepted_again(session, call, counselor_id)
    if offer.state != OfferState.OPEN:
        return Gone(offer.state)
    _end_offer(offer, OfferEvent.ACCEPT, now)
    outward = calls.is_to_be_rung(call)
    event = CallEvent.ACCEPTED_OUTWARD if outward else CallEvent.ACCEPTED
    calls.move(session, call, event, now, policy, counselor_id=counselor_id)
    talk = sessions.open_session(
        session,
        call_id=call.id,
        offer_id=offer.id,
        held=held,
        now=now,
        join_seconds_max=policy.join_seconds_max,
    )
    return Accepted(talk.id, call.id, sessions.mint_join_token(talk))


def _accepted_again(session: Session, call: Call, counselor_id: uuid.UUID) -> Accepted | Gone:
    talk = counselor_records.live_session(session, call.id)
    if talk is None or talk.counselor_id != counselor_id or talk.state != SessionState.JOINING:
        return Gone("accepted already")
    return Accepted(talk.id, call.id, sessions.mint_join_token(talk))


def decline_offer(
    session: Session,
    offer_id: uuid.UUID,
    counselor_id: uuid.UUID,
    reason: str,
    now: datetime,
    policy: Policy,
) -> Declined | Gone:
    """Give an open offer back: the call keeps its arrival, the counselor stays as they are."""
    return return_offer(
        session, offer_id, counselor_id, OfferEvent.DECLINE, now, policy, reason=reason
    )


def lapse_offer(
    session: Session, offer_id: uuid.UUID, counselor_id: uuid.UUID, now: datetime, policy: Policy
) -> Declined | Gone:
    """Ring-no-answer: the call goes back to the head, the counselor is set to not answering."""
    result = return_offer(
        session, offer_id, counselor_id, OfferEvent.LAPSE, now, policy, reason="no answer"
    )
    if isinstance(result, Declined):
        presence.mark_not_answering(presence.locked(session, counselor_id), now)
    return result


def return_offer(
    session: Session,
    offer_id: uuid.UUID,
    counselor_id: uuid.UUID,
    event: OfferEvent,
    now: datetime,
    policy: Policy,
    *,
    reason: str,
) -> Declined | Gone:
    """End an open offer by `event` and put its call back where it was in the queue."""
    found = _locked_offer(session, offer_id, counselor_id)
    if found is None:
        return Gone("no such offer")
    call, held, offer = found
    if offer.state != OfferState.OPEN:
        return Gone(offer.state)
    _end_offer(offer, event, now)
    offer.decline_reason = reason
    presence.move(held, PresenceEvent.OFFER_ENDED, now)
    lapsed = event is OfferEvent.LAPSE
    calls.move(
        session,
        call,
        CallEvent.OFFER_LAPSED if lapsed else CallEvent.DECLINED,
        now,
        policy,
        reason=reason,
        counselor_id=counselor_id,
    )
    stop_ringing(session, call, offer.id, now)
    return Declined(call.id)


_PUT_OFF = "UPDATE offers SET deadline = %s WHERE id = %s AND state = 'open'"


def put_off_offer(session: Session, offer_id: uuid.UUID, until: datetime, policy: Policy) -> None:
    """Let an open offer's time run from `until`: its leg rings, or is answered, only then."""
    ask(session, _PUT_OFF, (until + timedelta(seconds=policy.ring_seconds_max), offer_id))


def _own_talk(
    session: Session, session_id: uuid.UUID, counselor_id: uuid.UUID
) -> tuple[Call, Presence, CounselingSession] | Ended | Gone:
    """Return what this counselor is to leave, locked; Ended where it was left already."""
    found = locked_session(session, session_id)
    if found is None or found[2].counselor_id != counselor_id:
        return Gone("no such session")
    talk = found[2]
    if talk.state in (SessionState.WRAPPING, SessionState.CLOSED):
        return Ended(talk.id)
    return found


def end_session(
    session: Session,
    session_id: uuid.UUID,
    counselor_id: uuid.UUID,
    now: datetime,
    policy: Policy,
) -> Ended | Gone:
    """The counselor ends the conversation: the caller hears a goodbye, wrap-up begins."""
    found = _own_talk(session, session_id, counselor_id)
    if isinstance(found, Ended | Gone):
        return found
    call, held, talk = found
    if call.state == CallState.REACHING:
        stop_reaching(session, call, held, talk, "cancelled", now, policy)
        return Ended(talk.id)
    if handing_on.leave(session, call, held, talk, "counselor ended", now, policy):
        return Ended(talk.id)
    end_talk(session, call, held, talk, CallEvent.TALK_ENDED, "counselor ended", now, policy)
    move_caller(session, call, talk, "goodbye", now)
    return Ended(talk.id)


def hand_over(
    session: Session,
    session_id: uuid.UUID,
    counselor_id: uuid.UUID,
    now: datetime,
    policy: Policy,
) -> Ended | Gone:
    """Leave the citizen with the counselor who came; wrap-up begins. Again: changes nothing."""
    found = _own_talk(session, session_id, counselor_id)
    if isinstance(found, Ended | Gone):
        return found
    call, held, talk = found
    second = handing_on.beside(session, call)
    if second is None or not handing_on.is_counselor_there(session, second):
        return Gone("no counselor is there yet")
    handing_on.leave(session, call, held, talk, "handed over", now, policy)
    return Ended(talk.id)


def stop_reaching(
    session: Session,
    call: Call,
    held: Presence,
    talk: CounselingSession,
    outcome: str,
    now: datetime,
    policy: Policy,
) -> None:
    """The citizen is not to be had: the call ends, the counselor is free without a wrap-up."""
    sessions.lose_leg(talk, held, f"not reached: {outcome}", now)
    hang_up_leg(session, talk, now)
    if outcome != "refused":  # who refuses hears a last sentence, which lets them go
        stop_ringing_citizen(session, call, now)
    event, said = CallEvent.NOT_REACHED, calls.NOT_REACHED + outcome
    calls.move(session, call, event, now, policy, reason=said, counselor_id=held.counselor_id)


def stop_ringing_citizen(session: Session, call: Call, now: datetime) -> None:
    """Take back the ringing of a citizen: the order if nobody has it yet, else the leg."""
    orders.drop(session, OrderKind.REACH, call.id, now)
    if not call.carrier_sid.startswith(TO_BE_RUNG):
        orders.hang_up(
            session, call_id=call.id, subject_id=call.id, leg_sid=call.carrier_sid, now=now
        )


def write_outcome(
    session: Session,
    session_id: uuid.UUID,
    counselor_id: uuid.UUID,
    outcome: dict[str, Any],
    sealed_notes: bytes | None,
    now: datetime,
    policy: Policy,
) -> Written | Gone:
    """Write the outcome of a session in wrap-up and close it; the seat is free again.

    The same counselor may write it again, or late (after the wrap-up lapsed), for the record.
    An unfinished talk has no outcome yet: Gone("still talking").
    """
    found = locked_session(session, session_id)
    if found is None or found[2].counselor_id != counselor_id:
        return Gone("no such session")
    call, held, talk = found
    if talk.state in (SessionState.JOINING, SessionState.TALKING):
        return Gone("still talking")
    if talk.state == SessionState.WRAPPING:
        sessions.close(talk, held, outcome, now)
        calls.move(session, call, CallEvent.OUTCOME_WRITTEN, now, policy, counselor_id=counselor_id)
    else:
        sessions.keep_outcome(talk, outcome, now)
    talk.sealed_notes = sealed_notes
    return Written(talk.id)


def stop_ringing(session: Session, call: Call, offer_id: uuid.UUID, now: datetime) -> None:
    """Take back the ringing of an offer: the order if nobody has it yet, else the leg."""
    orders.drop(session, OrderKind.RING, offer_id, now)
    leg_sid = orders.rung_leg(session, offer_id)
    if leg_sid is not None:
        orders.hang_up(session, call_id=call.id, subject_id=offer_id, leg_sid=leg_sid, now=now)


def _locked_offer(
    session: Session, offer_id: uuid.UUID, counselor_id: uuid.UUID
) -> tuple[Call, Presence, Offer] | None:
    seen = rows.by_id(session, Offer, offer_id)
    if seen is None or seen.counselor_id != counselor_id:
        return None
    call = records.call_locked(session, seen.call_id)
    assert call is not None
    held = presence.locked(session, counselor_id)
    offer = rows.locked(session, Offer, offer_id)
    assert offer is not None
    return call, held, offer


def _end_offer(offer: Offer, event: OfferEvent, now: datetime) -> None:
    offer.state = OFFER_LIFE.after(OfferState(offer.state), event)
    offer.ended_at = now


def free_from_offer(session: Session, call: Call, now: datetime) -> None:
    """Withdraw the open offer of a call whose caller is gone."""
    offer = records.open_offer(session, call.id)
    if offer is None:
        return
    held = presence.locked(session, offer.counselor_id)
    _end_offer(offer, OfferEvent.WITHDRAW, now)
    if held.state == PresenceState.OFFERED:
        presence.move(held, PresenceEvent.OFFER_ENDED, now)
    withdrawn: Entry = (call.id, "offer_withdrawn", call.state, offer.counselor_id, None)
    journal_many(session, [withdrawn], now)
    stop_ringing(session, call, offer.id, now)
