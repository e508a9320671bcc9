"""Tables of who is asked: calls, offers, orders to the carrier, the journal."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class Call(Base):
    """One citizen on the line, from the first ring to the outcome.

    sealed_number / number_index: the caller's number encrypted, and its keyed hash for lookup;
    both empty for withheld callers. sealed_candidate: a number keyed in to be called at.
    queued_at is the original arrival in the queue and survives every return to it.
    head_seconds: what a returning caller is advanced by, in waiting seconds.
    direction: inbound, outward (we ring the citizen), or handed_on: a counselor comes to a talk of
    the call handed_from_id, and has the citizen's leg once who talked leaves.
    heard_at: when the carrier last said something about it. told_*: the wait last spoken.
    """

    __tablename__ = "calls"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    carrier_sid: Mapped[str] = mapped_column(unique=True)
    direction: Mapped[str] = mapped_column(server_default="inbound")
    state: Mapped[str]
    state_since: Mapped[datetime]
    deadline: Mapped[datetime | None]
    sealed_number: Mapped[bytes | None]
    number_index: Mapped[str | None] = mapped_column(index=True)
    sealed_candidate: Mapped[bytes | None]
    caller_kind: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="ko")
    need: Mapped[str | None]
    priority: Mapped[int] = mapped_column(server_default="0")
    head_seconds: Mapped[float] = mapped_column(server_default="0")
    preferred_counselor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("counselors.id"))
    arrived_at: Mapped[datetime]
    notice_version: Mapped[str | None]
    notice_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]
    heard_at: Mapped[datetime]
    told_high_minutes: Mapped[int | None]
    told_seats: Mapped[int | None]
    handed_from_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("calls.id"))

    __table_args__ = (
        CheckConstraint(
            "state IN ('in_menu', 'waiting', 'offered', 'reaching', 'connected', 'wrapping',"
            " 'closed')",
            name="state",
        ),
        Index("ix_calls_waiting", "queued_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_calls_live", "deadline", postgresql_where=text("state <> 'closed'")),
        Index("ix_calls_queued_at", "queued_at"),
        Index(
            "ix_calls_handed_from_id",
            "handed_from_id",
            postgresql_where=text("handed_from_id IS NOT NULL"),
        ),
        Index(
            "uq_calls_handed_from",
            "handed_from_id",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'offered', 'connected')"),
        ),
    )


class Offer(Base):
    """One call offered to one counselor; its id is the fencing token of all that follows."""

    __tablename__ = "offers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    counselor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("counselors.id"), index=True)
    state: Mapped[str]
    reason: Mapped[str]
    offered_at: Mapped[datetime]
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')", name="state"
        ),
        Index(
            "uq_offers_open_call", "call_id", unique=True, postgresql_where=text("state = 'open'")
        ),
        Index(
            "uq_offers_open_counselor",
            "counselor_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_offers_open_deadline", "deadline", postgresql_where=text("state = 'open'")),
    )


class Order(Base):
    """What we want of the carrier, written with the state it belongs to and carried out after.

    kind: ring (a counselor), reach (a citizen), move, hang_up, look_up.
    subject_id: the offer, session or call it serves.
    lease_until: until then somebody is carrying it out. tries: how often it was taken.
    is_paced: it has its slot among the new calls that the carrier takes each second.
    """

    __tablename__ = "orders"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    subject_id: Mapped[uuid.UUID]
    details: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="due")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    is_paced: Mapped[bool] = mapped_column(server_default="false")
    carrier_sid: Mapped[str | None] = mapped_column(index=True)
    done_at: Mapped[datetime | None]
    fault: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("state IN ('due', 'sending', 'done', 'failed', 'dropped')", name="state"),
        Index("ix_orders_due", "due_at", postgresql_where=text("state IN ('due', 'sending')")),
    )


class CallEvent(Base):
    """The journal: one row for each change of a call's state. Figures are recounted from it."""

    __tablename__ = "call_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    at: Mapped[datetime]
    event: Mapped[str]
    state: Mapped[str]
    counselor_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]

    __table_args__ = (
        # Whose desk changed lately; what callers do by themselves is far more, and not asked for.
        Index(
            "ix_call_events_counselor_at",
            "at",
            postgresql_where=text("counselor_id IS NOT NULL"),
        ),
    )


class CarrierPace(Base):
    """When the next new call may be asked of the carrier; one row for all processes."""

    __tablename__ = "carrier_pace"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_at: Mapped[datetime]
