"""Tables of what was promised: promises, the tries to keep them, the series they belong to."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

OPEN = "state IN ('planned', 'calling', 'for_decision')"


class Series(Base):
    """A row of companion calls with a goal, a rhythm and an agreed end.

    first_at: the first call; every_days: days between two calls at that hour, or planned_at: the
    agreed moments themselves (RFC 3339), where the rhythm is by plan. sessions_planned: how many
    were agreed. How many were held is counted from the promises kept. failed_at: when following it
    last failed, None once it went well.
    """

    __tablename__ = "series"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    citizen_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    companion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"), index=True)
    sealed_goal: Mapped[bytes]
    first_at: Mapped[datetime]
    every_days: Mapped[int]
    planned_at: Mapped[list[str]] = mapped_column(server_default="[]")
    sessions_planned: Mapped[int]
    ends_on: Mapped[date]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    failed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_series_going_on", "id", postgresql_where=text("ended_at IS NULL")),
        Index(
            "uq_series_citizen",
            "citizen_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class Promise(Base):
    """One promised call: from asking to kept, declined, withdrawn, or a person's decision.

    purpose: talk (a counselor, in the queue's order) or companion (on a companion's worklist).
    origin: menu, wait, desk, cut_line, worklist, series, escalation, web_form, or the channel of an
    API client (chatbot, district_office, self_check). about: self or other.
    queued_at: the arrival that a kept place counts from. next_at: when the next try is due.
    deadline: by when it was promised. entry_call_id: the call by which it is being kept now.
    failed_at: when tending it last failed, None once it went well.
    """

    __tablename__ = "promises"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    citizen_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    purpose: Mapped[str]
    origin: Mapped[str]
    about: Mapped[str] = mapped_column(server_default="self")
    state: Mapped[str]
    state_since: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(index=True)
    queued_at: Mapped[datetime]
    next_at: Mapped[datetime]
    deadline: Mapped[datetime]
    need: Mapped[str] = mapped_column(server_default="talk")
    language: Mapped[str] = mapped_column(server_default="ko")
    priority: Mapped[int] = mapped_column(server_default="0")
    origin_call_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("calls.id"))
    entry_call_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("calls.id"))
    companion_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("counselors.id"))
    series_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("series.id"))
    tries: Mapped[int] = mapped_column(server_default="0")
    waits_for: Mapped[str | None]
    kept_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    decision: Mapped[str | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    sealed_note: Mapped[bytes | None]
    failed_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("purpose IN ('talk', 'companion')", name="purpose"),
        CheckConstraint(
            "state IN ('planned', 'calling', 'for_decision', 'kept', 'declined', 'withdrawn',"
            " 'decided')",
            name="state",
        ),
        Index(
            "uq_promises_open", "citizen_id", "purpose", unique=True, postgresql_where=text(OPEN)
        ),
        Index(
            "ix_promises_due",
            "next_at",
            postgresql_where=text(
                "state = 'planned' AND purpose = 'talk' AND entry_call_id IS NULL"
                " AND failed_at IS NULL"
            ),
        ),
        Index("ix_promises_failed", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
        Index(
            "uq_promises_entry",
            "entry_call_id",
            unique=True,
            postgresql_where=text("entry_call_id IS NOT NULL"),
        ),
        Index(
            "ix_promises_in_hand",
            "entry_call_id",
            postgresql_where=text("state IN ('planned', 'calling') AND entry_call_id IS NOT NULL"),
        ),
        Index("ix_promises_worklist", "companion_id", "next_at", postgresql_where=text(OPEN)),
        Index("ix_promises_series", "series_id", postgresql_where=text("series_id IS NOT NULL")),
        Index("ix_promises_deadline", "deadline", postgresql_where=text(OPEN)),
        Index("ix_promises_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index(
            "ix_promises_for_decision",
            "state_since",
            postgresql_where=text("state = 'for_decision'"),
        ),
    )


class Try(Base):
    """One try to keep a promise; unique by call, so that none is counted twice.

    rung_at: when the citizen's telephone began to ring. ended_at: when it was over.
    """

    __tablename__ = "promise_tries"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    promise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("promises.id"), index=True)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"))
    counselor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("counselors.id"))
    ended_at: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[str]
    rung_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("call_id"),)


class Decision(Base):
    """What a person decided of a promise whose tries were spent, in writing; rows only grow.

    decision: again, letter, visit, welfare_check or close.
    """

    __tablename__ = "promise_decisions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    promise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("promises.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    decision: Mapped[str]
    sealed_note: Mapped[bytes]

    __table_args__ = (
        CheckConstraint(
            "decision IN ('again', 'letter', 'visit', 'welfare_check', 'close')", name="decision"
        ),
    )


class Absence(Base):
    """A companion is away from one day to another (Asia/Seoul, both included); who stands in.

    until_day: None where the companion is not coming back (a planned handover).
    """

    __tablename__ = "companion_absences"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    companion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"), index=True)
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    substitute_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"), index=True)
    written_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    written_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("substitute_id <> companion_id", name="another"),)


class ApiClient(Base):
    """A program that hands on wishes to be called: a chatbot, a district office, a self-check."""

    __tablename__ = "api_clients"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("channel IN ('chatbot', 'district_office', 'self_check')", name="channel"),
    )


class ApiKey(Base):
    """One signing key of an API client; two hold at once while a client changes over."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_clients.id"), index=True)
    sealed_secret: Mapped[bytes]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
