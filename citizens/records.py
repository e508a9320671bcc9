"""Reading citizens and their consents by name; never commits."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizens.consent import MayCall, MayNotCall, may_call
from citizens.models import Citizen, Consent


def by_index(session: Session, number_index: str) -> Citizen | None:
    """Return the citizen with this number index, if we know one."""
    return session.scalar(select(Citizen).where(Citizen.number_index == number_index))


def live_purposes(session: Session, citizen_id: uuid.UUID) -> frozenset[str]:
    """Return the purposes consented to and not withdrawn."""
    rows = session.scalars(
        select(Consent.purpose).where(
            Consent.citizen_id == citizen_id, Consent.withdrawn_at.is_(None)
        )
    )
    return frozenset(rows)


def may_be_called(session: Session, citizen: Citizen) -> MayCall | MayNotCall:
    """Tell whether this citizen may be called now, by consent."""
    return may_call(
        live_purposes(session, citizen.id), do_not_call=citizen.do_not_call_at is not None
    )


def consents_of(session: Session, citizen_id: uuid.UUID) -> list[Consent]:
    """Return the whole ledger of a citizen, in the order it was given."""
    found = session.scalars(
        select(Consent).where(Consent.citizen_id == citizen_id).order_by(Consent.given_at)
    )
    return list(found)
