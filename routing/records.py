"""Reading calls, offers and orders by name; never commits."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Float, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from core.clock import SEOUL
from core.rows import find, locked
from core.statements import ask, only
from routing.choose import WaitingCall
from routing.models import Call, Offer
from routing.states import CallState

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
    return find(session, Call, "carrier_sid = %s FOR UPDATE", (carrier_sid,))


def call_locked(session: Session, call_id: uuid.UUID) -> Call | None:
    """Return the call under a row lock."""
    return locked(session, Call, call_id)


def open_offer(session: Session, call_id: uuid.UUID) -> Offer | None:
    """Return the open offer of this call, if any."""
    return find(session, Offer, "call_id = %s AND state = 'open'", (call_id,))


def open_offer_of(session: Session, counselor_id: uuid.UUID) -> Offer | None:
    """Return the open offer to this counselor, if any."""
    return find(session, Offer, "counselor_id = %s AND state = 'open'", (counselor_id,))


_OFFERED_ENDPOINT = """
    SELECT c.endpoint FROM offers o JOIN counselors c ON c.id = o.counselor_id
    WHERE o.id = %s AND o.state = 'open'
"""


def offered_endpoint(session: Session, offer_id: uuid.UUID) -> str | None:
    """Return where the counselor of this offer is to be rung, None where it is not open."""
    row = ask(session, _OFFERED_ENDPOINT, (offer_id,)).fetchone()
    return None if row is None else str(row[0])


# A lost counselor has this long to show a sign of life before others are asked. The caller hears
# meanwhile that we reconnect, a sentence of this length.
COME_BACK_SECONDS = 3

_HEADS = """
    SELECT id, queued_at, priority, head_seconds, need, language, preferred_counselor_id, came_at
    FROM (
        SELECT alike.*, row_number() OVER (
            PARTITION BY need, language, is_relaxed, is_any_language, came_back
            ORDER BY extract(epoch FROM queued_at) - priority * %(step)s::float8 - head_seconds, id
        ) AS place
        FROM (
            SELECT c.*, queued_at <= %(relaxed_before)s AS is_relaxed,
                greatest(queued_at, arrived_at) AS came_at,
                greatest(queued_at, arrived_at) <= %(any_language_before)s AS is_any_language,
                state_since > queued_at AND state_since > %(rested_since)s AS came_back
            FROM calls c WHERE state = 'waiting' AND NOT EXISTS (
                SELECT FROM presences p
                WHERE p.counselor_id = c.preferred_counselor_id AND p.heard_at IS NULL
                    AND p.status = 'ready' AND p.state = 'free' AND p.state_since > %(lost_since)s
            )
        ) alike
    ) ranked
    WHERE place <= %(heads)s OR came_back OR preferred_counselor_id IS NOT NULL
"""


def heads_of_queue(
    session: Session,
    heads: int,
    now: datetime,
    *,
    step_seconds: float,
    rest_seconds: float,
    relax_seconds: float = 0.0,
    language_relax_seconds: float = 0.0,
) -> list[WaitingCall]:
    """Return as much of the queue as `choose` needs to pair `heads` ready counselors.

    Of calls that the same people may take, no more than the first `heads` can be matched. Calls
    that came back within `rest_seconds` are all returned, with who declined them lately: those may
    have to wait while a later one is served. Left out: a call whose counselor was lost less than
    COME_BACK_SECONDS ago and gave no sign of life since.
    """
    rested_since = now - timedelta(seconds=rest_seconds)
    values = {
        "step": step_seconds,
        "heads": heads,
        "rested_since": rested_since,
        "relaxed_before": now - timedelta(seconds=relax_seconds),
        "any_language_before": now - timedelta(seconds=language_relax_seconds),
        "lost_since": now - timedelta(seconds=COME_BACK_SECONDS),
    }
    rows = ask(session, _HEADS, values).fetchall()
    rested = _rested(session, [row[0] for row in rows], rested_since)
    return [
        WaitingCall(*row[:-1])._replace(rested=rested.get(row[0], frozenset()), came_at=row[-1])
        for row in rows
    ]


_RESTED = """
    SELECT call_id, array_agg(counselor_id) FROM offers
    WHERE call_id = ANY(%s) AND state IN ('declined', 'lapsed') AND ended_at > %s GROUP BY call_id
"""


def _rested(
    session: Session, call_ids: list[uuid.UUID], since: datetime
) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    if not call_ids:
        return {}
    rows = ask(session, _RESTED, (call_ids, since)).fetchall()
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


class Place(NamedTuple):
    """Where a call stands.

    ahead: calls that are asked before it. seats: counselors at work who may take it.
    """

    ahead: int
    seats: int


# The formula of `routing.choose.queue_key`. A browser left ready but unheard serves nobody.
_PLACE = """
    SELECT
        (SELECT count(*) FROM calls
         WHERE state IN ('waiting', 'offered') AND id <> %(id)s
            AND extract(epoch FROM queued_at)::float8 - priority * %(step)s::float8 - head_seconds
                < %(own)s::float8),
        (SELECT count(*) FROM presences p
         JOIN counselors c ON c.id = p.counselor_id
         JOIN accounts a ON a.id = p.counselor_id
         WHERE a.role = 'counselor' AND c.certified_until >= %(today)s
            AND (c.languages ? %(language)s OR %(any_language)s)
            AND (p.state <> 'free'
            OR p.status = 'ready' AND (c.endpoint <> 'browser' OR p.heard_at >= %(heard_after)s)))
