"""Actions on orders: written with the state they belong to, taken under a lease, settled once."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from routing.models import Order


class OrderKind(StrEnum):
    """What we may want of the carrier."""

    RING = "ring"
    REACH = "reach"
    MOVE = "move"
    HANG_UP = "hang_up"
    LOOK_UP = "look_up"


@dataclass(frozen=True)
class TakenOrder:
    """An order in somebody's hands; tries counts this one."""

    id: uuid.UUID
    kind: OrderKind
    call_id: uuid.UUID
    subject_id: uuid.UUID
    details: dict[str, Any]
    tries: int
    created_at: datetime
    is_paced: bool


def write(
    session: Session,
    kind: OrderKind,
    *,
    call_id: uuid.UUID,
    subject_id: uuid.UUID,
    now: datetime,
    **details: Any,
) -> Order:
    """Write an order of `kind`, due now. details: carrier sid to act on, where to move, ..."""
    order = Order(
        id=uuid.uuid4(),
        kind=kind,
        call_id=call_id,
        subject_id=subject_id,
        details=details,
        created_at=now,
        due_at=now,
    )
    session.add(order)
    return order


def look_up(
    session: Session, *, call_id: uuid.UUID, subject_id: uuid.UUID, leg_sid: str, now: datetime
) -> Order:
    """Ask whether a leg is up. subject_id: the call for its caller's leg, else the session."""
    return write(
        session, OrderKind.LOOK_UP, call_id=call_id, subject_id=subject_id, now=now, leg_sid=leg_sid
    )


def hang_up(
    session: Session, *, call_id: uuid.UUID, subject_id: uuid.UUID, leg_sid: str, now: datetime
) -> Order:
    """End a leg. subject_id: the call, or the session whose leg it is."""
    return write(
        session, OrderKind.HANG_UP, call_id=call_id, subject_id=subject_id, now=now, leg_sid=leg_sid
    )


def drop(session: Session, kind: OrderKind, subject_id: uuid.UUID, now: datetime) -> None:
    """Drop orders of `kind` for this subject that nobody has taken yet."""
    session.execute(
        update(Order)
        .where(Order.kind == kind, Order.subject_id == subject_id, Order.state == "due")
        .values(state="dropped", done_at=now)
        .execution_options(synchronize_session=False)
    )


def take(
    session: Session, order_id: uuid.UUID, now: datetime, lease_seconds: float
) -> TakenOrder | None:
    """Take a due order for `lease_seconds`, or return None where somebody else has it."""
    row = session.execute(
        update(Order)
        .where(
            Order.id == order_id,
            Order.due_at <= now,
            or_(Order.state == "due", (Order.state == "sending") & (Order.lease_until <= now)),
        )
        .values(
            state="sending",
            lease_until=now + timedelta(seconds=lease_seconds),
            tries=Order.tries + 1,
        )
        .returning(
            Order.id,
            Order.kind,
            Order.call_id,
            Order.subject_id,
            Order.details,
            Order.tries,
            Order.created_at,
            Order.is_paced,
        )
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    return TakenOrder(
        row.id,
        OrderKind(row.kind),
        row.call_id,
        row.subject_id,
        row.details,
        row.tries,
        row.created_at,
        row.is_paced,
    )


def settle(
    session: Session,
    taken: TakenOrder,
    state: str,
    now: datetime,
    *,
    carrier_sid: str | None = None,
    fault: str | None = None,
) -> bool:
    """Write the end of a taken order; False where the lease was lost and another settled it.

    state: done, failed or dropped. The number of tries is the fencing token.
    """
    result = session.execute(
        update(Order)
        .where(Order.id == taken.id, Order.state == "sending", Order.tries == taken.tries)
        .values(state=state, done_at=now, carrier_sid=carrier_sid, fault=fault, lease_until=None)
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    )
    return result.first() is not None


def postpone(session: Session, taken: TakenOrder, due_at: datetime, fault: str) -> None:
    """Put a taken order back for another try at `due_at`."""
    session.execute(
        update(Order)
        .where(Order.id == taken.id, Order.state == "sending", Order.tries == taken.tries)
        .values(state="due", due_at=due_at, lease_until=None, fault=fault, is_paced=False)
        .execution_options(synchronize_session=False)
    )


def pace(session: Session, taken: TakenOrder, slot: datetime) -> None:
    """Put a taken order back until its slot; the try does not count."""
    session.execute(
        update(Order)
        .where(Order.id == taken.id, Order.state == "sending", Order.tries == taken.tries)
        .values(state="due", due_at=slot, lease_until=None, tries=taken.tries - 1, is_paced=True)
        .execution_options(synchronize_session=False)
    )


_NEXT_SLOT = text(
    """
    INSERT INTO carrier_pace (id, next_at) VALUES (1, :now + :gap)
    ON CONFLICT (id) DO UPDATE SET next_at = greatest(carrier_pace.next_at, :now) + :gap
    RETURNING next_at - :gap AS slot
    """
)


def next_slot(session: Session, now: datetime, calls_per_second_max: float) -> datetime:
    """Reserve the next moment at which a new call may be asked of the carrier."""
    gap = timedelta(seconds=1 / calls_per_second_max)
    slot: datetime = session.execute(_NEXT_SLOT, {"now": now, "gap": gap}).scalar_one()
    return slot


def rung_leg(session: Session, offer_id: uuid.UUID) -> str | None:
    """Return the carrier sid of the leg that an offer rang, once it is known."""
    return session.scalar(
        select(Order.carrier_sid).where(
            Order.subject_id == offer_id,
            Order.kind == OrderKind.RING,
            Order.carrier_sid.is_not(None),
        )
    )


def is_pending(session: Session, kind: OrderKind, subject_id: uuid.UUID) -> bool:
    """Tell whether an order of `kind` for this subject was written and never carried out."""
    found = session.scalar(
        select(Order.id)
        .where(
            Order.kind == kind,
            Order.subject_id == subject_id,
            Order.state.in_(["due", "sending"]),
        )
        .limit(1)
    )
    return found is not None
