"""Mending what is overdue: every state has a limit, and this is who looks.

A deadline is a column, so a sweep after any crash finds what the dead process left behind. Each
item is mended in its own savepoint: one that can't be does not stop the others.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from core.database import try_lock
from core.log import event_log
from core.mending import Mend, mend_each
from core.policy import Policy
from core.statements import ask, only
from counselors import presence, sessions
from counselors import records as counselor_records
from counselors.states import SessionState
from routing import calls, orders, records
from routing.actions import decline_offer, lapse_offer
from routing.line import caller_left, counselor_leg_ended, look_beside, lose_counselor
from routing.models import Offer
from routing.orders import OrderKind
from routing.outward import not_reached
from routing.states import CallEvent, CallState
from routing.talks import locked_session, reconnect_again

log = event_log(__name__)

EACH_MAX = 500

_EARLIEST = f"ORDER BY deadline, id LIMIT {EACH_MAX}"
_OVERDUE = f"""
    SELECT
        ARRAY({records.OVERDUE_OFFERS} {_EARLIEST}),
        ARRAY({records.OVERDUE_SESSIONS} AND state IN ('joining', 'talking') {_EARLIEST}),
        ARRAY({records.OVERDUE_SESSIONS} AND state = 'wrapping' {_EARLIEST}),
        ARRAY({records.OVERDUE_CALLS} {_EARLIEST})
"""


class Overdue(NamedTuple):
    """What is past its time, in the order in which it is mended."""

    offers: Sequence[uuid.UUID]
    joins: Sequence[uuid.UUID]
    wraps: Sequence[uuid.UUID]
    calls: Sequence[uuid.UUID]


@dataclass(frozen=True)
class Swept:
    """How many of each kind were mended."""

    offers_lapsed: int = 0
    joins_lost: int = 0
    wraps_lapsed: int = 0
    calls_looked_up: int = 0

    def __bool__(self) -> bool:
        """Tell whether anything was mended."""
        return any((self.offers_lapsed, self.joins_lost, self.wraps_lapsed, self.calls_looked_up))


def sweep(session: Session, now: datetime, policy: Policy) -> Swept:
    """Mend everything overdue at `now`; does nothing while another process sweeps."""
    # A sweep touches many rows, and dispatch does too.
    if not try_lock(session, "sweep", then=records.DISPATCH_LOCK):
        return Swept()
    found = _overdue(session, now, policy)
    is_all = sum(map(len, found)) == 1  # as nearly always: one call to be looked up

    def each(ids: Sequence[uuid.UUID], mend: Mend) -> int:
        return mend_each(session, ids, mend, _tell, is_all=is_all)

    return Swept(
        offers_lapsed=each(found.offers, _lapse(now, policy)),
        joins_lost=each(found.joins, _lose(now, policy)),
        wraps_lapsed=each(found.wraps, _lapse_wrap(now, policy)),
        calls_looked_up=each(found.calls, _look_up(now, policy)),
    )


def _overdue(session: Session, now: datetime, policy: Policy) -> Overdue:
    heard_after = now - timedelta(seconds=policy.heartbeat_seconds_max)
    return Overdue(*only(ask(session, _OVERDUE, {"now": now, "heard_after": heard_after})))


def _tell(fault: Exception, subject_id: uuid.UUID) -> None:
    log.error("sweep_item_failed", fault, subject_id=str(subject_id))


def _lapse(now: datetime, policy: Policy) -> Mend:
    def mend(session: Session, offer_id: uuid.UUID) -> None:
        offer = session.get_one(Offer, offer_id)
        records.call_locked(session, offer.call_id)
        presence.locked(session, offer.counselor_id)
        if not records.is_offer_overdue(session, offer_id, now, policy.heartbeat_seconds_max):
            return  # picked up or heard again at the last moment, before these locks
        if orders.is_pending(session, OrderKind.RING, offer_id):
            # The carrier never rang: nobody failed to answer.
            decline_offer(session, offer_id, offer.counselor_id, "not rung", now, policy)
            return
        lapse_offer(session, offer_id, offer.counselor_id, now, policy)

    return mend


def _lose(now: datetime, policy: Policy) -> Mend:
    def mend(session: Session, session_id: uuid.UUID) -> None:
        found = locked_session(session, session_id)
        if found is None or found[2].deadline is None or found[2].deadline > now:
            return  # joined at the last moment, before this lock
        _, held, talk = found
        never_came = talk.state == SessionState.JOINING
        lose_counselor(session, session_id, "not joined in time", now, policy)
        if never_came:
            presence.mark_not_answering(held, now)

    return mend


def _lapse_wrap(now: datetime, policy: Policy) -> Mend:
    def mend(session: Session, session_id: uuid.UUID) -> None:
        found = locked_session(session, session_id)
        if found is None or found[2].state != SessionState.WRAPPING:
            return
        call, held, talk = found
        sessions.close(talk, held, None, now)
        calls.move(
            session,
            call,
            CallEvent.WRAP_LAPSED,
            now,
            policy,
            reason="unrecorded",
            counselor_id=talk.counselor_id,
        )

    return mend


def _look_up(now: datetime, policy: Policy) -> Mend:
    def mend(session: Session, call_id: uuid.UUID) -> None:
        call = records.call_locked(session, call_id)
        if call is None or call.deadline is None or call.deadline > now:
            return  # closed, or heard of, since it was found overdue
        call.deadline = calls.deadline(CallState(call.state), now, policy)
        if not look_beside(session, call, now, policy):
            orders.look_up(
                session, call_id=call.id, subject_id=call.id, leg_sid=call.carrier_sid, now=now
            )
        talk = counselor_records.live_session(session, call.id)
        if talk is not None and talk.leg_sid is not None:
            orders.look_up(
                session, call_id=call.id, subject_id=talk.id, leg_sid=talk.leg_sid, now=now
            )

    return mend


_IS_THERE = """
    UPDATE calls SET heard_at = %(now)s
    FROM (SELECT id, state, heard_at, state_since FROM calls WHERE id = %(id)s FOR UPDATE) was
    WHERE calls.id = was.id
    RETURNING was.state IN ('waiting', 'offered')
        AND greatest(was.heard_at, was.state_since) <= %(unheard_since)s