"""


def place(
    session: Session,
    call: Call,
    now: datetime,
    *,
    priority_step_seconds: float,
    heartbeat_seconds_max: float,
    language_relax_seconds: float,
) -> Place:
    """Return how many calls are asked before this one, and how many counselors may take it.

    They are at work: ready and reachable, or with a call or wrap-up. A browser unheard for
    `heartbeat_seconds_max` is not reachable. Their certificate holds today in Seoul, and they speak
    the call's language, until it has waited for `language_relax_seconds`.
    """
    assert call.queued_at is not None
    came_at = max(call.queued_at, call.arrived_at)
    own = call.queued_at.timestamp() - call.priority * priority_step_seconds - call.head_seconds
    values = {
        "id": call.id,
        "own": own,
        "step": priority_step_seconds,
        "heard_after": now - timedelta(seconds=heartbeat_seconds_max),
        "today": now.astimezone(SEOUL).date(),
        "language": call.language,
        "any_language": (now - came_at).total_seconds() >= language_relax_seconds,
    }
    return Place(*only(ask(session, _PLACE, values)))


class Overview(NamedTuple):
    """What each sweep asks first. waiting: calls that wait or are being offered.

    told_at: by the database's own clock.
    """

    waiting: int
    is_overdue: bool
    told_at: datetime


OVERDUE_OFFERS = """
    SELECT id FROM offers o WHERE o.state = 'open' AND (o.deadline <= %(now)s OR EXISTS (
        SELECT FROM presences p JOIN counselors c ON c.id = p.counselor_id
        WHERE p.counselor_id = o.counselor_id AND p.state = 'offered' AND c.endpoint = 'browser'
            AND (p.heard_at < %(heard_after)s OR p.heard_at IS NULL)))
"""
_IS_OVERDUE = f"{OVERDUE_OFFERS} AND o.id = %(offer_id)s FOR UPDATE OF o"
OVERDUE_SESSIONS = "SELECT id FROM sessions WHERE state <> 'closed' AND deadline <= %(now)s"
OVERDUE_CALLS = """
    SELECT id FROM calls WHERE state NOT IN ('closed', 'wrapping') AND deadline <= %(now)s
"""
_OVERVIEW = f"""
    SELECT
        (SELECT count(*) FROM calls WHERE state IN ('waiting', 'offered')),
        EXISTS ({OVERDUE_OFFERS}) OR EXISTS ({OVERDUE_SESSIONS}) OR EXISTS ({OVERDUE_CALLS}),
        clock_timestamp()
"""


def overview(session: Session, now: datetime, heartbeat_seconds_max: float) -> Overview:
    """Return how many calls wait, and whether anything is past its time.

    An offer to a browser that is unheard for `heartbeat_seconds_max` is overdue too.
    """
    heard_after = now - timedelta(seconds=heartbeat_seconds_max)
    return Overview(*only(ask(session, _OVERVIEW, {"now": now, "heard_after": heard_after})))


def is_offer_overdue(
    session: Session, offer_id: uuid.UUID, now: datetime, heartbeat_seconds_max: float
) -> bool:
    """Tell whether this offer is past its time as its row stands, which is locked if so."""
    heard_after = now - timedelta(seconds=heartbeat_seconds_max)
    values = {"now": now, "heard_after": heard_after, "offer_id": offer_id}
    return ask(session, _IS_OVERDUE, values).fetchone() is not None


def anyone_waiting(session: Session) -> bool:
    """Tell whether a call waits."""
    return bool(only(ask(session, "SELECT EXISTS (SELECT FROM calls WHERE state = 'waiting')"))[0])


class Glance(NamedTuple):
    """What one look at the line shows. touched_counselors: whose desk may show something new.

    told_at: by the database's own clock.
    """

    may_offer: bool
    due_orders: Sequence[uuid.UUID]
    touched_counselors: Sequence[uuid.UUID]
    told_at: datetime


_DUE_ORDERS = """
    SELECT id FROM orders
    WHERE due_at <= %(now)s
        AND (state = 'due' OR (state = 'sending' AND lease_until <= %(now)s))
    ORDER BY due_at, id LIMIT %(limit)s
"""
_GLANCE = f"""
    SELECT
        EXISTS (SELECT 1 FROM calls WHERE state = 'waiting')
        AND EXISTS (SELECT 1 FROM presences WHERE status = 'ready' AND state = 'free'),
        ARRAY({_DUE_ORDERS}),
        ARRAY(
            SELECT DISTINCT counselor_id FROM call_events
            WHERE at >= %(since)s AND counselor_id IS NOT NULL
        ),
        clock_timestamp()
"""


def glance(session: Session, now: datetime, since: datetime, limit: int) -> Glance:
    """Look once whether anything can be offered, which orders are due, whose desk changed.

    since: how far back a change counts as new. limit: of orders.
    """
    values = {"now": now, "since": since, "limit": limit}
    return Glance(*only(ask(session, _GLANCE, values)))


def due_orders(session: Session, now: datetime, limit: int) -> list[uuid.UUID]:
    """Return orders to be carried out now: due, or taken by somebody who did not report back."""
    rows = ask(session, _DUE_ORDERS, {"now": now, "limit": limit}).fetchall()
    return [row[0] for row in rows]
