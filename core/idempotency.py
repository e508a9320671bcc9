"""The Idempotency-Key of a change: the same key and body get the same answer for 24 hours.

Stored answers are sealed, since an answer may carry a number or a token.
"""

import base64
import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from core.database import try_lock
from core.models import StoredAnswer
from core.problems import Problem
from core.rows import add_later
from core.sealing import Sealer
from core.statements import ask

KEY_HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True)
class Request:
    """What makes a request the same request. digest: of method, path and body."""

    account_id: uuid.UUID
    key: str
    digest: str


@dataclass(frozen=True)
class Answer:
    """An answer as it was given. body: its JSON."""

    status: int
    body: dict[str, Any]


def read_key(header: str | None) -> str | None:
    """Return the key, None where none was sent. Raises Problem 400 for a malformed one."""
    if header is None:
        return None
    if _KEY.fullmatch(header) is None:
        raise Problem(
            400, "idempotency-key", f"{KEY_HEADER} must be 1-200 visible ASCII characters."
        )
    return header


def digest(method: str, path: str, body: Any) -> str:
    """Return the digest of a request; the order of its JSON members makes no difference."""
    canonical = json.dumps([method, path, body], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


_RECALL = """
    SELECT created_at, request_digest, status, body FROM stored_answers
    WHERE account_id = %s AND key = %s
"""
_FORGET = "DELETE FROM stored_answers WHERE account_id = %s AND key = %s"


def recall(session: Session, request: Request, now: datetime, sealer: Sealer) -> Answer | None:
    """Return the answer given before, or None where the request is new and is now ours to do.

    The lock taken here lasts to the end of the transaction. Raises Problem 409 while the same
    request is being done elsewhere, 422 where the key belongs to another request.
    """
    if not try_lock(session, f"idempotency:{request.account_id}:{request.key}"):
        raise Problem(
            409,
            "in-flight",
            "The same request is being carried out; ask again in a moment.",
            headers={"Retry-After": "1"},
        )
    row = ask(session, _RECALL, (request.account_id, request.key)).fetchone()
    if row is None:
        return None
    created_at, digest_before, status, body = row
    if created_at + KEPT <= now:
        ask(session, _FORGET, (request.account_id, request.key))
        return None
    if digest_before != request.digest:
        raise Problem(
            422, "idempotency-key-reused", "This key was used for another request; make a new key."
        )
    sealed = base64.b64decode(body["sealed"])
    return Answer(status, json.loads(sealer.unseal(sealed, _context(request))))


def keep(session: Session, request: Request, answer: Answer, now: datetime, sealer: Sealer) -> None:
    """Store the answer in the transaction of the change itself."""
    sealed = sealer.seal(json.dumps(answer.body), _context(request))
    row = {
        "account_id": request.account_id,
        "key": request.key,
        "request_digest": request.digest,
        "status": answer.status,
        "body": Jsonb({"sealed": base64.b64encode(sealed).decode()}),
        "created_at": now,
    }
    add_later(session, "stored_answers", row)


def remove_old(session: Session, now: datetime, rows_max: int) -> int:
    """Delete at most `rows_max` answers older than 24 hours and return how many."""
    key = tuple_(StoredAnswer.account_id, StoredAnswer.key)
    old = select(StoredAnswer.account_id, StoredAnswer.key)
    old = old.where(StoredAnswer.created_at <= now - KEPT).limit(rows_max)
    gone = delete(StoredAnswer).where(key.in_(old)).returning(StoredAnswer.key)
    return len(session.scalars(gone).all())


def _context(request: Request) -> str:
    return f"stored_answers:{request.account_id}:{request.key}"
