"""Reading calls, offers and orders by name; never commits."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Float, and_, func, or_, select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from core.models import Account
from counselors.models import Counselor, Presence
from counselors.states import PresenceState, Status
from routing.choose import WaitingCall
from routing.models import Call, Offer, Order
from routing.states import CallState, OfferState

DISPATCH_LOCK = "dispatch"


@dataclass(frozen=True)
class QueueRow:
    """A waiting call as the board shows it, in the order of asking."""

    call_id: uuid.UUID
    queued_at: datetime
    need: str
    priority: int
    reason: str
    language: str


def queue_order(priority_step_seconds: float) -> ColumnElement[float]:
    """The order of asking in SQL; the same formula as `routing.choose.queue_key`."""
    arrived = func.extract("epoch", Call.queued_at).cast(Float)
    return arrived - Call.priority * priority_step_seconds - Call.head_seconds


def call_by_sid(session: Session, carrier_sid: str) -> Call | None:
    """Return the call with this carrier sid under a row lock, if we know it."""
    return session.scalar(
        select(Call)
        .where(Call.carrier_sid == carrier_sid)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def call_locked(session: Session, call_id: uuid.UUID) -> Call | None:
    """Return the call under a row lock."""
    return session.get(Call, call_id, with_for_update=True, populate_existing=True)


def open_offer(session: Session, call_id: uuid.UUID) -> Offer | None:
    """Return the open offer of this call, if any."""
    return session.scalar(
        select(Offer).where(Offer.call_id == call_id, Offer.state == OfferState.OPEN)
    )


def open_offer_of(session: Session, counselor_id: uuid.UUID) -> Offer | None:
    """Return the open offer to this counselor, if any."""
    return session.scalar(
        select(Offer).where(Offer.counselor_id == counselor_id, Offer.state == OfferState.OPEN)
    )


# A lost counselor has this long to show a sign of life before others are asked. The caller hears
# meanwhile that we reconnect, a sentence of this length.
COME_BACK_SECONDS = 3

_HEADS = text(
    """
    SELECT id, queued_at, priority, head_seconds, need, language, preferred_counselor_id
    FROM (
        SELECT alike.*, row_number() OVER (
            PARTITION BY need, language, is_relaxed, came_back
            ORDER BY extract(epoch FROM queued_at) - priority * :step - head_seconds, id
        ) AS place
        FROM (
            SELECT c.*, queued_at <= :relaxed_before AS is_relaxed,
                state_since > queued_at AND state_since > :rested_since AS came_back
            FROM calls c WHERE state = 'waiting' AND NOT EXISTS (
                SELECT FROM presences p
                WHERE p.counselor_id = c.preferred_counselor_id AND p.heard_at IS NULL
                    AND p.status = 'ready' AND p.state = 'free' AND p.state_since > :lost_since
            )
        ) alike
    ) ranked
    WHERE place <= :heads OR came_back OR preferred_counselor_id IS NOT NULL
    """
)


def heads_of_queue(
    session: Session,
    heads: int,
    now: datetime,
    *,
    step_seconds: float,
    rest_seconds: float,
    relax_seconds: float = 0.0,
) -> list[WaitingCall]:
    """Return as much of the queue as `choose` needs to pair `heads` ready counselors.

    Of calls that the same people may take, no more than the first `heads` can be matched. Calls
    that came back within `rest_seconds` are all returned, with who declined them lately: those may
    have to wait while a later one is served. Left out: a call whose counselor was lost less than
    COME_BACK_SECONDS ago and gave no sign of life since.
    """
    rested_since = now - timedelta(seconds=rest_seconds)
    rows = session.execute(
        _HEADS,
        {
            "step": step_seconds,
            "heads": heads,
            "rested_since": rested_since,
            "relaxed_before": now - timedelta(seconds=relax_seconds),
            "lost_since": now - timedelta(seconds=COME_BACK_SECONDS),
        },
    ).all()
    rested = _rested(session, [row.id for row in rows], rested_since)
    return [
        WaitingCall(
            row.id,
            row.queued_at,
            row.priority,
            row.head_seconds,
            row.need,
            row.language,
            row.preferred_counselor_id,
            rested.get(row.id, frozenset()),
        )
        for row in rows
    ]


def _rested(
    session: Session, call_ids: list[uuid.UUID], since: datetime
) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    if not call_ids:
        return {}
    rows = session.execute(
        select(Offer.call_id, func.array_agg(Offer.counselor_id))
        .where(
            Offer.call_id.in_(call_ids),
            Offer.state.in_([OfferState.DECLINED, OfferState.LAPSED]),
            Offer.ended_at > since,
        )
        .group_by(Offer.call_id)
    )
    return {call_id: frozenset(ids) for call_id, ids in rows}


def waiting(session: Session, priority_step_seconds: float) -> list[QueueRow]:
    """Return everyone who waits or is being offered, in the order of asking."""
    rows = session.execute(
        select(Call.id, Call.queued_at, Call.need, Call.priority, Call.language, Call.state)
        .where(Call.state.in_([CallState.WAITING, CallState.OFFERED]))
        .order_by(queue_order(priority_step_seconds), Call.id)
    )
    return [
        QueueRow(
            row.id, row.queued_at, row.need or "talk", row.priority, _why_waiting(row), row.language
        )
        for row in rows
    ]


def _why_waiting(row: object) -> str:
    return "ringing" if getattr(row, "state", "") == CallState.OFFERED else "nobody free"


def position(session: Session, call: Call, priority_step_seconds: float) -> int:
    """Return how many calls will be asked up to and including this one (1 = next)."""
    order = queue_order(priority_step_seconds)
    assert call.queued_at is not None
    own = call.queued_at.timestamp() - call.priority * priority_step_seconds - call.head_seconds
    ahead = session.scalar(
        select(func.count())
        .select_from(Call)
        .where(
            Call.state.in_([CallState.WAITING, CallState.OFFERED]), order < own, Call.id != call.id
        )
    )
    return 1 + (ahead or 0)


def seats(session: Session, now: datetime, heartbeat_seconds_max: float) -> int:
    """Return how many counselors are at work: ready and reachable, or with a call or wrap-up.

    A browser left ready but unheard for `heartbeat_seconds_max` serves nobody and is no seat.
    """
    heard_after = now - timedelta(seconds=heartbeat_seconds_max)
    is_reachable = or_(Counselor.endpoint != "browser", Presence.heard_at >= heard_after)
    return (
        session.scalar(
            select(func.count())
            .select_from(Presence)
            .join(Counselor, Counselor.id == Presence.counselor_id)
            .join(Account, Account.id == Presence.counselor_id)
            .where(
                Account.role == "counselor",
                or_(
                    and_(Presence.status == Status.READY, is_reachable),
                    Presence.state != PresenceState.FREE,
                ),
            )
        )
        or 0
    )


def waiting_count(session: Session) -> int:
    """Return how many calls wait or are being offered."""
    live = Call.state.in_([CallState.WAITING, CallState.OFFERED])
    return session.scalar(select(func.count()).select_from(Call).where(live)) or 0


def anyone_waiting(session: Session) -> bool:
    """Tell whether a call waits."""
    return (
        session.scalar(select(Call.id).where(Call.state == CallState.WAITING).limit(1)) is not None
    )


class Glance(NamedTuple):
    """What one look at the line shows. touched_counselors: whose desk may show something new."""

    may_offer: bool
    due_orders: Sequence[uuid.UUID]
    touched_counselors: Sequence[uuid.UUID]


_GLANCE = """
    SELECT
        EXISTS (SELECT 1 FROM calls WHERE state = 'waiting')
        AND EXISTS (SELECT 1 FROM presences WHERE status = 'ready' AND state = 'free'),
        ARRAY(
            SELECT id FROM orders
            WHERE due_at <= %(now)s
                AND (state = 'due' OR (state = 'sending' AND lease_until <= %(now)s))
            ORDER BY due_at LIMIT %(limit)s
        ),
        ARRAY(
            SELECT DISTINCT counselor_id FROM call_events
            WHERE at >= %(since)s AND counselor_id IS NOT NULL
        )
"""


def glance(session: Session, now: datetime, since: datetime, limit: int) -> Glance:
    """Look once whether anything can be offered, which orders are due, whose desk changed.

    since: how far back a change counts as new. limit: of orders.
    """
    values = {"now": now, "since": since, "limit": limit}
    return Glance(*session.connection().exec_driver_sql(_GLANCE, values).one())


def due_orders(session: Session, now: datetime, limit: int) -> list[uuid.UUID]:
    """Return orders to be carried out now: due, or taken by somebody who did not report back."""
    rows = session.scalars(
        select(Order.id)
        .where(
            Order.due_at <= now,
            or_(
                Order.state == "due",
                (Order.state == "sending") & (Order.lease_until <= now),
            ),
        )
        .order_by(Order.due_at)
        .limit(limit)
    )
    return list(rows)
