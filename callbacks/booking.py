"""A call is agreed with somebody: consents into the ledger, windows, the companion, the promise.

What a person heard lifts an earlier do-not-call; what a program hands on never does.
"""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks import actions, guard, records
from callbacks.actions import Made, NotMade, Wish
from callbacks.assigning import choose_companion
from callbacks.assignment import Chosen
from callbacks.booking_terms import Booking, Consented
from callbacks.models import Promise
from callbacks.schedule import next_moment
from callbacks.states import OPEN_STATES, PromiseState
from citizens import actions as citizens
from citizens.models import Citizen
from core.policy import Policy
from core.sealing import Sealer


def book(
    session: Session, booking: Booking, sealer: Sealer, now: datetime, policy: Policy
) -> Made | NotMade:
    """Write consents, windows and the promise in this transaction; nothing where it may not be.

    A promise that stands already is moved to the newly agreed moment where a person agreed it.
    """
    citizen = known(session, booking.e164, sealer, booking.language, now)
    if citizen.do_not_call_at is not None and not booking.is_heard:
        return NotMade("do_not_call")
    if booking.consented is not None:
        _consent(session, citizen, booking.consented, now)
    if booking.windows is not None and (booking.is_heard or not citizen.windows):
        citizens.choose_windows(citizen, booking.windows)
    session.flush()
    made = actions.make(session, citizen, _wish(session, citizen, booking, now), now, policy)
    if isinstance(made, Made) and not made.is_new and booking.is_heard and booking.at is not None:
        return replan(session, made, booking.at, now)
    return made


def known(session: Session, e164: str, sealer: Sealer, language: str, now: datetime) -> Citizen:
    """Return the citizen behind `e164` under a row lock, and their open promises too.

    The promises come first, as where calls are forbidden: else each would wait for the other.
    """
    open_ones = (
        select(Promise.id)
        .join(Citizen, Citizen.id == Promise.citizen_id)
        .where(Citizen.number_index.in_(sealer.indexes(e164)), Promise.state.in_(OPEN_STATES))
    )
    session.execute(open_ones.order_by(Promise.id).with_for_update(of=Promise))
    return citizens.know(session, e164, sealer, language, now)


def _consent(session: Session, citizen: Citizen, given: Consented, now: datetime) -> None:
    for purpose in given.purposes:
        citizens.consent(
            session,
            citizen,
            purpose,
            wording=given.wording,
            how=given.how,
            heard_by=given.heard_by,
            now=now,
        )


def _wish(session: Session, citizen: Citizen, booking: Booking, now: datetime) -> Wish:
    companion_id = booking.companion_id
    if booking.purpose == "companion" and companion_id is None:
        usual = usual_companion(session, citizen.id)
        chosen = choose_companion(session, usual, max(booking.at or now, now), now)
        companion_id = chosen.companion_id if isinstance(chosen, Chosen) else None
    return Wish(
        purpose=booking.purpose,
        origin=booking.origin,
        at=booking.at,
        need=booking.need,
        language=booking.language,
        about=booking.about,
        companion_id=companion_id,
        origin_call_id=booking.origin_call_id,
        sealed_note=booking.sealed_note,
    )


def usual_companion(session: Session, citizen_id: uuid.UUID) -> uuid.UUID | None:
    """Return who talked with this person last, of the companions."""
    return session.scalars(
        select(Promise.companion_id)
        .where(
            Promise.citizen_id == citizen_id,
            Promise.purpose == "companion",
            Promise.state == PromiseState.KEPT,
        )
        .order_by(Promise.kept_at.desc())
        .limit(1)
    ).first()


def replan(session: Session, made: Made, at: datetime, now: datetime) -> Made:
    """Move the promise that stands, and is not being kept yet, to the newly agreed moment."""
    standing = records.locked(session, made.promise_id)
    is_free = standing is not None and standing.entry_call_id is None
    if standing is None or not is_free or standing.state != PromiseState.PLANNED:
        return made
    citizen = session.get_one(Citizen, standing.citizen_id)
    rules = guard.rules_of(session, citizen, now, standing.purpose)
    next_at = None if isinstance(rules, guard.Never) else next_moment(max(at, now), rules)
    if next_at is None:
        return made
    standing.deadline = next_at + (standing.deadline - standing.next_at)
    standing.next_at = next_at
    return Made(standing.id, False, next_at)
