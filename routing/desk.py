"""The desk's read door: the offer, the session and the wrap-up of one counselor."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from counselors import records as counselor_records
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
    talk = counselor_records.open_session(session, counselor_id)
    shown = _session(session, talk) if talk is not None else None
    is_wrapping = shown is not None and shown.state == SessionState.WRAPPING
    return Desk(
        offer=_offer(session, counselor_id),
        session=None if is_wrapping else shown,
        wrapping=shown if is_wrapping else None,
    )


def _offer(session: Session, counselor_id: uuid.UUID) -> DeskOffer | None:
    row = session.execute(
        select(Offer, Call)
        .join(Call, Call.id == Offer.call_id)
        .where(Offer.counselor_id == counselor_id, Offer.state == OfferState.OPEN)
    ).first()
    if row is None:
        return None
    offer, call = row
    return DeskOffer(
        id=offer.id,
        call_id=call.id,
        deadline=offer.deadline,
        need=call.need or "talk",
        reason=offer.reason,
        sealed_number=call.sealed_number,
        caller_kind=call.caller_kind,
        queued_at=call.queued_at or call.arrived_at,
        language=call.language,
        direction=call.direction,
    )


def _session(session: Session, talk: CounselingSession) -> DeskSession:
    call = session.get_one(Call, talk.call_id)
    return DeskSession(
        id=talk.id,
        call_id=talk.call_id,
        state=talk.state,
        accepted_at=talk.accepted_at,
        joined_at=talk.joined_at,
        ended_at=talk.ended_at,
        deadline=talk.deadline,
        sealed_number=call.sealed_number,
        caller_kind=call.caller_kind,
        need=call.need or "talk",
        end_reason=talk.end_reason,
        direction=call.direction,
        has_company=_has_company(session, talk),
    )


def _has_company(session: Session, talk: CounselingSession) -> bool:
    first = session.get(CounselingSession, talk.room_id) if talk.room_id is not None else None
    return first is not None and first.state == SessionState.TALKING


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
