"""Programs that hand on wishes to be called: who they are, their signing keys, their signatures.

A request is signed by HMAC-SHA256 over time, method, path, Idempotency-Key and body, so that nobody
can alter it, send it elsewhere, or send it again under another key.
"""

import hashlib
import hmac
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks.models import ApiClient, ApiKey
from core.sealing import Sealer, Unsealable

Channel = Literal["chatbot", "district_office", "self_check"]
"""Where the people of a program come from; the origin of their promises."""

CLOCK_SECONDS_MAX = 300
OVERLAP = timedelta(days=7)  # the old key works this long after a rotation
SECRET_BYTES = 32
_TIME = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class Signed:
    """A request as it came. sent_at: the header's text, Unix seconds; nonce: Idempotency-Key."""

    key_id: str
    sent_at: str
    signature: str
    nonce: str
    method: str
    path: str
    body: bytes


@dataclass(frozen=True)
class NewKey:
    """A key as it is shown, once. old_ends_at: until when the keys before it work."""

    key_id: str
    secret: str
    old_ends_at: datetime | None


@dataclass(frozen=True)
class Unknown:
    """The request is not from a client of ours; reason is for our log, never for the sender."""

    reason: str


def signature_of(secret: str, signed: Signed) -> str:
    """Return the signature of a request, hexadecimal."""
    head = f"{signed.sent_at}\n{signed.method}\n{signed.path}\n{signed.nonce}\n".encode()
    return hmac.new(secret.encode(), head + signed.body, hashlib.sha256).hexdigest()


def identify(
    session: Session, signed: Signed, sealer: Sealer, now: datetime
) -> ApiClient | Unknown:
    """Return the client behind a signed request, or why there is none."""
    if _TIME.fullmatch(signed.sent_at) is None:
        return Unknown("no time")
    if abs(now.timestamp() - int(signed.sent_at)) > CLOCK_SECONDS_MAX:
        return Unknown("too old, or its clock is wrong")
    key = session.get(ApiKey, signed.key_id)
    if key is None or (key.ends_at is not None and key.ends_at <= now):
        return Unknown("no such key")
    client = session.get_one(ApiClient, key.client_id)
    if client.revoked_at is not None:
        return Unknown("revoked")
    try:
        secret = sealer.unseal(key.sealed_secret, _context(key.id))
    except Unsealable:
        return Unknown("its secret can't be opened")
    if not hmac.compare_digest(
        signature_of(secret, signed).encode(), signed.signature.encode("utf-8", "replace")
    ):
        return Unknown("wrong signature")
    key.used_at = now
    return client


def add(
    session: Session, name: str, channel: str, sealer: Sealer, now: datetime
) -> tuple[ApiClient, NewKey] | None:
    """Add a client with its first key; None where the name is taken."""
    row = {"id": uuid.uuid4(), "name": name, "channel": channel, "created_at": now}
    wanted = insert(ApiClient).values(row).on_conflict_do_nothing(index_elements=[ApiClient.name])
    client = session.scalar(wanted.returning(ApiClient))
    if client is None:
        return None
    return client, _mint(session, client.id, sealer, now, None)


def rotate(session: Session, client_id: uuid.UUID, sealer: Sealer, now: datetime) -> NewKey | None:
    """Give a client a new key; those before work for a week more. None: no such client."""
    client = session.get(ApiClient, client_id, with_for_update=True)
    if client is None or client.revoked_at is not None:
        return None
    ends_at = now + OVERLAP
    session.execute(
        update(ApiKey)
        .where(
            ApiKey.client_id == client_id,
            ApiKey.ends_at.is_(None) | (ApiKey.ends_at > ends_at),
        )
        .values(ends_at=ends_at)
    )
    return _mint(session, client_id, sealer, now, ends_at)


def _mint(
    session: Session,
    client_id: uuid.UUID,
    sealer: Sealer,
    now: datetime,
    old_ends_at: datetime | None,
) -> NewKey:
    key_id = "hk_" + secrets.token_hex(8)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        ApiKey(
            id=key_id,
            client_id=client_id,
            sealed_secret=sealer.seal(secret, _context(key_id)),
            created_at=now,
        )
    )
    session.flush()
    return NewKey(key_id, secret, old_ends_at)


def _context(key_id: str) -> str:
    return f"api_keys.secret:{key_id}"


def revoke(session: Session, client_id: uuid.UUID, now: datetime) -> bool:
    """Let a client in no more, at once. False: no such client."""
    client = session.get(ApiClient, client_id, with_for_update=True)
    if client is None:
        return False
    client.revoked_at = client.revoked_at or now
    return True
