"""The edge of the counselor's desk: who am I, what lies on my desk, accept, end, write, reveal."""

import json
import uuid
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import Response, request
from sqlalchemy.orm import Session

from callbacks import after_session, agreed, at_hand
from callbacks.bodies import OutcomeAndNext, WrittenBody
from citizens.models import NUMBER_CONTEXT
from core import audit, sign_ins
from core.access import current_account, secret_of_request
from core.database import on_commit
from core.fields import Fault, Nothing
from core.operations import Api
from core.problems import Problem
from core.roles import ROLES
from core.rows import by_id
from core.sealing import Sealer
from core.services import Services, services
from core.sign_ins import SignedIn
from core.streams import stream
from counselors import desk_bodies as bodies
from counselors import drafts, outcome, presence, records
from counselors.certificates import is_valid_on
from counselors.models import CounselingSession, Counselor
from ivr import tokens
from routing import actions
from routing.desk_view import look_at_desk, me
from routing.models import Call

COUNSELOR = frozenset({"counselor"})
ON_THE_PHONE = frozenset({"counselor", "companion"})
REVEALERS = frozenset({"counselor", "supervisor"})
GONE = {409: "No longer yours: it lapsed, was withdrawn, or somebody else has it."}

api = Api("counselors_api", __name__)
blueprint = api.blueprint


@api.read("/me", summary="Who is signed in, and their presence", roles=ROLES, answer=bodies.Me)
def get_me() -> bodies.Me:
    """Answer who is signed in; for a counselor it counts as a sign of life."""
    account, held = current_account(), services()
    now = held.clock.now()
    seen = held.database.run_apart(
        lambda session: presence.heard_from(session, account.account_id, now)
    )
    return me(account, seen)


@api.change(
    "PUT",
    "/me/presence",
    summary="Say ready, break or off",
    roles=COUNSELOR,
    body=bodies.PresenceChange,
    answer=bodies.Me,
    refusals={409: "The certificate does not hold today, or there is no seat in the roster."},
)
def put_presence(session: Session, body: bodies.PresenceChange) -> bodies.Me:
    """Change the status; leaving during an offer gives the call back."""
    account, held = current_account(), services()
    now = held.clock.now()
    seat = by_id(session, Counselor, account.account_id)
    if seat is None:
        raise Problem(409, "no-seat", "This account has no seat in the roster; import it again.")
    if body.status == "ready" and not is_valid_on(seat.certified_until, now):
        raise Problem(
            409,
            "certificate-lapsed",
            f"The certificate held until {seat.certified_until}; ask for the roster to be renewed.",
        )
    seen = actions.change_status(session, account.account_id, body.status, now, held.policy)
    _ring_desk(session, account)
    return me(account, seen)


@api.read("/me/desk", summary="What lies on my desk", roles=COUNSELOR, answer=bodies.DeskBody)
def get_desk() -> bodies.DeskBody:
    """Answer the desk's picture; it counts as a sign of life."""
    account, held = current_account(), services()
    return held.database.run_apart(lambda session: _look(session, held, account))


@api.read(
    "/me/desk/stream",
    summary="What lies on my desk, again on every change (event: desk)",
    roles=COUNSELOR,
    answer=None,
    media_type="text/event-stream",
)
def get_desk_stream() -> Response:
    """Stream the desk's picture; each look counts as a sign of life, and ends with the sign-in."""
    account, held, secret = current_account(), services(), secret_of_request() or ""

    def picture(session: Session) -> str | None:
        if sign_ins.find(session, secret, held.clock.now(), held.policy) is None:
            return None
        return _look(session, held, account).model_dump_json()

    topic = f"desk:{account.account_id}"
    return stream(held.live, topic, "desk", lambda: held.database.run_apart(picture))


def _look(session: Session, held: Services, account: SignedIn) -> bodies.DeskBody:
    seen = presence.heard_from(session, account.account_id, held.clock.now())
    return look_at_desk(session, account, seen, held.sealer, held.policy)


@api.read(
    "/me/softphone",
    summary="A token for the page's telephone",
    roles=ON_THE_PHONE,
    answer=bodies.Softphone,
)
def get_softphone() -> bodies.Softphone:
    """Mint an hour's token for this account's own telephone identity."""
    account, held = current_account(), services()
    now = held.clock.now()
    carrier = held.config.carrier
    with held.database.transaction() as session:
        presence.heard(session, account.account_id, now)
    return bodies.Softphone(
        token=tokens.mint(carrier, account.account_id, now),
        edge_host=_edge_host(carrier.api_base_url),
        expires_at=now + timedelta(seconds=tokens.TOKEN_SECONDS),
    )


