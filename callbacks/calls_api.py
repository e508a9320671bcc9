"""The edge of a companion's calls: what runs now, one press to call, what came of it."""

import uuid
from datetime import datetime

from flask import Response
from sqlalchemy.orm import Session

from callbacks import agreed, bodies, bringing_in, calling, reporting, series
from callbacks.at_hand import may_not, promised, ring, seen, shown, viewer
from callbacks.booking import book
from callbacks.booking_terms import Booking
from callbacks.deciding import NOTE_CONTEXT
from callbacks.models import Promise
from callbacks.records import promise_of_call, tries
from callbacks.retry import TryOutcome
from callbacks.worklist_view import look_at_worklist, opened
from citizens.models import NUMBER_CONTEXT, Citizen
from core import sign_ins
from core.access import current_account, secret_of_request
from core.access_log import note_access
from core.fields import Fault, Nothing
from core.operations import Api
from core.problems import Problem
from core.services import services
from core.streams import stream
from counselors import outcome as outcomes
from counselors import presence
from counselors import records as counselor_records
from counselors.desk_bodies import Connect, SessionBody
from counselors.outcome import Outcome
from routing import actions
from routing.actions import Accepted
from routing.desk import is_offered_to

COMPANION = frozenset({"companion"})
COUNSELOR = frozenset({"counselor"})
NOW_NOT = {409: "Not now, or not at all: reason says why, next_at when it may be."}

api = Api("calls_api", __name__)
blueprint = api.blueprint


@api.read(
    "/me/worklist",
    summary="My call going on, the outcome I owe, how many wait",
    roles=COMPANION,
    answer=bodies.WorklistBody,
)
def get_worklist() -> bodies.WorklistBody:
    """Answer the companion's own; it counts as a sign of life."""
    held, mine = services(), viewer()
    now = held.clock.now()
    with held.database.transaction() as session:
        presence.heard(session, mine.account_id, now)
        return look_at_worklist(session, mine, held.sealer, now, held.policy)


@api.read(
    "/me/worklist/stream",
    summary="The same, again on every change (event: worklist)",
    roles=COMPANION,
    answer=None,
    media_type="text/event-stream",
)
def get_worklist_stream() -> Response:
    """Stream the companion's own; each look counts as a sign of life, and ends with the sign-in."""
    held, mine, secret = services(), viewer(), secret_of_request() or ""

    def picture(session: Session) -> str | None:
        now = held.clock.now()
        found = sign_ins.find(session, secret, now, held.policy)
        if found is None or found.role not in COMPANION:
            return None
        presence.heard(session, mine.account_id, now)
        looked = look_at_worklist(session, mine, held.sealer, now, held.policy)
        return looked.model_dump_json()

    topic = f"desk:{mine.account_id}"
    return stream(held.live, topic, "worklist", lambda: held.database.run(picture))


@api.change(
    "POST",
    "/callbacks/<uuid:callback_id>/call",
    summary="Call now: the companion's own leg first, then the person is rung",
    roles=COMPANION,
    answer=bodies.CallBegun,
    refusals=NOW_NOT,
)
def begin_call(
    session: Session, _body: Nothing, callback_id: uuid.UUID
) -> bodies.CallBegun | Problem:
    """Begin the call; the answer lets the page's telephone in, once."""
    account, held = current_account(), services()
    now = held.clock.now()
    promise = seen(session, callback_id)
    begun = calling.call_now(
        session, callback_id, account.account_id, held.sealer, now, held.policy
    )
    presence.heard(session, account.account_id, now)
    ring(session, account.account_id)
    if not isinstance(begun, Accepted):
        return may_not(begun.reason, begun.next_at)  # returned, not raised: a withdrawal is kept
    note_access(session, "call", f"citizens:{promise.citizen_id}", "promised call")
    connect = Connect(params={"join": begun.join_token})
    return bodies.CallBegun(session_id=begun.session_id, connect=connect)


@api.change(
    "POST",
    "/sessions/<uuid:session_id>/bring-in",
    summary="Risk rises: call a counselor into this talk, before all who wait",
    roles=COMPANION,
    body=bodies.Escalation,
    answer=bodies.BroughtIn,
    refusals={409: "There is no such talk of yours, or nobody has answered yet."},
)
def create_bringing_in(
    session: Session, body: bodies.Escalation, session_id: uuid.UUID
) -> bodies.BroughtIn:
    """Call a counselor; the note is read before they come. Again: the latest note counts."""
    account, held = current_account(), services()
    now = held.clock.now()
    sealed = held.sealer.seal(body.note, NOTE_CONTEXT)
    brought = bringing_in.bring_in(
        session, session_id, account.account_id, sealed, now, held.policy
    )
    presence.heard(session, account.account_id, now)
    ring(session, None)
    if isinstance(brought, bringing_in.NotBroughtIn):
        raise may_not(brought.reason)
    note_access(session, "bring in", f"sessions:{session_id}", "risk rises")
    return bodies.BroughtIn(call_id=brought.call_id, callback_id=brought.callback_id)


@api.change(
    "POST",
    "/sessions/<uuid:session_id>/hand-over",
    summary="Leave the person with the counselor who came; the write-up begins",
    roles=COMPANION,
    answer=SessionBody,
    refusals={409: "No counselor is there yet."},
)
def create_handing_over(session: Session, _body: Nothing, session_id: uuid.UUID) -> SessionBody:
    """Leave the talk; leaving one that was left changes nothing."""
    account, held = current_account(), services()
    now = held.clock.now()
    left = actions.hand_over(session, session_id, account.account_id, now, held.policy)
    presence.heard(session, account.account_id, now)
    ring(session, None)
    if isinstance(left, actions.Gone):
        raise may_not(left.reason)
    return SessionBody(session_id=session_id)


