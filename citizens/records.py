"""Reading citizens and their consents by name; never commits."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizens.consent import MayCall, MayNotCall, may_call
from citizens.models import NUMBER_CONTEXT, Citizen, Consent
from core.sealing import Sealer, Unsealable


def by_indexes_locked(session: Session, indexes: Collection[str]) -> Sequence[Citizen]:
    """Return under row locks whom a number's indexes under every key lead to, the oldest first.

    They are one person; more than one row there is only where a key was changed before the same
    number was looked up under both.
    """
    return session.scalars(
        select(Citizen)
        .where(Citizen.number_index.in_(indexes))
        .order_by(Citizen.created_at, Citizen.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def ids_by_indexes(session: Session, indexes: Collection[str]) -> Sequence[uuid.UUID]:
    """Return the rows that a number's indexes under every key lead to, the oldest first."""
    return session.scalars(
        select(Citizen.id)
        .where(Citizen.number_index.in_(indexes))
        .order_by(Citizen.created_at, Citizen.id)
    ).all()


def ids_alike(session: Session, citizen_id: uuid.UUID, sealer: Sealer) -> Sequence[uuid.UUID]:
    """Return this citizen's row and any other of the same number."""
    citizen = session.get_one(Citizen, citizen_id)
    try:
        e164 = sealer.unseal(citizen.sealed_number, NUMBER_CONTEXT)
    except Unsealable:  # its key is gone: nobody can tell any more whose it is
        return [citizen_id]
    return [
        citizen_id,
        *(other for other in ids_by_indexes(session, sealer.indexes(e164)) if other != citizen_id),
    ]


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
