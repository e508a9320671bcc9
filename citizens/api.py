"""The edge of the consent ledger: what was consented to, withdrawn; never to be called again."""

import uuid
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from callbacks import agreed, assigning, at_hand, withdrawing
from callbacks.bodies import ConsentRow, NumberText, Reason, Window, Windows
from citizens import actions, records
from citizens.consent import How, Purpose
from citizens.models import Citizen
from core.access import current_account
from core.access_log import note_access
from core.fields import AnswerBody, Body, Text
from core.operations import Api
from core.problems import Problem
from core.services import services

WORKERS = frozenset({"companion", "supervisor"})
HEARERS = frozenset({"counselor", "companion", "supervisor"})

api = Api("citizens_api", __name__)
blueprint = api.blueprint

ConsentPurpose = Literal["contact_by_phone", "sensitive", "third_party", "night_calls"]


class ConsentGiven(Body):
    """A consent that the account of this request heard, and the wording that was read out."""

    purpose: ConsentPurpose
    wording: Annotated[Text, Field(min_length=1, max_length=80)]


class ConsentTaken(Body):
    """A consent taken back, in the hearing of this account."""

    purpose: ConsentPurpose


class NoMoreCalls(Body):
    """Never to be called again; reason in a few words."""

    reason: Reason


class NumberForbidden(NoMoreCalls):
    """A number that is never to be called again, whether we know it or not."""

    number: NumberText


class WindowsChosen(Body):
    """When a person wants to be called; none means any time outside quiet hours."""

    windows: Windows


class Ledger(AnswerBody):
    """All consents of a person, withdrawn ones included, and when they may be called."""

    citizen_id: uuid.UUID
    do_not_call: bool
    windows: list[dict[str, object]]
    consents: list[ConsentRow]


class Forbidden(AnswerBody):
    """The number is not called any more. stopped: promises that were taken back with it."""

    stopped: int


def _citizen(session: Session, citizen_id: uuid.UUID) -> Citizen:
    """Return a person whom this account looks after. Raises Problem 404."""
    mine = at_hand.viewer()
    citizen = session.get(Citizen, citizen_id)
    if citizen is None or not (
        mine.sees_all or assigning.is_companion_of(session, mine.account_id, citizen_id)
    ):
        raise Problem(404, "not-found", "There is no such person on your list.")
    return citizen


def _ledger(session: Session, citizen: Citizen, action: str, reason: str) -> Ledger:
    session.flush()
    session.refresh(citizen)
    found = records.consents_of(session, citizen.id)
    ledger = Ledger(
        citizen_id=citizen.id,
        do_not_call=citizen.do_not_call_at is not None,
        windows=[dict(window) for window in citizen.windows],
        consents=[
            ConsentRow(
                purpose=one.purpose,
                wording=one.wording,
                given_at=one.given_at,
                how=one.how,
                withdrawn_at=one.withdrawn_at,
                withdrawn_how=one.withdrawn_how,
            )
            for one in found
        ],
    )
    note_access(session, action, f"citizens:{citizen.id}", reason)
    return ledger


@api.read(
    "/citizens/<uuid:citizen_id>/consents",
    summary="The consent ledger of a person",
    roles=WORKERS,
    answer=Ledger,
)
def get_consents(citizen_id: uuid.UUID) -> Ledger:
    """Answer every consent, given and withdrawn; logged."""
    with services().database.transaction() as session:
        return _ledger(session, _citizen(session, citizen_id), "read consents", "ledger")


@api.change(
    "POST",
    "/citizens/<uuid:citizen_id>/consents",
    summary="Record a consent that was given in this account's hearing",
    roles=WORKERS,
    body=ConsentGiven,
    answer=Ledger,
    status=201,
)
def create_consent(session: Session, body: ConsentGiven, citizen_id: uuid.UUID) -> Ledger:
    """Write the consent; one that lives stays as it was first given."""
    citizen = _citizen(session, citizen_id)
    session.refresh(citizen, with_for_update=True)
    actions.consent(
        session,
        citizen,
        Purpose(body.purpose),
        wording=body.wording,
        how=How.SPOKEN,
        heard_by=str(current_account().account_id),
        now=services().clock.now(),
    )
    return _ledger(session, citizen, "record consent", body.purpose)


@api.change(
    "POST",
    "/citizens/<uuid:citizen_id>/consents/withdraw",
    summary="Withdraw a consent; without the one to be called no promise stands",
    roles=WORKERS,
    body=ConsentTaken,
    answer=Ledger,
)
def withdraw_consent(session: Session, body: ConsentTaken, citizen_id: uuid.UUID) -> Ledger:
    """Withdraw at once: what waits or rings because of it is stopped."""
    held = services()
    citizen = _citizen(session, citizen_id)
    withdrawing.withdraw_consent(
        session, citizen.id, Purpose(body.purpose), How.SPOKEN, held.clock.now(), held.policy
    )
    at_hand.ring(session, None)
    return _ledger(session, citizen, "withdraw consent", body.purpose)


@api.change(
    "PUT",
    "/citizens/<uuid:citizen_id>/windows",
    summary="When a person wants to be called",
    roles=WORKERS,
    body=WindowsChosen,
    answer=Ledger,
)
def put_windows(session: Session, body: WindowsChosen, citizen_id: uuid.UUID) -> Ledger:
    """Keep the windows; looked at when planned and again when dialled."""
    citizen = _citizen(session, citizen_id)
    actions.choose_windows(citizen, [Window.kept(window) for window in body.windows])
    return _ledger(session, citizen, "choose windows", "windows")


@api.change(
    "POST",
    "/citizens/<uuid:citizen_id>/do-not-call",
    summary="Never call this person again, from this second on",
    roles=WORKERS,
    body=NoMoreCalls,
    answer=Ledger,
)
def forbid_calls(session: Session, body: NoMoreCalls, citizen_id: uuid.UUID) -> Ledger:
    """Take every promise back, stop what rings, mark the person, withdraw the consents."""
    held = services()
    citizen = _citizen(session, citizen_id)
    now = held.clock.now()
    withdrawing.forbid_calls(
        session, citizen.id, "by request", How.SPOKEN, held.sealer, now, held.policy
    )
    at_hand.ring(session, None)
    return _ledger(session, citizen, "do not call", body.reason)


@api.change(
    "POST",
    "/do-not-call",
    summary="Never call this number again, known to us or not",
    roles=HEARERS,
    body=NumberForbidden,
    answer=Forbidden,
)
def forbid_number(session: Session, body: NumberForbidden) -> Forbidden:
    """Mark the number; the answer says what was stopped, never whom it belongs to."""
    held = services()
    now = held.clock.now()
    e164 = agreed.dialable(body.number)
    known = records.ids_by_indexes(session, held.sealer.indexes(e164))
    whose = known[0] if known else actions.know(session, e164, held.sealer, "ko", now).id
    stopped = withdrawing.forbid_calls(
        session, whose, "by request", How.SPOKEN, held.sealer, now, held.policy
    )
    at_hand.ring(session, None)
    note_access(session, "do not call", f"citizens:{whose}", body.reason)
    return Forbidden(stopped=stopped)
