"""The desk's read door: the offer, the session and the wrap-up of one counselor."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.statements import ask
from counselors.models import CounselingSession
from counselors.states import SessionState
from routing.models import Call, Offer
from routing.states import CallState, OfferState


@dataclass(frozen=True)
class DeskOffer:
    """An open offer as its counselor sees it. direction: as of its call."""

    id: uuid.UUID
    call_id: uuid.UUID
    deadline: datetime
    need: str
    reason: str
    sealed_number: bytes | None
    caller_kind: str
    queued_at: datetime
    language: str
    direction: str


@dataclass(frozen=True)
class DeskSession:
    """A session as its counselor sees it; state is joining, talking or wrapping.

    direction: as of its call. has_company: who hands the citizen on is in the room too.
    """

    id: uuid.UUID
    call_id: uuid.UUID
    state: str
    accepted_at: datetime
    joined_at: datetime | None
    ended_at: datetime | None
    deadline: datetime | None
    sealed_number: bytes | None
    caller_kind: str
    need: str
    end_reason: str | None
    direction: str
    has_company: bool


@dataclass(frozen=True)
class Handing:
    """A counselor called to a talk. state: called, offered, coming, there, or gone again."""

    state: str
    called_at: datetime


@dataclass(frozen=True)
class Desk:
    """All that a desk shows."""

    offer: DeskOffer | None
    session: DeskSession | None
    wrapping: DeskSession | None


def desk(session: Session, counselor_id: uuid.UUID) -> Desk:
    """Return what lies on the desk of this counselor."""
    shown = _session(session, counselor_id)
    is_wrapping = shown is not None and shown.state == SessionState.WRAPPING
    return Desk(
        offer=_offer(session, counselor_id),
        session=None if is_wrapping else shown,
        wrapping=shown if is_wrapping else None,
    )


# Desks are looked at all day long: each question is one statement, its columns in the order of the
# fields.
_OFFER = """
    SELECT o.id, c.id, o.deadline, coalesce(c.need, 'talk'), o.reason, c.sealed_number,
        c.caller_kind, coalesce(c.queued_at, c.arrived_at), c.language, c.direction
    FROM offers o JOIN calls c ON c.id = o.call_id
    WHERE o.counselor_id = %s AND o.state = 'open'
"""


def _offer(session: Session, counselor_id: uuid.UUID) -> DeskOffer | None:
    row = ask(session, _OFFER, (counselor_id,)).fetchone()
    return None if row is None else DeskOffer(*row)


_SESSION = """
    SELECT s.id, s.call_id, s.state, s.accepted_at, s.joined_at, s.ended_at, s.deadline,
        c.sealed_number, c.caller_kind, coalesce(c.need, 'talk'), s.end_reason, c.direction,
        coalesce(first.state = 'talking', false)
    FROM sessions s JOIN calls c ON c.id = s.call_id
    LEFT JOIN sessions first ON first.id = s.room_id
    WHERE s.counselor_id = %s AND s.state <> 'closed'
"""


def _session(session: Session, counselor_id: uuid.UUID) -> DeskSession | None:
    row = ask(session, _SESSION, (counselor_id,)).fetchone()
    return None if row is None else DeskSession(*row)


def handing(session: Session, call_id: uuid.UUID) -> Handing | None:
    """Return how far the counselor is who was called to the talk of this call, if one was."""
    row = session.execute(
        select(Call.state, Call.arrived_at, CounselingSession.joined_at)
        .outerjoin(
            CounselingSession,
            (CounselingSession.call_id == Call.id)
            & CounselingSession.state.in_([SessionState.JOINING, SessionState.TALKING]),
        )
        .where(Call.handed_from_id == call_id)
        .order_by(Call.arrived_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    if row.state == CallState.CONNECTED:
        return Handing("there" if row.joined_at is not None else "coming", row.arrived_at)
    known = {CallState.WAITING: "called", CallState.OFFERED: "offered"}
    return Handing(known.get(CallState(row.state), "gone"), row.arrived_at)


def is_offered_to(session: Session, call_id: uuid.UUID, counselor_id: uuid.UUID) -> bool:
    """Tell whether this call is being offered to this counselor now."""
    found = session.scalar(
        select(Offer.id).where(
            Offer.call_id == call_id,
            Offer.counselor_id == counselor_id,
            Offer.state == OfferState.OPEN,
        )
    )
    return found is not None
