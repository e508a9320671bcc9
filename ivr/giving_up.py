"""Where the carrier did not do what an order asks: when to ask again, and what giving up means."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.policy import Policy
from core.services import Services
from ivr.faults import CarrierFault, FaultKind, GiveUp, Retry, after, insisting
from routing import actions, calls, line, outward, records
from routing.models import Offer
from routing.orders import OrderKind, TakenOrder

OUT_OF_SILENCE = ("reconnect", "goodbye")
"""Where a caller is moved who sits in a room alone and hears nothing until then; a counselor who
does is hung up."""
LEG_HOURS_MAX = timedelta(hours=24)
"""The carrier ends any leg by then."""


def next_try(
    taken: TakenOrder, fault: CarrierFault, now: datetime, policy: Policy
) -> Retry | GiveUp:
    """Return when the order is carried out again, or that it is given up.

    Who sits in a silent room is not left there, however long the carrier fails.
    """
    pause = policy.order_backoff_seconds
    to = taken.details.get("to")
    is_silent = taken.kind is OrderKind.HANG_UP or to in OUT_OF_SILENCE
    if is_silent and now - taken.created_at < LEG_HOURS_MAX:
        return insisting(fault.kind, taken.tries, now, backoff_seconds=pause)
    if _may_ring_unheard(taken, fault, policy):
        return Retry(now + timedelta(seconds=pause))
    # Others may be asked at once; a promised call is planned again.
    tries_max = 1 if _rang_nobody(taken, fault) else policy.order_tries_max
    return after(fault.kind, taken.tries, now, tries_max=tries_max, backoff_seconds=pause)


def is_last_look(taken: TakenOrder, policy: Policy) -> bool:
    """Tell whether a ring's tries are spent, and only the leg of the last is looked for."""
    return taken.tries > policy.order_tries_max


def _may_ring_unheard(taken: TakenOrder, fault: CarrierFault, policy: Policy) -> bool:
    """Tell whether the last try may ring somebody though its answer was lost.

    Nobody would know that leg: whoever picked it up would hear nothing.
    """
    is_ring = taken.kind in (OrderKind.RING, OrderKind.REACH)
    return is_ring and fault.kind is FaultKind.UNKNOWN and taken.tries == policy.order_tries_max


def _rang_nobody(taken: TakenOrder, fault: CarrierFault) -> bool:
    """Tell of a ring that certainly was none. An earlier try of a citizen may have been one."""
    if fault.kind is not FaultKind.SHUT_OUT:
        return False
    return taken.kind is OrderKind.RING or (taken.kind is OrderKind.REACH and taken.tries == 1)


def _give_up_ring(
    services: Services, session: Session, taken: TakenOrder, fault: CarrierFault
) -> None:
    """Free the counselor, keep the caller's place; an endpoint refused for good needs a person.

    Whoever was not rung since the carrier refused all of us, or failed, bears no mark of it.
    """
    offer = session.get_one(Offer, taken.subject_id)
    now, policy = services.clock.now(), services.policy
    if fault.kind is FaultKind.REFUSED:
        actions.lapse_offer(session, offer.id, offer.counselor_id, now, policy)
        return
    why = calls.NOT_RUNG if _rang_nobody(taken, fault) else "carrier failed"
    actions.decline_offer(session, offer.id, offer.counselor_id, why, now, policy)


def _give_up_move(
    services: Services, session: Session, taken: TakenOrder, fault: CarrierFault
) -> None:
    """A caller who is gone has left; one who can't be moved keeps waiting and the seat is freed."""
    now, policy = services.clock.now(), services.policy
    if taken.details["to"] == "goodbye":
        return
    if fault.kind is FaultKind.GONE:
        call = records.call_locked(session, taken.call_id)
        if call is not None:
            line.caller_left(session, call, "found gone", now, policy)
        return
    line.lose_counselor(session, taken.subject_id, "carrier failed", now, policy)


def _give_up_reach(
    services: Services, session: Session, taken: TakenOrder, fault: CarrierFault
) -> None:
    """The citizen can't be rung: the counselor is free, the promise is planned again."""
    call = records.call_locked(session, taken.call_id)
    said = calls.NOT_RUNG if _rang_nobody(taken, fault) else "failed"
    if call is not None:
        outward.not_reached(session, call, said, services.clock.now(), services.policy)


def _give_up_nothing(
    _services: Services, _session: Session, _taken: TakenOrder, _fault: CarrierFault
) -> None:
    """A leg that is gone is hung up; a look-up is asked again when the call is next overdue."""


GIVE_UP: Mapping[OrderKind, Callable[[Services, Session, TakenOrder, CarrierFault], None]] = {
    OrderKind.RING: _give_up_ring,
    OrderKind.REACH: _give_up_reach,
    OrderKind.MOVE: _give_up_move,
    OrderKind.HANG_UP: _give_up_nothing,
    OrderKind.LOOK_UP: _give_up_nothing,
}
