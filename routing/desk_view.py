"""The desk as its counselor is shown it: the read door's rows as the API's bodies."""

from sqlalchemy.orm import Session

from citizens.models import NUMBER_CONTEXT
from core.phone_numbers import mask
from core.policy import Policy
from core.sealing import Sealer, Unsealable
from core.sign_ins import SignedIn
from counselors import desk_bodies as bodies
from counselors.records import PresenceView
from routing.desk import DeskOffer, DeskSession, desk

HANDED_ON = {"handed_on": "talk", "outward": "promise"}
"""What lies behind a call that the citizen did not make."""


def me(account: SignedIn, seen: PresenceView | None) -> bodies.Me:
    """Return who is signed in, with the presence of who has a seat."""
    return bodies.Me(
        login=account.login,
        name=account.name,
        role=account.role,
        status=seen.status if seen else None,
        state=seen.state if seen else None,
        since=seen.since if seen else None,
        not_answering_since=seen.not_answering_since if seen else None,
    )


def look_at_desk(
    session: Session,
    account: SignedIn,
    seen: PresenceView | None,
    sealer: Sealer,
    policy: Policy,
) -> bodies.DeskBody:
    """Return all that lies on this account's desk, numbers masked."""
    lies = desk(session, account.account_id)
    return bodies.DeskBody(
        offer=_offer(lies.offer, sealer) if lies.offer else None,
        session=_talk(lies.session, sealer, policy) if lies.session else None,
        wrapping=_wrapping(lies.wrapping, sealer) if lies.wrapping else None,
        presence=me(account, seen),
    )


def _offer(offer: DeskOffer, sealer: Sealer) -> bodies.Offer:
    return bodies.Offer(
        id=offer.id,
        call_id=offer.call_id,
        deadline=offer.deadline,
        need=offer.need,
        reason=offer.reason,
        caller=_caller(offer, sealer),
        queued_at=offer.queued_at,
        language=offer.language,
        handed_on=HANDED_ON.get(offer.direction),
    )


def _talk(talk: DeskSession, sealer: Sealer, policy: Policy) -> bodies.Talk:
    return bodies.Talk(
        id=talk.id,
        call_id=talk.call_id,
        state=talk.state,
        started_at=talk.joined_at or talk.accepted_at,
        joined_at=talk.joined_at,
        need=talk.need,
        caller=_caller(talk, sealer),
        cues=list(policy.session_cue_seconds),
        handed_on=HANDED_ON.get(talk.direction),
        has_company=talk.has_company,
    )


def _wrapping(talk: DeskSession, sealer: Sealer) -> bodies.Wrapping:
    return bodies.Wrapping(
        id=talk.id,
        call_id=talk.call_id,
        started_at=talk.joined_at or talk.accepted_at,
        ended_at=talk.ended_at,
        deadline=talk.deadline,
        end_reason=talk.end_reason,
        need=talk.need,
        caller=_caller(talk, sealer),
    )


def _caller(shown: DeskOffer | DeskSession, sealer: Sealer) -> bodies.Caller:
    if shown.sealed_number is None:
        return bodies.Caller(kind=shown.caller_kind, number=None)
    try:
        number = mask(sealer.unseal(shown.sealed_number, NUMBER_CONTEXT))
    except Unsealable:
        number = "****"  # a lost key must not take the desk away
    return bodies.Caller(kind=shown.caller_kind, number=number)
