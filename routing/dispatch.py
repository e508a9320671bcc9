"""Deciding for everyone at once: choose (pure), reserve (the database referees), ring (an order).

Dispatch is serialised by one advisory lock; what changes the queue only wakes it. Locks are taken
in the house order: the dispatch lock, calls, presences, offers, sessions.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.database import lock
from core.policy import Policy
from core.rows import add_later
from core.statements import ask
from counselors import records as counselor_records
from counselors.records import ReadyRow
from counselors.states import PRESENCE_LIFE, PresenceEvent, PresenceState
from routing import orders, records
from routing.choose import Match, ReadyCounselor, choose
from routing.journal import journal_many
from routing.orders import OrderKind
from routing.states import CALL_LIFE, CallEvent, CallState, OfferState


@dataclass(frozen=True)
class Offered:
    """A reservation made: this call is offered to this counselor until the deadline."""

    offer_id: uuid.UUID
    call_id: uuid.UUID
    counselor_id: uuid.UUID
    endpoint: str
    reason: str
    deadline: datetime


def dispatch(session: Session, now: datetime, policy: Policy) -> tuple[Offered, ...]:
    """Offer waiting calls to ready counselors, as many pairs as there can be; return the offers.

    A counselor at a browser sees the offer on the desk; others are rung by an order.
    """
    if not records.anyone_waiting(session):
        return ()
    lock(session, records.DISPATCH_LOCK, then_briefly=True)
    ready = counselor_records.ready(session, now, policy.heartbeat_seconds_max)
    if not ready:
        return ()
    heads = records.heads_of_queue(
        session,
        len(ready),
        now,
        step_seconds=policy.priority_step_seconds,
        rest_seconds=policy.decline_rest_seconds,
        relax_seconds=policy.skill_relax_seconds,
        language_relax_seconds=policy.language_relax_seconds,
    )
    matches = choose(
        heads,
        [
            ReadyCounselor(row.counselor_id, row.idle_since, row.skills, row.languages)
            for row in ready
        ],
        priority_step_seconds=policy.priority_step_seconds,
        skill_relax_seconds=policy.skill_relax_seconds,
        language_relax_seconds=policy.language_relax_seconds,
        now=now,
    )
    return _reserve(session, matches, ready, now, policy)


def _reserve(
    session: Session, matches: list[Match], ready: list[ReadyRow], now: datetime, policy: Policy
) -> tuple[Offered, ...]:
    held = _hold(session, matches)
    if not held:
        return ()
    endpoints = {row.counselor_id: row.endpoint for row in ready}
    deadline = now + timedelta(seconds=policy.ring_seconds_max)
    offers = tuple(
        Offered(
            uuid.uuid4(),
            match.call_id,
            match.counselor_id,
            endpoints[match.counselor_id],
            match.reason,
            deadline,
        )
        for match in held
    )
    _write(session, offers, now)
    _ring(session, offers, now)
    return offers


_HOLD_CALLS = """
    SELECT id FROM calls WHERE id = ANY(%s) AND state = 'waiting' ORDER BY id
    FOR UPDATE SKIP LOCKED
"""
_HOLD_SEATS = """
    SELECT counselor_id FROM presences
    WHERE counselor_id = ANY(%s) AND status = 'ready' AND state = 'free'
    ORDER BY counselor_id FOR UPDATE SKIP LOCKED
"""


def _hold(session: Session, matches: list[Match]) -> list[Match]:
    """Lock both sides of each pair; keep the pairs of which both are still as they were chosen.

    A row that somebody else holds is not waited for, since all others would wait too; its pair is
    chosen again at the next look, and nobody else is given the other half meanwhile.
    """
    calls = ask(session, _HOLD_CALLS, ([match.call_id for match in matches],))
    waiting = {row[0] for row in calls.fetchall()}
    counselors = ask(session, _HOLD_SEATS, ([match.counselor_id for match in matches],))
    free = {row[0] for row in counselors.fetchall()}
    return [match for match in matches if match.call_id in waiting and match.counselor_id in free]


_OFFER_CALLS = "UPDATE calls SET state = %s, state_since = %s WHERE id = ANY(%s)"
_OFFER_SEATS = "UPDATE presences SET state = %s, state_since = %s WHERE counselor_id = ANY(%s)"


def _write(session: Session, offers: tuple[Offered, ...], now: datetime) -> None:
    offered = CALL_LIFE.after(CallState.WAITING, CallEvent.OFFERED)
    ask(session, _OFFER_CALLS, (offered, now, [offer.call_id for offer in offers]))
    reserved = PRESENCE_LIFE.after(PresenceState.FREE, PresenceEvent.RESERVED)
    ask(session, _OFFER_SEATS, (reserved, now, [offer.counselor_id for offer in offers]))
    for offer in offers:
        row = {
            "id": offer.offer_id,
            "call_id": offer.call_id,
            "counselor_id": offer.counselor_id,
            "state": OfferState.OPEN,
            "reason": offer.reason,
            "offered_at": now,
            "deadline": offer.deadline,
        }
        add_later(session, "offers", row)
    journal_many(
        session,
        [
            (offer.call_id, CallEvent.OFFERED, CallState.OFFERED, offer.counselor_id, offer.reason)
            for offer in offers
        ],
        now,
    )


def _ring(session: Session, offers: tuple[Offered, ...], now: datetime) -> None:
    for offer in offers:
        if offer.endpoint != "browser":
            orders.write(
                session,
                OrderKind.RING,
                call_id=offer.call_id,
                subject_id=offer.offer_id,
                now=now,
                counselor_id=str(offer.counselor_id),
            )
