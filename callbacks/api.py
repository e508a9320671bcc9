"""The edge of the worklist: what is to be called, promised, decided, withdrawn, handed on."""

import uuid
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from callbacks import agreed, assigning, bodies, deciding, series, worklist
from callbacks.assignment import Chosen
from callbacks.at_hand import may_not, promised, ring, seen, shown, viewer
from callbacks.booking import book
from callbacks.booking_terms import Booking
from callbacks.deciding import NOTE_CONTEXT
from callbacks.models import Promise
from callbacks.withdrawing import forbid_calls, withdraw
from callbacks.worklist import VIEWS
from callbacks.worklist_view import detail_of, row_of
from citizens.consent import How
from citizens.models import NUMBER_CONTEXT, Citizen
from core.access import current_account
from core.access_log import note_access
from core.fields import Fault
from core.operations import Api
from core.services import services
from counselors.desk_bodies import Number, Reveal

WORKERS = frozenset({"companion", "supervisor"})
SUPERVISOR = frozenset({"supervisor"})
VIEW: dict[str, dict[str, Any]] = {
    "view": {"type": "string", "enum": list(VIEWS), "description": "Without it, today."}
}
LOGGED_EACH = 12  # people named in one row of the access log

api = Api("callbacks_api", __name__)
blueprint = api.blueprint


@api.read(
    "/callbacks",
    summary="A view of the worklist: today, overdue, promised or decision",
    roles=WORKERS,
    answer=bodies.CallbackList,
    refusals={422: "There is no such view."},
    query=VIEW,
)
def get_callbacks() -> bodies.CallbackList:
    """Answer the promises of a view; who was shown is in the access log."""
    held, view = services(), request.args.get("view", "today")
    if view not in VIEWS:
        raise agreed.invalid(Fault("view", f"must be one of: {', '.join(VIEWS)}"))
    now = held.clock.now()
    with held.database.transaction() as session:
        found = worklist.rows(session, viewer(), view, now, worklist.ROWS_MAX + 1)
        listed = found[: worklist.ROWS_MAX]
        counts = worklist.counts(session, viewer(), now)
        rows = [row_of(row, held.sealer) for row in listed]
        _note_list(session, view, rows)
    return bodies.CallbackList(
        view=view,
        counts=bodies.Counts(**counts),
        callbacks=rows,
        is_all=len(found) <= worklist.ROWS_MAX,
    )


def _note_list(session: Session, view: str, rows: list[bodies.CallbackRow]) -> None:
    for start in range(0, len(rows), LOGGED_EACH):
        whose = " ".join(str(row.citizen_id) for row in rows[start : start + LOGGED_EACH])
        note_access(session, "list callbacks", f"citizens:{whose}", f"worklist {view}")


@api.read(
    "/callbacks/<uuid:callback_id>",
    summary="One promise with the person's page",
    roles=WORKERS,
    answer=bodies.CallbackDetail,
)
def get_callback(callback_id: uuid.UUID) -> bodies.CallbackDetail:
    """Answer note, decisions, consents and the promises before; logged."""
    held = services()
    with held.database.transaction() as session:
        promise = seen(session, callback_id)
        detail = detail_of(session, promise, held.sealer)
        note_access(session, "read callback", f"citizens:{promise.citizen_id}", "person's page")
    return detail


@api.change(
    "POST",
    "/callbacks",
    summary="Promise a call",
    roles=WORKERS,
    body=bodies.NewCallback,
    answer=bodies.Promised,
    status=201,
    refusals={409: "No consent to be called lives, or the person may not be called."},
)
def create_callback(session: Session, body: bodies.NewCallback) -> bodies.Promised:
    """Promise a call to a number; the one that stands already is moved to the agreed moment."""
    account, held = current_account(), services()
    now = held.clock.now()
    own = account.account_id if account.role == "companion" else body.companion_id
    if body.companion_id is not None and own != body.companion_id:
        raise agreed.invalid(Fault("companion_id", "only a supervisor gives calls to others"))
    is_companion = body.purpose == "companion"
    if is_companion and own and not assigning.is_certified(session, own, now):
        raise agreed.invalid(Fault("companion_id", "is no certified companion today"))
    booking = Booking(
        e164=agreed.dialable(body.number),
        purpose=body.purpose,
        origin="worklist",
        consented=agreed.consented(body.consent, account.account_id),
        at=agreed.moment(body.at, now),
        windows=agreed.kept_windows(body.windows),
        about=body.about,
        language=body.language,
        companion_id=own if is_companion else None,
        sealed_note=held.sealer.seal(body.note, NOTE_CONTEXT) if body.note else None,
    )
    made = promised(book(session, booking, held.sealer, now, held.policy))
    ring(session, own)
    whose = session.get_one(Promise, made.id).citizen_id
    note_access(session, "promise call", f"citizens:{whose}", "worklist")
    return made


