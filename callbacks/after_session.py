"""The call agreed in a counselor's session: a companion's first, or one talk for a lost line."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import actions, agreed, records
from callbacks.actions import Made, NotMade
from callbacks.bodies import NextCall
from callbacks.booking import book
from callbacks.booking_terms import Booking
from callbacks.deciding import NOTE_CONTEXT
from callbacks.models import Promise
from citizens.models import NUMBER_CONTEXT
from core.fields import Fault
from core.policy import Policy
from core.sealing import Sealer
from counselors.models import CounselingSession
from routing.models import Call


def hold_promise(session: Session, session_id: uuid.UUID) -> Promise | None:
    """Lock the promised talk that a session's call keeps, if it does: before the call itself."""
    talk = session.get(CounselingSession, session_id)
    kept = records.promise_of_call(session, talk.call_id) if talk is not None else None
    if kept is None or kept.purpose != "talk":
        return None
    return records.locked(session, kept.id)


def settle(session: Session, promise: Promise | None, now: datetime, policy: Policy) -> None:
    """Bring a promise held by `hold_promise` up to the outcome that was written."""
    if promise is not None:
        session.flush()
        actions.settle(session, promise, now, policy)


def promise_next(
    session: Session,
    session_id: uuid.UUID,
    outcome: str | None,
    agreed_call: NextCall | None,
    sealer: Sealer,
    now: datetime,
    policy: Policy,
) -> Made | NotMade | None:
    """Promise what was agreed, in the transaction of the outcome; None where nothing was.

    Raises Problem 422 where there is no number that may be called: a withheld caller is asked.
    """
    if agreed_call is None:
        return None
    talk = session.get_one(CounselingSession, session_id)
    call = session.get_one(Call, talk.call_id)
    purpose, origin = agreed.PROMISED_BY[outcome or ""]
    booking = Booking(
        e164=_number(call, agreed_call, sealer),
        purpose=purpose,
        origin=origin,
        consented=agreed.consented(agreed_call.consent, talk.counselor_id),
        at=agreed.moment(agreed_call.at, now, "next_call.at"),
        windows=agreed.kept_windows(agreed_call.windows),
        language=call.language,
        need=call.need or "talk",
        origin_call_id=call.id,
        sealed_note=sealer.seal(agreed_call.note, NOTE_CONTEXT) if agreed_call.note else None,
    )
    return book(session, booking, sealer, now, policy)


def _number(call: Call, agreed_call: NextCall, sealer: Sealer) -> str:
    field = "next_call.number"
    if agreed_call.number is not None:
        return agreed.dialable(agreed_call.number, field)
    if call.sealed_number is None:
        raise agreed.invalid(Fault(field, "is needed: the caller's number is withheld"))
    return agreed.dialable(sealer.unseal(call.sealed_number, NUMBER_CONTEXT), field)
