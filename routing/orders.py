"""Actions on orders: written with the state they belong to, taken under a lease, settled once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.rows import add_later
from core.statements import ask, only
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
) -> uuid.UUID:
    """Write an order of `kind`, due now; return its id.

    It is there when the transaction ends: only later ones can drop it. details: carrier sid to
    act on, where to move, ...
    """
    order_id = uuid.uuid4()
    row = {
        "id": order_id,
        "kind": kind.value,
        "call_id": call_id,
        "subject_id": subject_id,
        "details": Jsonb(details),
        "created_at": now,
        "due_at": now,
    }
    add_later(session, "orders", row)
    return order_id


def look_up(
    session: Session, *, call_id: uuid.UUID, subject_id: uuid.UUID, leg_sid: str, now: datetime
) -> uuid.UUID:
    """Ask whether a leg is up. subject_id: the call for its caller's leg, else the session."""
    return write(
        session, OrderKind.LOOK_UP, call_id=call_id, subject_id=subject_id, now=now, leg_sid=leg_sid
    )


def hang_up(
    session: Session, *, call_id: uuid.UUID, subject_id: uuid.UUID, leg_sid: str, now: datetime
) -> uuid.UUID:
    """End a leg. subject_id: the call, or the session whose leg it is."""
    return write(
        session, OrderKind.HANG_UP, call_id=call_id, subject_id=subject_id, now=now, leg_sid=leg_sid
    )


_DROP = """
    UPDATE orders SET state = 'dropped', done_at = %s
    WHERE kind = %s AND subject_id = %s AND state = 'due'
"""


def drop(session: Session, kind: OrderKind, subject_id: uuid.UUID, now: datetime) -> None:
    """Drop orders of `kind` for this subject that nobody has taken yet."""
    ask(session, _DROP, (now, kind.value, subject_id))


_HOLD_CALL = """
    SELECT id FROM calls WHERE id = (
        SELECT call_id FROM orders WHERE id = %s AND kind IN ('ring', 'reach')) FOR UPDATE
"""


def hold_call(session: Session, order_id: uuid.UUID) -> None:
    """Lock the call for which an order rings somebody, before the order is taken or settled.

    The offer or session that waits for the leg may be put off then. Whoever gives those back has
    locked them and waits for the order, to drop it; by the call's lock the two take turns. So has
    whoever ends the offer: the leg that rings for it is known to them, or its end to us.
    """
    ask(session, _HOLD_CALL, (order_id,)).fetchone()


_TAKE = """
    UPDATE orders SET state = 'sending', lease_until = %(lease_until)s, tries = tries + 1
    WHERE id = %(id)s AND due_at <= %(now)s
        AND (state = 'due' OR (state = 'sending' AND lease_until <= %(now)s))
    RETURNING id, kind, call_id, subject_id, details, tries, created_at, is_paced
"""


def take(
    session: Session, order_id: uuid.UUID, now: datetime, lease_seconds: float
) -> TakenOrder | None:
    """Take a due order for `lease_seconds`, or return None where somebody else has it."""
    lease_until = now + timedelta(seconds=lease_seconds)
    values = {"id": order_id, "now": now, "lease_until": lease_until}
    row = ask(session, _TAKE, values).fetchone()
    if row is None:
        return None
    found, kind, *rest = row
    return TakenOrder(found, OrderKind(kind), *rest)


_SETTLE = """
    UPDATE orders SET state = %s, done_at = %s, carrier_sid = %s, fault = %s, lease_until = NULL
    WHERE id = %s AND state = 'sending' AND tries = %s RETURNING id
"""


def is_held(session: Session, taken: TakenOrder) -> bool:
    """Tell whether a taken order is still this taker's: its lease ran out for nobody else."""
    mine = "SELECT FROM orders WHERE id = %s AND state = 'sending' AND tries = %s"
    return ask(session, mine, (taken.id, taken.tries)).fetchone() is not None


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
    values = (state, now, carrier_sid, fault, taken.id, taken.tries)
    return ask(session, _SETTLE, values).fetchone() is not None


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


_NEXT_SLOT = """
    INSERT INTO carrier_pace (id, next_at) VALUES (1, %(now)s + %(gap)s)
    ON CONFLICT (id) DO UPDATE SET next_at = greatest(carrier_pace.next_at, %(now)s) + %(gap)s
    RETURNING next_at - %(gap)s
"""


def next_slot(session: Session, now: datetime, calls_per_second_max: float) -> datetime:
    """Reserve the next moment at which a new call may be asked of the carrier."""
    gap = timedelta(seconds=1 / calls_per_second_max)
    slot: datetime = only(ask(session, _NEXT_SLOT, {"now": now, "gap": gap}))[0]
    return slot


_RUNG_LEG = """
    SELECT carrier_sid FROM orders
    WHERE call_id = (SELECT call_id FROM offers WHERE id = %(offer_id)s)
        AND subject_id = %(offer_id)s AND kind = 'ring' AND carrier_sid IS NOT NULL LIMIT 1
"""


def rung_leg(session: Session, offer_id: uuid.UUID) -> str | None:
    """Return the carrier sid of the leg that an offer rang, once it is known."""
    row = ask(session, _RUNG_LEG, {"offer_id": offer_id}).fetchone()
    return None if row is None else str(row[0])


_IS_PENDING = """
    SELECT EXISTS (
        SELECT FROM orders WHERE kind = %s AND subject_id = %s AND state IN ('due', 'sending'))
"""


def is_pending(session: Session, kind: OrderKind, subject_id: uuid.UUID) -> bool:
    """Tell whether an order of `kind` for this subject was written and never carried out."""
    return bool(only(ask(session, _IS_PENDING, (kind.value, subject_id)))[0])


def legs_rung(session: Session, sids: Sequence[str]) -> frozenset[str]:
    """Return which of these legs are known as the legs of some order."""
    known = session.scalars(select(Order.carrier_sid).where(Order.carrier_sid.in_(sids)))
    return frozenset(sid for sid in known if sid is not None)
