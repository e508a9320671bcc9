"""Tables of who answers: counselors, their presence, their sessions and outcomes."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class Counselor(Base):
    """One who answers; the account (login, password, role) is in core.

    certified_until: the last day (Asia/Seoul) the certificate holds. skills: name -> level 1-5.
    endpoint: `browser`, `sip:...` or `tel:+82...`.
    """

    __tablename__ = "counselors"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    certificate: Mapped[str]
    certificate_no: Mapped[str]
    certified_until: Mapped[date]
    training_hours: Mapped[int]
    skills: Mapped[dict[str, Any]]
    languages: Mapped[list[str]]
    endpoint: Mapped[str]


class Presence(Base):
    """What a counselor says (status) and what the machine knows (state).

    idle_since ranks the longest idle: set when a session is wrapped up, untouched by breaks.
    heard_at: last sign of life of a browser. not_answering_since: after a ring-no-answer.
    """

    __tablename__ = "presences"

    counselor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"), primary_key=True)
    status: Mapped[str] = mapped_column(server_default="off")
    status_since: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="free")
    state_since: Mapped[datetime]
    idle_since: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    not_answering_since: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("status IN ('off', 'ready', 'break')", name="status"),
        CheckConstraint("state IN ('free', 'offered', 'on_call', 'wrapping')", name="state"),
        Index(
            "ix_presences_ready",
            "idle_since",
            postgresql_where=text("status = 'ready' AND state = 'free'"),
        ),
    )


class PresenceEntry(Base):
    """The history of a presence: one row for each change, status and state after it.

    Logged-in time is summed from it. Being offered a call (in bulk, by the dispatcher) writes no
    row of its own: it changes neither who is logged in nor who talks.
    """

    __tablename__ = "presence_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    counselor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"))
    at: Mapped[datetime]
    status: Mapped[str]
    state: Mapped[str]

    __table_args__ = (Index("ix_presence_events_counselor_id_at", "counselor_id", "at", "id"),)


class CounselingSession(Base):
    """One conversation of one counselor with one citizen, and what came of it.

    state: joining (accepted, leg not there yet), talking, wrapping, closed.
    join_digest: hash of the single-use token that lets the counselor's leg in.
    room_id: the session whose room it is held in, None for its own.
    entered_at: when the counselor's leg was first told to be in the room.
    outcome: the validated taxonomy without notes; notes and draft are sealed.
    """

    __tablename__ = "sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    offer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("offers.id"), unique=True)
    counselor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"), index=True)
    state: Mapped[str]
    accepted_at: Mapped[datetime]
    deadline: Mapped[datetime | None]
    join_digest: Mapped[str | None] = mapped_column(unique=True)
    leg_sid: Mapped[str | None] = mapped_column(index=True)
    room_id: Mapped[uuid.UUID | None]
    entered_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]
    outcome_at: Mapped[datetime | None]
    sealed_notes: Mapped[bytes | None]
    sealed_draft: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("state IN ('joining', 'talking', 'wrapping', 'closed')", name="state"),
        Index(
            "uq_sessions_open_counselor",
            "counselor_id",
            unique=True,
            postgresql_where=text("state <> 'closed'"),
        ),
        Index(
            "uq_sessions_live_call",
            "call_id",
            unique=True,
            postgresql_where=text("state IN ('joining', 'talking')"),
        ),
        Index("ix_sessions_closed_at", "closed_at"),
        Index(
            "ix_sessions_unrecorded",
            "closed_at",
            postgresql_where=text("state = 'closed' AND outcome IS NULL"),
        ),
    )