@api.change(
    "POST",
    "/callbacks/<uuid:callback_id>/decision",
    summary="Decide in writing: again, letter, visit, welfare_check or close",
    roles=WORKERS,
    body=bodies.DecisionSent,
    answer=bodies.CallbackRow,
    refusals={409: "Nothing is to be decided, or the person may not be called again."},
)
def create_decision(
    session: Session, body: bodies.DecisionSent, callback_id: uuid.UUID
) -> bodies.CallbackRow:
    """Decide of a promise whose tries are spent; the note stays with it."""
    account, held = current_account(), services()
    now = held.clock.now()
    promise = seen(session, callback_id)
    decided = deciding.decide(
        session,
        promise,
        body.decision,
        held.sealer.seal(body.note, deciding.note_context(promise.id)),
        account.account_id,
        now,
        held.policy,
        agreed.moment(body.at, now),
    )
    if isinstance(decided, deciding.NotDecided):
        raise may_not(decided.reason)
    if promise.series_id is not None:
        series.follow_one(session, promise.series_id, now, held.policy)
    row = shown(session, promise)
    note_access(session, f"decide {body.decision}", f"citizens:{promise.citizen_id}", "decision")
    return row


@api.change(
    "POST",
    "/callbacks/<uuid:callback_id>/withdraw",
    summary="The person takes the wish back",
    roles=WORKERS,
    body=bodies.Withdrawal,
    answer=bodies.CallbackRow,
    refusals={409: "It is over already, or the two are talking."},
)
def withdraw_callback(
    session: Session, body: bodies.Withdrawal, callback_id: uuid.UUID
) -> bodies.CallbackRow:
    """Take the promise back: out of the queue, out of an offer, and while it rings."""
    held = services()
    now = held.clock.now()
    promise = seen(session, callback_id)
    if not withdraw(session, promise, "by request", now, held.policy):
        raise may_not("it is over already, or the two are talking")
    if body.do_not_call:
        whose = promise.citizen_id
        forbid_calls(session, whose, "by request", How.SPOKEN, held.sealer, now, held.policy)
    row = shown(session, promise)
    note_access(session, "withdraw", f"citizens:{promise.citizen_id}", body.reason)
    return row


@api.change(
    "POST",
    "/callbacks/<uuid:callback_id>/assign",
    summary="Give a promise to a companion",
    roles=SUPERVISOR,
    body=bodies.Assignment,
    answer=bodies.CallbackRow,
    refusals={409: "The companion's certificate does not hold, or the promise is being kept."},
)
def assign_callback(
    session: Session, body: bodies.Assignment, callback_id: uuid.UUID
) -> bodies.CallbackRow:
    """Assign; without a name the usual companion, their substitute, or the least loaded."""
    now = services().clock.now()
    promise = seen(session, callback_id)
    companion_id = body.companion_id
    if companion_id is None:
        at = max(promise.next_at, now)
        chosen = assigning.choose_companion(session, promise.companion_id, at, now)
        if not isinstance(chosen, Chosen):
            raise may_not(chosen.reason)
        companion_id = chosen.companion_id
    ring(session, promise.companion_id)
    if not assigning.assign(session, callback_id, companion_id, now):
        raise may_not("the certificate does not hold, or the promise is being kept or over")
    session.refresh(promise)
    return shown(session, promise)


@api.change(
    "POST",
    "/callbacks/<uuid:callback_id>/escalate",
    summary="Risk rises: back to a counselor, at once and before the others",
    roles=WORKERS,
    body=bodies.Escalation,
    answer=bodies.Promised,
    refusals={409: "The person may not be called."},
)
def escalate_callback(
    session: Session, body: bodies.Escalation, callback_id: uuid.UUID
) -> bodies.Promised:
    """Promise a talk with priority; the counselor reads the note before the talk."""
    account, held = current_account(), services()
    promise = seen(session, callback_id)
    sealed = held.sealer.seal(body.note, NOTE_CONTEXT)
    now = held.clock.now()
    made = promised(
        deciding.escalate(session, promise, sealed, account.account_id, now, held.policy)
    )
    ring(session, promise.companion_id)
    note_access(session, "escalate", f"citizens:{promise.citizen_id}", "risk rises")
    return made


@api.change(
    "POST",
    "/callbacks/<uuid:callback_id>/reveal",
    summary="Show the whole number, with a reason, in the access log",
    roles=WORKERS,
    body=Reveal,
    answer=Number,
    keeps_answer=False,
)
def reveal_callback(session: Session, body: Reveal, callback_id: uuid.UUID) -> Number:
    """Show the number to who has the call on the list; each time is logged."""
    promise = seen(session, callback_id)
    citizen = session.get_one(Citizen, promise.citizen_id)
    note_access(session, "reveal number", f"citizens:{citizen.id}", body.reason)
    return Number(number=services().sealer.unseal(citizen.sealed_number, NUMBER_CONTEXT))
