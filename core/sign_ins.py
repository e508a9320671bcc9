"""Actions on sign-ins: password in, secret out, and every later request proves itself with it.

A sign-in is a row: a browser's cookie or an API client's bearer token, kept as a hash only. It
ends after `session_idle_seconds_max` unused and after `session_seconds_max` in any case.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.models import Account, SignIn
from core.passwords import hash_password, is_outdated, matches
from core.policy import Policy
from core.statements import ask

SECRET_BYTES = 32
SEEN_EVERY_SECONDS = 60  # how exactly idleness is measured, so that reads seldom write
LOGIN_LENGTH_MAX = 64

Kind = Literal["cookie", "token"]


@dataclass(frozen=True)
class SignedIn:
    """Who makes the request. csrf: what unsafe requests of a cookie must repeat in a header."""

    account_id: uuid.UUID
    login: str
    name: str
    role: str
    kind: Kind
    csrf: str
    expires_at: datetime


@dataclass(frozen=True)
class Opened:
    """A new sign-in. secret: for the cookie or the Authorization header, shown this once."""

    secret: str
    signed_in: SignedIn


@dataclass(frozen=True)
class Refused:
    """No sign-in. locked_until is set where too many wrong passwords closed the account."""

    reason: Literal["wrong", "locked"]
    locked_until: datetime | None = None


def sign_in(
    session: Session, login: str, password: str, kind: Kind, now: datetime, policy: Policy
) -> Opened | Refused:
    """Check a login and its password and open a sign-in, or count the failure.

    The account's row is locked meanwhile, so that guesses at the same moment are counted one by
    one. The transaction must be committed on a refusal too, for the count to hold.
    """
    account = _account(session, login)
    right = matches(account.password_hash if account else None, password)
    if account is None:
        return Refused("wrong")
    if account.locked_until is not None and account.locked_until > now:
        return Refused("locked", account.locked_until)
    if not right:
        return _count_failure(account, now, policy)
    account.failures = 0
    account.locked_until = None
    if is_outdated(account.password_hash):
        account.password_hash = hash_password(password)
    return _open(session, account, kind, now, policy)


_FIND = """
    SELECT s.seen_at, a.id, a.login, a.name, a.role, s.kind, s.csrf, s.expires_at
    FROM sign_ins s JOIN accounts a ON a.id = s.account_id WHERE s.digest = %s
"""


def find(session: Session, secret: str, now: datetime, policy: Policy) -> SignedIn | None:
    """Return who holds `secret`, and note that it was used; None if it is unknown or ended."""
    held_digest = digest(secret)
    row = ask(session, _FIND, (held_digest,)).fetchone()
    if row is None:
        return None
    seen_at, *found = row
    held = SignedIn(*found)
    idle_since = seen_at + timedelta(seconds=policy.session_idle_seconds_max)
    if held.expires_at <= now or idle_since <= now:
        return None
    if seen_at + timedelta(seconds=_seen_every_seconds(policy)) <= now:
        _note_seen(session, held_digest, now)
    return held


def _seen_every_seconds(policy: Policy) -> float:
    """A sign-in in use must be noted well before it counts as idle, however short that is."""
    return min(SEEN_EVERY_SECONDS, policy.session_idle_seconds_max / 2)


def sign_out(session: Session, secret: str) -> None:
    """End one sign-in; ending it twice changes nothing."""
    session.execute(delete(SignIn).where(SignIn.digest == digest(secret)))


def end_all(session: Session, account_id: uuid.UUID) -> None:
    """End every sign-in of an account: its role or password changed."""
    session.execute(delete(SignIn).where(SignIn.account_id == account_id))


def remove_ended(session: Session, now: datetime, rows_max: int) -> int:
    """Delete at most `rows_max` rows of sign-ins past their absolute end; return how many."""
    ended = select(SignIn.digest).where(SignIn.expires_at <= now).limit(rows_max)
    gone = delete(SignIn).where(SignIn.digest.in_(ended)).returning(SignIn.digest)
    return len(session.scalars(gone).all())


def digest(secret: str) -> str:
    """Return what is stored of a secret. It is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _note_seen(session: Session, held_digest: str, now: datetime) -> None:
    """Write by statement: signing out at the same moment removes the row, which is no fault."""
    ask(session, "UPDATE sign_ins SET seen_at = %s WHERE digest = %s", (now, held_digest))


def _account(session: Session, login: str) -> Account | None:
    if not login or len(login) > LOGIN_LENGTH_MAX or not login.isprintable():
        return None
    return session.scalar(select(Account).where(Account.login == login).with_for_update())


def _count_failure(account: Account, now: datetime, policy: Policy) -> Refused:
    account.failures += 1
    if account.failures < policy.login_failures_max:
        return Refused("wrong")
    account.failures = 0
    account.locked_until = now + timedelta(seconds=policy.login_lock_seconds)
    return Refused("locked", account.locked_until)


def _open(session: Session, account: Account, kind: Kind, now: datetime, policy: Policy) -> Opened:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    held = SignIn(
        digest=digest(secret),
        account_id=account.id,
        kind=kind,
        csrf=secrets.token_urlsafe(SECRET_BYTES),
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(seconds=policy.session_seconds_max),
    )
    session.add(held)
    session.flush()
    return Opened(secret, _signed_in(held, account))


def _signed_in(held: SignIn, account: Account) -> SignedIn:
    kind: Kind = "cookie" if held.kind == "cookie" else "token"
    return SignedIn(
        account.id, account.login, account.name, account.role, kind, held.csrf, held.expires_at
    )