@api.change(
    "POST",
    "/offers/<uuid:offer_id>/accept",
    summary="Take the offered call",
    roles=COUNSELOR,
    answer=bodies.AcceptedBody,
    refusals=GONE,
)
def create_acceptance(session: Session, _body: Nothing, offer_id: uuid.UUID) -> bodies.AcceptedBody:
    """Accept; the answer lets the page's telephone into the call, once."""
    account, held = current_account(), services()
    now = held.clock.now()
    accepted = actions.accept_offer(session, offer_id, account.account_id, now, held.policy)
    _seen_at_the_desk(session, account, now)
    if isinstance(accepted, actions.Gone):
        raise _gone(accepted)
    connect = bodies.Connect(params={"join": accepted.join_token})
    return bodies.AcceptedBody(session_id=accepted.session_id, connect=connect)


@api.change(
    "POST",
    "/offers/<uuid:offer_id>/decline",
    summary="Give the offered call back to the queue",
    roles=COUNSELOR,
    body=bodies.Decline,
    answer=bodies.OfferBody,
    refusals=GONE,
)
def create_refusal(session: Session, body: bodies.Decline, offer_id: uuid.UUID) -> bodies.OfferBody:
    """Decline with a reason; the caller keeps the place in the queue."""
    account, held = current_account(), services()
    now = held.clock.now()
    declined = actions.decline_offer(
        session, offer_id, account.account_id, body.reason, now, held.policy
    )
    _seen_at_the_desk(session, account, now)
    if isinstance(declined, actions.Gone):
        raise _gone(declined)
    return bodies.OfferBody(offer_id=offer_id)


@api.change(
    "POST",
    "/sessions/<uuid:session_id>/end",
    summary="End the conversation kindly and begin the wrap-up",
    roles=ON_THE_PHONE,
    answer=bodies.SessionBody,
)
def end_session(session: Session, _body: Nothing, session_id: uuid.UUID) -> bodies.SessionBody:
    """End; ending what is over already changes nothing."""
    account, held = current_account(), services()
    now = held.clock.now()
    ended = actions.end_session(session, session_id, account.account_id, now, held.policy)
    _seen_at_the_desk(session, account, now)
    if isinstance(ended, actions.Gone):
        raise _gone(ended)
    return bodies.SessionBody(session_id=session_id)


@api.change(
    "PUT",
    "/sessions/<uuid:session_id>/outcome",
    summary="Write what came of the session",
    roles=COUNSELOR,
    body=OutcomeAndNext,
    answer=WrittenBody,
    refusals={409: "The conversation is not over yet, or the person may not be called."},
)
def put_outcome(session: Session, body: OutcomeAndNext, session_id: uuid.UUID) -> WrittenBody:
    """Write the outcome and close the session; the same one again changes nothing.

    A call agreed in the session is promised in the same transaction.
    """
    account, held = current_account(), services()
    now = held.clock.now()
    said = outcome.complete(body)
    _refuse((*outcome.faults(said), *agreed.next_call_faults(said.outcome, body.next_call)))
    kept = outcome.stored(said)
    if not _is_written(session, session_id, account, kept, said.notes, held.sealer):
        sealed = _sealed_notes(said.notes, session_id, held.sealer)
        promise = after_session.hold_promise(session, session_id)
        written = actions.write_outcome(
            session, session_id, account.account_id, kept, sealed, now, held.policy
        )
        if isinstance(written, actions.Gone):
            raise _gone(written)
        after_session.settle(session, promise, now, held.policy)
    made = after_session.promise_next(
        session, session_id, said.outcome, body.next_call, held.sealer, now, held.policy
    )
    _seen_at_the_desk(session, account, now)
    promised = at_hand.promised(made) if made else None
    return WrittenBody(session_id=session_id, outcome=kept, promised=promised)


