"""The edge for programs: signed wishes to be called, and the admin's list of who may send them."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from flask import request
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks import agreed, clients
from callbacks.actions import Made
from callbacks.bodies import (
    About,
    ConsentHeard,
    Language,
    Note,
    NumberText,
    Promised,
    Windows,
)
from callbacks.booking import book
from callbacks.booking_terms import Booking, Consented
from callbacks.deciding import NOTE_CONTEXT
from callbacks.models import ApiClient, ApiKey, Promise
from citizens.consent import How
from core import idempotency
from core.access import ANYBODY
from core.access_log import note_access
from core.fields import AnswerBody, Body, Moment, Nothing, Text
from core.idempotency import KEY_HEADER
from core.log import event_log
from core.operations import Api
from core.problems import Problem
from core.rate_limit import may_ask, rate_key
from core.services import services

ADMIN = frozenset({"admin"})
PER_HOUR_MAX = 600
KEY = "X-Helpline-Key"
TIME = "X-Helpline-Timestamp"
SIGNATURE = "X-Helpline-Signature"

log = event_log(__name__)
api = Api("clients_api", __name__)
blueprint = api.blueprint


class Intake(Body):
    """A wish to be called, handed on by a program in which the person gave number and consent."""

    number: NumberText
    purpose: Literal["talk", "companion"] = "companion"
    at: AwareDatetime | None = None
    windows: Windows | None = None
    consent: ConsentHeard
    about: About = "self"
    language: Language = "ko"
    note: Note | None = None


class NewClient(Body):
    """A program to let in. channel: where its people come from."""

    name: Annotated[Text, Field(min_length=2, max_length=80)]
    channel: clients.Channel


class KeyBody(AnswerBody):
    """A key, shown this once. old_ends_at: until when the keys before it work."""

    client_id: uuid.UUID
    key_id: str
    secret: str
    old_ends_at: Moment | None


class ClientRow(AnswerBody):
    """A program, and when it was last heard."""

    id: uuid.UUID
    name: str
    channel: str
    created_at: Moment
    revoked_at: Moment | None
    used_at: Moment | None
    keys: int


class ClientList(AnswerBody):
    """Every program that is or was let in."""

    clients: list[ClientRow]


class ClientBody(AnswerBody):
    """The program that was changed."""

    id: uuid.UUID


@api.change(
    "POST",
    "/intake",
    summary="Hand on a wish to be called; signed (X-Helpline-Key, -Timestamp, -Signature)",
    roles=ANYBODY,
    body=Intake,
    answer=Promised,
    status=201,
    refusals={409: "This person may not be called.", 429: "Too many in this hour."},
)
def create_intake(session: Session, body: Intake) -> Promised:
    """Promise the call; the same Idempotency-Key and body give the same answer for 24 h.

    A program never lifts a do-not-call mark, nor changes what the person agreed with us.
    """
    held = services()
    now = held.clock.now()
    client, nonce = _client(session, now)
    sent = idempotency.digest(request.method, request.path, request.get_json())
    asked = idempotency.Request(client.id, nonce, sent)
    before = idempotency.recall(session, asked, now, held.sealer)
    if before is not None:
        return Promised.model_validate(before.body)
    key = rate_key(held.sealer, "client", str(client.id))
    if not may_ask(session, [key], now, PER_HOUR_MAX):
        raise Problem(
            429, "too-often", "Too many wishes in this hour.", headers={"Retry-After": "600"}
        )
    promised = _promise(session, body, client, now)
    answer = idempotency.Answer(201, promised.model_dump(mode="json"))
    idempotency.keep(session, asked, answer, now, held.sealer)
    return promised


def _client(session: Session, now: datetime) -> tuple[ApiClient, str]:
    nonce = idempotency.read_key(request.headers.get(KEY_HEADER))
    signed = clients.Signed(
        key_id=request.headers.get(KEY, ""),
        sent_at=request.headers.get(TIME, ""),
        signature=request.headers.get(SIGNATURE, ""),
        nonce=nonce or "",
        method=request.method,
        path=request.path,
        body=request.get_data(cache=True),
    )
    found = clients.identify(session, signed, services().sealer, now)
    if isinstance(found, clients.Unknown) or nonce is None:
        log.warning("intake_refused", reason="no nonce" if nonce is None else str(found))
        raise Problem(
            401, "unauthorized", f"Sign the request with {KEY}, {TIME}, {SIGNATURE}, {KEY_HEADER}."
        )
    return found, nonce


def _promise(session: Session, body: Intake, client: ApiClient, now: datetime) -> Promised:
    held = services()
    by = f"client {client.name}"
    given = agreed.purposes(body.consent)
    booking = Booking(
        e164=agreed.dialable(body.number),
        purpose=body.purpose,
        origin=client.channel,
        consented=Consented(given, body.consent.wording, How.API, by),
        at=agreed.moment(body.at, now),
        windows=agreed.kept_windows(body.windows),
        about=body.about,
        language=body.language,
        sealed_note=held.sealer.seal(body.note, NOTE_CONTEXT) if body.note else None,
        is_heard=False,
    )
    made = book(session, booking, held.sealer, now, held.policy)
    if not isinstance(made, Made):
        raise Problem(409, "may-not-call", "This person may not be called.")
    whose = session.get_one(Promise, made.promise_id).citizen_id
    note_access(session, "promise call", f"citizens:{whose}", by)
    return Promised(id=made.promise_id, next_at=made.next_at, is_new=made.is_new)


@api.read("/clients", summary="Programs that may hand on wishes", roles=ADMIN, answer=ClientList)
def get_clients() -> ClientList:
    """Answer who is let in; never a secret."""
    with services().database.transaction() as session:
        rows = [
            _row(one, list(session.scalars(select(ApiKey).where(ApiKey.client_id == one.id))))
            for one in session.scalars(select(ApiClient).order_by(ApiClient.name))
        ]
    return ClientList(clients=rows)


def _row(client: ApiClient, keys: list[ApiKey]) -> ClientRow:
    now = services().clock.now()
    return ClientRow(
        id=client.id,
        name=client.name,
        channel=client.channel,
        created_at=client.created_at,
        revoked_at=client.revoked_at,
        used_at=max((key.used_at for key in keys if key.used_at), default=None),
        keys=sum(key.ends_at is None or key.ends_at > now for key in keys),
    )


@api.change(
    "POST",
    "/clients",
    summary="Let a program in; its key is shown this once",
    roles=ADMIN,
    body=NewClient,
    answer=KeyBody,
    status=201,
    refusals={409: "The name is taken."},
    keeps_answer=False,
)
def create_client(session: Session, body: NewClient) -> KeyBody:
    """Add a client with its first key."""
    held = services()
    added = clients.add(session, body.name, body.channel, held.sealer, held.clock.now())
    if added is None:
        raise Problem(409, "taken", "There is a program of that name already.")
    client, key = added
    note_access(session, "add client", f"api_clients:{client.id}", body.channel)
    return _key(client.id, key)


def _key(client_id: uuid.UUID, key: clients.NewKey) -> KeyBody:
    return KeyBody(
        client_id=client_id, key_id=key.key_id, secret=key.secret, old_ends_at=key.old_ends_at
    )


@api.change(
    "POST",
    "/clients/<uuid:client_id>/keys",
    summary="Give a program a new key; the old one works for a week more",
    roles=ADMIN,
    answer=KeyBody,
    status=201,
    keeps_answer=False,
)
def rotate_key(session: Session, _body: Nothing, client_id: uuid.UUID) -> KeyBody:
    """Rotate; both keys work until the client has changed over."""
    held = services()
    key = clients.rotate(session, client_id, held.sealer, held.clock.now())
    if key is None:
        raise Problem(404, "not-found", "There is no such program, or it was revoked.")
    note_access(session, "rotate key", f"api_clients:{client_id}", "rotation")
    return _key(client_id, key)


@api.change(
    "POST",
    "/clients/<uuid:client_id>/revoke",
    summary="Let a program in no more, at once",
    roles=ADMIN,
    answer=ClientBody,
)
def revoke_client(session: Session, _body: Nothing, client_id: uuid.UUID) -> ClientBody:
    """Revoke; every key of the client ends now."""
    if not clients.revoke(session, client_id, services().clock.now()):
        raise Problem(404, "not-found", "There is no such program.")
    note_access(session, "revoke client", f"api_clients:{client_id}", "revocation")
    return ClientBody(id=client_id)
