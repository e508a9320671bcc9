"""Tables of what was promised: promises, the tries to keep them, the series they belong to."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

OPEN = "state IN ('planned', 'calling', 'for_decision')"


class Series(Base):
    """A row of companion calls with a goal, a rhythm and an agreed end.

    every_days: days between two calls. sessions_planned: how many were agreed.
    """

    __tablename__ = "series"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    citizen_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    companion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"), index=True)
    goal: Mapped[str]
    every_days: Mapped[int]
    sessions_planned: Mapped[int]
    sessions_held: Mapped[int] = mapped_column(server_default="0")
    ends_on: Mapped[date]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class Promise(Base):
    """One promised call: from asking to kept, declined, withdrawn, or a person's decision.

    purpose: talk (a counselor, in the queue's order) or companion (on a companion's worklist).
    origin: menu, wait, desk, cut_line, supervisor, series, api or web_form. about: self or other.
    queued_at: the arrival that a kept place counts from. next_at: when the next try is due.
    deadline: by when it was promised. entry_call_id: the call by which it is being kept now.
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
            ),
        ),
        Index(
            "uq_promises_entry",
            "entry_call_id",
            unique=True,
            postgresql_where=text("entry_call_id IS NOT NULL"),
        ),
        Index("ix_promises_worklist", "companion_id", "next_at", postgresql_where=text(OPEN)),
    )


class Try(Base):
    """One try to keep a promise; unique by call, so that none is counted twice."""

    __tablename__ = "promise_tries"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    promise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("promises.id"), index=True)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"))
    counselor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("counselors.id"))
    ended_at: Mapped[datetime]
    outcome: Mapped[str]

    __table_args__ = (UniqueConstraint("call_id"),)
