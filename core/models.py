"""Tables every room stands on: accounts, sign-ins, tokens, stored answers, the access log."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class Account(Base):
    """Who may sign in, and as what."""

    __tablename__ = "accounts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    failures: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("role IN ('counselor', 'companion', 'supervisor', 'admin')", name="role"),
    )


class SignIn(Base):
    """One signed-in browser (cookie) or API client (bearer token); only the hash is kept."""

    __tablename__ = "sign_ins"

    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class StoredAnswer(Base):
    """The answer given to an Idempotency-Key, kept for 24 h.

    account_id: who asked: an account, or a program with a key of its own.
    """

    __tablename__ = "stored_answers"

    account_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[str]
    status: Mapped[int]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class AccessEntry(Base):
    """One access to personal data: who, when, from where, whose, what, why. Append-only.

    digest chains each row to the one before, so that a changed or removed row shows.
    """

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[uuid.UUID | None]
    address: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    digest: Mapped[str]


class AccessHead(Base):
    """The end of the access log, one row: how many entries, the last digest, sealed together.

    Without it the last rows could be removed unseen.
    """

    __tablename__ = "access_log_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    seal: Mapped[str]

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class RateMark(Base):
    """One counted request of a stranger, under a keyed hash; gone after an hour."""

    __tablename__ = "rate_marks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class ProcessPulse(Base):
    """The last sign of life of one process; its row goes when it ends as it should."""

    __tablename__ = "process_pulses"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    started_at: Mapped[datetime]
    heard_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("kind IN ('web', 'worker')", name="kind"),)