"""


def settle_look_up(
    session: Session,
    call_id: uuid.UUID,
    is_live: bool,
    asked_at: datetime,
    now: datetime,
    policy: Policy,
) -> None:
    """Apply what the carrier said of a call: still there, or gone without telling us.

    Who waits hears an announcement every `announce_seconds`, for which the carrier asks us. Where
    it did not ask for two of them, the caller may be in a silent room, and is fetched out of it.

    asked_at: when the look-up was ordered. A call that was heard of since then is not over: the
    answer may be older than what was heard.
    """
    if is_live:
        unheard_since = asked_at - timedelta(seconds=2 * policy.announce_seconds)
        values = {"id": call_id, "now": now, "unheard_since": unheard_since}
        row = ask(session, _IS_THERE, values).fetchone()
        if row is not None and row[0]:
            reconnect_again(session, call_id, now)
        return
    call = records.call_locked(session, call_id)
    if call is None or call.heard_at > asked_at:
        return
    if call.state == CallState.REACHING:
        not_reached(session, call, "failed", now, policy)
        return
    caller_left(session, call, "found ended", now, policy)


def settle_leg_look_up(
    session: Session,
    session_id: uuid.UUID,
    leg_sid: str,
    is_live: bool,
    now: datetime,
    policy: Policy,
) -> None:
    """Apply what the carrier said of the counselor's leg in a session."""
    if not is_live:
        counselor_leg_ended(session, session_id, leg_sid, "found ended", now, policy)
