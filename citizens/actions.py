"""What citizens do: become known, consent, withdraw, forbid calls. The ledger only grows."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from citizens.consent import How, Purpose
from citizens.models import NUMBER_CONTEXT, Citizen, Consent
from core.sealing import Sealer


def know(session: Session, e164: str, sealer: Sealer, language: str, now: datetime) -> Citizen:
    """Return the citizen behind `e164` under a row lock, made known where new."""
    index = sealer.index(e164)
    session.execute(
        insert(Citizen)
        .values(
            id=uuid.uuid4(),
            number_index=index,
            sealed_number=sealer.seal(e164, NUMBER_CONTEXT),
            language=language,
            windows=[],
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Citizen.number_index])
    )
    return session.scalars(
        select(Citizen).where(Citizen.number_index == index).with_for_update()
    ).one()


def consent(
    session: Session,
    citizen: Citizen,
    purpose: Purpose,
    *,
    wording: str,
    how: How,
    heard_by: str,
    now: datetime,
) -> None:
    """Write a consent; one that is live already stays as it was first given.

    A new consent to be called lifts an earlier do-not-call: the citizen asked for it again.
    """
    session.execute(
        insert(Consent)
        .values(
            id=uuid.uuid4(),
            citizen_id=citizen.id,
            purpose=purpose,
            wording=wording,
            given_at=now,
            how=how,
            heard_by=heard_by,
        )
        .on_conflict_do_nothing(
            index_elements=[Consent.citizen_id, Consent.purpose],
            index_where=Consent.withdrawn_at.is_(None),
        )
    )
    if purpose is Purpose.CONTACT_BY_PHONE:
        citizen.do_not_call_at = None
        citizen.do_not_call_reason = None


def withdraw(
    session: Session, citizen_id: uuid.UUID, purpose: Purpose, how: How, now: datetime
) -> bool:
    """Withdraw a consent; False where none was live."""
    found = session.execute(
        update(Consent)
        .where(
            Consent.citizen_id == citizen_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now, withdrawn_how=how)
        .returning(Consent.id)
        .execution_options(synchronize_session=False)
    )
    return found.first() is not None


def forbid_calls(session: Session, citizen: Citizen, reason: str, how: How, now: datetime) -> None:
    """Mark the citizen do-not-call and withdraw the consents to be called, at once."""
    citizen.do_not_call_at = citizen.do_not_call_at or now
    citizen.do_not_call_reason = reason
    for purpose in (Purpose.CONTACT_BY_PHONE, Purpose.NIGHT_CALLS):
        withdraw(session, citizen.id, purpose, how, now)


def choose_windows(citizen: Citizen, windows: list[dict[str, Any]]) -> None:
    """Keep when the citizen wants to be called; checked by callbacks.schedule beforehand."""
    citizen.windows = windows
