"""Giving promises to companions: checked at the moment, absences and handovers written down."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from callbacks import records
from callbacks.assignment import Away, Candidate, Chosen, Nobody, choose, may_call, stands_in_for
from callbacks.models import Absence, Promise, Series
from callbacks.states import OPEN_STATES, PromiseState
from core.clock import SEOUL
from core.models import Account
from counselors.models import Counselor

MOVABLE = (PromiseState.PLANNED, PromiseState.FOR_DECISION)


@dataclass(frozen=True)
class HandedOver:
    """How much changed hands."""

    promises: int
    series: int


@dataclass(frozen=True)
class Refused:
    """It may not be; reason in words."""

    reason: str


def is_certified(session: Session, companion_id: uuid.UUID, now: datetime) -> bool:
    """Tell whether this companion may call today; asked at each assignment and each call."""
    row = session.execute(
        select(Counselor.certified_until, Counselor.training_hours)
        .join(Account, Account.id == Counselor.id)
        .where(Counselor.id == companion_id, Account.role == "companion")
    ).first()
    return row is not None and may_call(row.training_hours, row.certified_until, now)


def candidates(session: Session, now: datetime) -> list[Candidate]:
    """Return every companion with what is in their hands."""
    counted = (
        select(Promise.companion_id, func.count().label("held"))
        .where(Promise.state.in_(OPEN_STATES), Promise.companion_id.is_not(None))
        .group_by(Promise.companion_id)
        .subquery()
    )
    rows = session.execute(
        select(Counselor.id, Counselor.certified_until, Counselor.training_hours, counted.c.held)
        .join(Account, Account.id == Counselor.id)
        .outerjoin(counted, counted.c.companion_id == Counselor.id)
        .where(Account.role == "companion")
    )
    return [
        Candidate(row.id, may_call(row.training_hours, row.certified_until, now), row.held or 0)
        for row in rows
    ]


def choose_companion(
    session: Session, usual: uuid.UUID | None, at: datetime, now: datetime
) -> Chosen | Nobody:
    """Choose who calls at `at` somebody whose usual companion is `usual`."""
    day = at.astimezone(SEOUL).date()
    return choose(usual, day, candidates(session, now), records.absences(session, day))


def may_take(session: Session, promise: Promise, companion_id: uuid.UUID, now: datetime) -> bool:
    """Tell whether this companion may make the call: their own, nobody's, or standing in."""
    if promise.companion_id in (None, companion_id):
        return True
    day = now.astimezone(SEOUL).date()
    return promise.companion_id in stands_in_for(companion_id, day, records.absences(session, day))


def assign(session: Session, promise_id: uuid.UUID, companion_id: uuid.UUID, now: datetime) -> bool:
    """Give a promise to a companion; False where the certificate does not hold or it is over."""
    if not is_certified(session, companion_id, now):
        return False
    changed = session.execute(
        update(Promise)
        .where(Promise.id == promise_id, Promise.state.in_(MOVABLE))
        .values(companion_id=companion_id)
        .returning(Promise.id)
    )
    return changed.first() is not None


def write_absence(
    session: Session, absence: Away, written_by: uuid.UUID, now: datetime
) -> uuid.UUID | Refused:
    """Write down who is away and who stands in; the substitute must be certified now."""
    if not is_certified(session, absence.substitute_id, now):
        return Refused("the substitute is no certified companion")
    if not _is_companion(session, absence.companion_id):
        return Refused("no such companion")
    row = Absence(
        id=uuid.uuid4(),
        companion_id=absence.companion_id,
        from_day=absence.from_day,
        until_day=absence.until_day,
        substitute_id=absence.substitute_id,
        written_by=written_by,
        written_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def end_absence(
    session: Session, companion_id: uuid.UUID, absence_id: uuid.UUID, now: datetime
) -> uuid.UUID | None:
    """Call the companion back from today on; who stood in until now, None: no such absence.

    What lay before today stays written.
    """
    row = session.get(Absence, absence_id, with_for_update=True)
    today = now.astimezone(SEOUL).date()
    is_past = row is not None and row.until_day is not None and row.until_day < today
    if row is None or is_past or row.companion_id != companion_id:
        return None
    substitute_id = row.substitute_id
    if row.from_day < today:
        row.until_day = today - timedelta(days=1)
    else:
        session.delete(row)
    session.flush()
    return substitute_id


def _is_companion(session: Session, account_id: uuid.UUID) -> bool:
    row = session.get(Account, account_id)
    return row is not None and row.role == "companion"


def hand_over(
    session: Session,
    from_id: uuid.UUID,
    to_id: uuid.UUID,
    from_day: date | None,
    written_by: uuid.UUID,
    now: datetime,
) -> HandedOver | Refused:
    """Hand a companion's people on to another: at once, or, planned, from a day on.

    What is being called at this moment stays with who calls, and its next try too.
    """
    if from_id == to_id:
        return Refused("that is the same companion")
    today = now.astimezone(SEOUL).date()
    if from_day is not None and from_day > today:
        planned = write_absence(session, Away(from_id, from_day, None, to_id), written_by, now)
        return planned if isinstance(planned, Refused) else HandedOver(0, 0)
    if not _is_companion(session, from_id):
        return Refused("no such companion")
    if not is_certified(session, to_id, now):
        return Refused("the successor is no certified companion")
    # The series first: whoever plans its next call holds it, and plans for the companion it names.
    series = session.scalars(
        update(Series)
        .where(Series.companion_id == from_id, Series.ended_at.is_(None))
        .values(companion_id=to_id)
        .returning(Series.id)
    ).all()
    promises = session.scalars(
        update(Promise)
        .where(Promise.companion_id == from_id, Promise.state.in_(MOVABLE))
        .values(companion_id=to_id)
        .returning(Promise.id)
    ).all()
    return HandedOver(len(promises), len(series))


def is_companion_of(session: Session, companion_id: uuid.UUID, citizen_id: uuid.UUID) -> bool:
    """Tell whether this person was ever, or is, in the hands of this companion."""
    promised = select(Promise.id).where(
        Promise.citizen_id == citizen_id,
        Promise.purpose == "companion",
        or_(
            Promise.companion_id == companion_id,
            Promise.companion_id.is_(None) & Promise.state.in_(OPEN_STATES),
        ),
    )
    series = select(Series.id).where(
        Series.citizen_id == citizen_id, Series.companion_id == companion_id
    )
    return session.scalars(promised.limit(1)).first() is not None or (
        session.scalars(series.limit(1)).first() is not None
    )
