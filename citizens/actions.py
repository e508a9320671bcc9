"""What citizens do: become known, consent, withdraw, forbid calls. The ledger only grows."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from citizens import records
from citizens.consent import How, Purpose
from citizens.models import NUMBER_CONTEXT, Citizen, Consent
from core.sealing import Sealer


def know(session: Session, e164: str, sealer: Sealer, language: str, now: datetime) -> Citizen:
    """Return the citizen behind `e164` under a row lock, made known where new.

    Whoever was made known under an older key is the same person, and is found under the newest
    from now on.
    """
    known = _known(session, e164, sealer, now)
    if known is not None:
        return known
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
    (made,) = records.by_indexes_locked(session, (index,))
    return made


def renew(session: Session, e164: str, sealer: Sealer, now: datetime) -> None:
    """Let whom an older key made known be found under the newest; nobody is made known by it."""
    if len(sealer.indexes(e164)) > 1:
        _known(session, e164, sealer, now)


def _known(session: Session, e164: str, sealer: Sealer, now: datetime) -> Citizen | None:
    found = records.by_indexes_locked(session, sealer.indexes(e164))
    if not found:
        return None
    oldest, *others = found
    if others:
        _gather_marks(session, found, now)
    _take_index(session, oldest, others, sealer.index(e164))
    if sealer.stale(oldest.sealed_number):
        oldest.sealed_number = sealer.seal(e164, NUMBER_CONTEXT)
    session.flush()
    return oldest


def _gather_marks(session: Session, found: Sequence[Citizen], now: datetime) -> None:
    """Somebody once became known twice, under two keys: a mark on either row holds for the person.

    The oldest row bears it alone, so that a later consent lifts it for good; no consent to be
    called is left on any.
    """
    marked = [one for one in found if one.do_not_call_at is not None]
    if not marked:
        return
    oldest, *others = found
    oldest.do_not_call_at = oldest.do_not_call_at or marked[0].do_not_call_at
    for one in found:
        forbid_calls(session, one, marked[0].do_not_call_reason or "", How.API, now)
    for one in others:
        one.do_not_call_at = one.do_not_call_reason = None


def _take_index(session: Session, oldest: Citizen, others: Sequence[Citizen], newest: str) -> None:
    """Give the newest index to the oldest row; whichever had it takes the one that is left."""
    left = oldest.number_index
    if left == newest:
        return
    before = next((one for one in others if one.number_index == newest), None)
    if before is not None:
        before.number_index = str(before.id)  # for a moment: no two rows may have the same
        session.flush()
    oldest.number_index = newest
    session.flush()
    if before is not None:
        before.number_index = left


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