@api.change(
    "PUT",
    "/sessions/<uuid:session_id>/draft",
    summary="Keep the outcome as far as it is written",
    roles=ON_THE_PHONE,
    body=bodies.Draft,
    answer=bodies.SessionBody,
)
def put_draft(session: Session, body: bodies.Draft, session_id: uuid.UUID) -> bodies.SessionBody:
    """Keep the draft, sealed, so that it survives a reload."""
    account, held = current_account(), services()
    if len(json.dumps(body.draft, ensure_ascii=False)) > drafts.DRAFT_LENGTH_MAX:
        _refuse((Fault("draft", f"at most {drafts.DRAFT_LENGTH_MAX} characters"),))
    presence.heard(session, account.account_id, held.clock.now())
    if not drafts.keep_draft(session, session_id, account.account_id, body.draft, held.sealer):
        raise Problem(404, "not-found", "There is no such session, or its outcome is written.")
    return bodies.SessionBody(session_id=session_id)


@api.read(
    "/sessions/<uuid:session_id>/draft",
    summary="The outcome as far as it is written",
    roles=ON_THE_PHONE,
    answer=bodies.DraftBody,
)
def get_draft(session_id: uuid.UUID) -> bodies.DraftBody:
    """Answer the draft; null where nothing was written yet."""
    account, held = current_account(), services()
    with held.database.transaction() as session:
        presence.heard(session, account.account_id, held.clock.now())
        draft = drafts.read_draft(session, session_id, account.account_id, held.sealer)
    if draft is None:
        raise Problem(404, "not-found", "There is no such session.")
    return bodies.DraftBody(draft=draft or None)


@api.change(
    "POST",
    "/calls/<uuid:call_id>/reveal",
    summary="Show a caller's whole number, with a reason, in the access log",
    roles=REVEALERS,
    body=bodies.Reveal,
    answer=bodies.Number,
    keeps_answer=False,
)
def reveal_number(session: Session, body: bodies.Reveal, call_id: uuid.UUID) -> bodies.Number:
    """Show the number to who has or had the call, or supervises; each time is logged."""
    account, held = current_account(), services()
    call = session.get(Call, call_id)
    if call is None or not _may_see(session, account, call_id) or call.sealed_number is None:
        raise Problem(404, "not-found", "There is no such call of yours with a number.")
    entry = audit.Access(
        at=held.clock.now(),
        account_id=account.account_id,
        address=request.remote_addr or "unknown",
        action="reveal number",
        subject=f"calls:{call_id}",
        reason=body.reason,
    )
    presence.heard(session, account.account_id, entry.at)
    audit.record(session, entry, held.sealer)  # last: its lock is everybody's
    return bodies.Number(number=held.sealer.unseal(call.sealed_number, NUMBER_CONTEXT))


def _seen_at_the_desk(session: Session, account: SignedIn, now: datetime) -> None:
    """Count as a sign of life; after the action, since its locks are taken in the house order."""
    presence.heard(session, account.account_id, now)
    _ring_desk(session, account)


def _ring_desk(session: Session, account: SignedIn) -> None:
    live = services().live
    on_commit(session, lambda: live.ring(f"desk:{account.account_id}"))
    on_commit(session, lambda: live.ring("board"))


def _gone(gone: actions.Gone) -> Problem:
    if gone.reason.startswith("no such"):
        return Problem(404, "not-found", f"There is {gone.reason} of yours.")
    return Problem(409, "gone", f"This can't be done any more: {gone.reason}.")


def _refuse(found: tuple[Fault, ...]) -> None:
    if found:
        raise Problem(422, "invalid", "Some fields are wrong; each is named in errors.", found)


def _is_written(
    session: Session,
    session_id: uuid.UUID,
    account: SignedIn,
    kept: dict[str, object],
    notes: str | None,
    sealer: Sealer,
) -> bool:
    talk = by_id(session, CounselingSession, session_id)
    if talk is None or talk.counselor_id != account.account_id or talk.outcome != kept:
        return False
    if talk.sealed_notes is None:
        return notes is None
    return sealer.unseal(talk.sealed_notes, outcome.notes_context(session_id)) == notes


def _sealed_notes(notes: str | None, session_id: uuid.UUID, sealer: Sealer) -> bytes | None:
    return sealer.seal(notes, outcome.notes_context(session_id)) if notes else None


def _may_see(session: Session, account: SignedIn, call_id: uuid.UUID) -> bool:
    if account.role == "supervisor":
        return True
    return records.had_session(session, account.account_id, call_id)


def _edge_host(api_base_url: str) -> str | None:
    """Return host and port of a stand-in for the carrier; None for the carrier itself."""
    parts = urlsplit(api_base_url)
    if parts.hostname is None or parts.hostname.endswith("twilio.com"):
        return None
    return parts.netloc