@api.change(
    "PUT",
    "/callbacks/<uuid:callback_id>/outcome",
    summary="Say what came of the call, and the next step",
    roles=COMPANION,
    body=bodies.CallOutcome,
    answer=bodies.CallOutcomeBody,
    refusals={409: "No call of yours to report, or it goes on."},
)
def put_callback_outcome(
    session: Session, body: bodies.CallOutcome, callback_id: uuid.UUID
) -> bodies.CallOutcomeBody:
    """Record the outcome and promise the next call or series; the same again changes nothing."""
    account, held = current_account(), services()
    now = held.clock.now()
    promise = seen(session, callback_id)
    said = outcomes.complete(_session_outcome(body))
    found = outcomes.faults(said)
    if found:
        raise agreed.invalid(*(Fault(f"session_outcome.{f.field}", f.message) for f in found))
    _check_next(body, now)
    told = reporting.report(
        session,
        promise,
        account.account_id,
        TryOutcome(body.outcome),
        outcomes.stored(said),
        _sealed_notes(session, promise, said),
        now,
        held.policy,
    )
    if isinstance(told, reporting.NotReported):
        raise Problem(409, "gone", f"This can't be recorded: {told.reason}.")
    following = _next(session, promise, body.next, now) if told.recorded == "reached" else None
    presence.heard(session, account.account_id, now)
    row = shown(session, promise)
    return bodies.CallOutcomeBody(callback=row, recorded=told.recorded, next=following)


def _session_outcome(body: bodies.CallOutcome) -> Outcome:
    """A talk says what it was about; who was not reached was no consultation."""
    if body.session_outcome is not None:
        scheduled = {"channel": "outbound_scheduled"}
        return body.session_outcome.model_copy(update=scheduled)
    if body.outcome == "reached":
        raise agreed.invalid(Fault("session_outcome", "is needed where somebody was reached"))
    kind = "hung_up_early" if body.outcome == "refused" else "silent"
    return Outcome(contact_kind=kind, channel="outbound_scheduled")


def _check_next(body: bodies.CallOutcome, now: datetime) -> None:
    if body.next is None:
        return
    if body.outcome != "reached":
        raise agreed.invalid(Fault("next", "is agreed with who was reached"))
    agreed.moment(body.next.at, now, "next.at")
    if body.next.series is not None:
        agreed.plan(body.next.series, now, "next.series.")


def _sealed_notes(session: Session, promise: Promise, said: Outcome) -> bytes | None:
    if said.notes is None or promise.entry_call_id is None:
        return None
    talk = counselor_records.last_session(
        session, current_account().account_id, promise.entry_call_id
    )
    if talk is None:
        return None
    return services().sealer.seal(said.notes, outcomes.notes_context(talk.id))


def _next(
    session: Session, promise: Promise, step: bodies.NextStep | None, now: datetime
) -> bodies.Promised | None:
    """Promise what was agreed for afterwards; the same companion goes on."""
    held = services()
    if step is None:
        return None
    citizen = session.get_one(Citizen, promise.citizen_id)
    if step.series is not None:
        begun = series.begin(
            session,
            citizen,
            agreed.plan(step.series, now, "next.series."),
            sealed_goal=held.sealer.seal(step.series.goal, series.GOAL_CONTEXT),
            companion_id=current_account().account_id,
            now=now,
            policy=held.policy,
        )
        if isinstance(begun, series.NotBegun) or begun.promise_id is None:
            raise may_not(getattr(begun, "reason", "over"))
        return bodies.Promised(id=begun.promise_id, next_at=begun.next_at or now, is_new=True)
    booking = Booking(
        e164=held.sealer.unseal(citizen.sealed_number, NUMBER_CONTEXT),
        purpose="companion",
        origin="worklist",
        consented=None,
        at=agreed.moment(step.at, now, "next.at"),
        language=promise.language,
        companion_id=current_account().account_id,
        origin_call_id=promise.entry_call_id,
    )
    return promised(book(session, booking, held.sealer, now, held.policy))


@api.read(
    "/calls/<uuid:call_id>/handed-on",
    summary="Why a call we make was promised: origin, note, tries; for who keeps it",
    roles=COUNSELOR,
    answer=bodies.HandedNote,
)
def get_handed_on(call_id: uuid.UUID) -> bodies.HandedNote:
    """Answer what was handed on with an outward call, before and during the talk; logged."""
    held, account = services(), current_account()
    with held.database.transaction() as session:
        promise = promise_of_call(session, call_id)
        is_theirs = promise is not None and (
            counselor_records.had_session(session, account.account_id, call_id)
            or is_offered_to(session, call_id, account.account_id)
        )
        if promise is None or not is_theirs:
            raise Problem(404, "not-found", "There is no such call of yours that was promised.")
        answer = bodies.HandedNote(
            origin=promise.origin,
            about=promise.about,
            made_at=promise.made_at,
            note=opened(promise.sealed_note, NOTE_CONTEXT, held.sealer),
            tries=[
                bodies.TryRow(at=one.ended_at, outcome=one.outcome)
                for one in tries(session, promise.id)
            ],
        )
        note_access(session, "read note", f"citizens:{promise.citizen_id}", "handed on")
    return answer
