"""Carrying out an order: take it, ask the carrier outside any transaction, write what came of it.

Taking is a conditional write with a lease and the number of tries as fencing token, so a worker
that dies in the middle loses nothing and two workers never both settle one order.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy.orm import Session

from callbacks.actions import IN_HAND
from callbacks.guard import Clear, look
from callbacks.records import hours_tried, is_on_the_line, promise_of_call
from citizens.models import Citizen
from core.log import event_log
from core.policy import Policy
from core.rows import by_id
from core.services import Services
from counselors.models import CounselingSession
from counselors.states import SessionState
from ivr.carrier import Carrier
from ivr.faults import CarrierFault, FaultKind, GiveUp
from ivr.giving_up import GIVE_UP, is_last_look, next_try
from ivr.instructions import Link
from ivr.twiml import Page
from routing import actions, handing_on, orders, outward, records, sweep
from routing.models import Call, Offer
from routing.orders import OrderKind, TakenOrder
from routing.states import CallState, OfferState

log = event_log(__name__)

RINGING = (OrderKind.RING, OrderKind.REACH)
REACH_SECONDS = 30
CLOCKS_APART = timedelta(minutes=5)
"""A wrong clock of ours must not hide a leg that rings."""


@dataclass(frozen=True)
class Nothing:
    """The order is obsolete: what it was for is over."""


@dataclass(frozen=True)
class Paced:
    """The order waits for its slot: the carrier takes one new call a second."""


@dataclass(frozen=True)
class Request:
    """What to ask of the carrier; returns the sid of a rung leg, or whether a leg is live."""

    ask: Callable[[Carrier], str | bool | None]


class Overtaken(Exception):
    """The lease ran out while the carrier was being asked, and another has the order now."""


Plan: TypeAlias = Nothing | Paced | Request


def carry_out(services: Services, carrier: Carrier, page: Page, order_id: uuid.UUID) -> str:
    """Carry out one order and return what became of it, in one word for the metrics."""
    taken, plan = services.database.run(lambda session: _take(services, page, session, order_id))
    if taken is None:
        return "elsewhere"
    if not isinstance(plan, Request):
        return "dropped" if isinstance(plan, Nothing) else "paced"
    try:
        answer = plan.ask(carrier)
    except Overtaken:
        outcome = "superseded"
    except CarrierFault as caught:
        outcome = _settle_failure(services, taken, caught)
    else:
        outcome = services.database.run(lambda session: _done(services, session, taken, answer))
    services.metrics.orders.labels(taken.kind, outcome).inc()
    services.live.ring("line")
    return outcome


def _settle_failure(services: Services, taken: TakenOrder, fault: CarrierFault) -> str:
    if fault.kind is FaultKind.SHUT_OUT:
        services.metrics.carrier_shut_out.inc()
        log.error("carrier_shut_us_out", says=fault.says)
    outcome = services.database.run(lambda session: _failed(services, session, taken, fault))
    log.warning("order_failed", kind=taken.kind, outcome=outcome, says=fault.says)
    return outcome


def _take(
    services: Services, page: Page, session: Session, order_id: uuid.UUID
) -> tuple[TakenOrder | None, Plan]:
    now = services.clock.now()
    orders.hold_call(session, order_id)
    taken = orders.take(session, order_id, now, services.policy.order_lease_seconds)
    if taken is None:
        return None, Nothing()
    plan = _PLAN[taken.kind](services, page, session, taken)
    if isinstance(plan, Nothing):
        orders.settle(session, taken, "dropped", now)
        return taken, plan
    if taken.kind in RINGING and not taken.is_paced:
        slot = orders.next_slot(session, now, services.policy.carrier_calls_per_second_max)
        if slot > now:
            orders.pace(session, taken, slot)
            _put_off(session, taken, slot, services.policy)
            return taken, Paced()
    return taken, plan


def _put_off(session: Session, taken: TakenOrder, slot: datetime, policy: Policy) -> None:
    """Whoever waits for this leg waits from its slot on."""
    if taken.kind is OrderKind.RING:
        actions.put_off_offer(session, taken.subject_id, slot, policy)
        return
    outward.put_off_reaching(session, uuid.UUID(taken.details["session_id"]), slot, policy)


def _plan_ring(services: Services, page: Page, session: Session, taken: TakenOrder) -> Plan:
    """Ring the counselor of an offer that is still open; look first where a try was lost."""
    endpoint = records.offered_endpoint(session, taken.subject_id)
    if endpoint is None:
        return Nothing()
    to = endpoint.removeprefix("tel:")
    query = {"offer": str(taken.subject_id)}
    seconds = int(services.policy.ring_seconds_max)
    return Request(_ring(services, page, to, "whisper", "leg", query, taken, seconds))


def _plan_reach(services: Services, page: Page, session: Session, taken: TakenOrder) -> Plan:
    """Ring a citizen who may be rung at this moment; looked at once more, at the last moment."""
    call = records.call_locked(session, taken.call_id)
    promise = promise_of_call(session, taken.call_id)
    if call is None or promise is None or call.state != CallState.REACHING:
        return Nothing()
    citizen = session.get_one(Citizen, promise.citizen_id)
    now = services.clock.now()
    tried = hours_tried(session, promise)
    looked = look(session, citizen, now, promise.purpose, services.sealer, tried)
    if not isinstance(looked, Clear) or promise.state not in IN_HAND:
        return _call_off(session, call, now, services.policy)
    if _is_busy(services, session, call, looked.e164):
        return _call_off(session, call, now, services.policy)
    query = {"session": str(taken.details["session_id"])}
    machine = page.url(Link("reached-machine", query))
    hooks = ("reached", "reach-leg")
    ask = _ring(services, page, looked.e164, *hooks, query, taken, REACH_SECONDS, machine)
    return Request(ask)


def _call_off(session: Session, call: Call, now: datetime, policy: Policy) -> Nothing:
    outward.not_reached(session, call, "cancelled", now, policy)
    return Nothing()


def _is_busy(services: Services, session: Session, call: Call, e164: str) -> bool:
    """Tell whether another call of ours is on that line, whichever key its number is kept under."""
    indexes = services.sealer.indexes(e164)
    return any(is_on_the_line(session, index, call.id) for index in indexes)


def _ring(
    services: Services,
    page: Page,
    to: str,
    hook: str,
    status_hook: str,
    query: Mapping[str, str],
    taken: TakenOrder,
    seconds: int,
    machine_url: str = "",
) -> Callable[[Carrier], str]:
    """Ring once: after a try whose answer was lost, look for its leg before ringing again.

    After the last, look only.
    """

    def ask(carrier: Carrier) -> str:
        found = _lost_leg(services, carrier, to, taken) if taken.tries > 1 else None
        if found is not None:
            return found
        if is_last_look(taken, services.policy):
            raise CarrierFault(FaultKind.UNKNOWN, "never rang")
        return carrier.ring(
            to,
            url=page.url(Link(hook, query)),
            status_url=f"{page.url(Link(status_hook, query))}#rc=2&rp=all",
            fallback_url=page.url(Link("fallback")),
            timeout_seconds=seconds,
            machine_url=machine_url,
        )

    return ask


def _lost_leg(services: Services, carrier: Carrier, to: str, taken: TakenOrder) -> str | None:
    """Return the leg of an earlier try whose answer was lost, if it rang.

    Legs begin by the carrier's clock, which is not ours; one that another order rang is not it.
    Raises Overtaken where looking took so long that another may be ringing by now.
    """
    rang = carrier.find_rings(to, taken.created_at - CLOCKS_APART)
    with services.database.reading() as session:
        if not orders.is_held(session, taken):
            raise Overtaken
        known = orders.legs_rung(session, rang) if rang else frozenset()
    return next((sid for sid in rang if sid not in known), None)


def _plan_move(_services: Services, page: Page, session: Session, taken: TakenOrder) -> Plan:
    """Move the caller, as long as the call is where the order thinks it is."""
    call = by_id(session, Call, taken.call_id)
    assert call is not None
    to = str(taken.details["to"])
    if not _still_wanted(session, call, taken.subject_id, to):
        return Nothing()
    url = page.url(Link(to, {"session": str(taken.subject_id)}))
    return Request(lambda carrier: carrier.move(call.carrier_sid, url))


def _still_wanted(session: Session, call: Call, session_id: uuid.UUID, to: str) -> bool:
    if call.left_at is not None or call.state == CallState.CLOSED:
        return to == "goodbye" and call.left_at is None
    talk = by_id(session, CounselingSession, session_id)
    assert talk is not None
    if to == "join":  # who is there already would be torn out of the room and put back
        return talk.state == SessionState.TALKING and talk.joined_at is None
    if to == "reconnect":  # by now somebody else may have the caller
        return handing_on.is_awaited(session, call)
    return talk.state not in (SessionState.JOINING, SessionState.TALKING)


def _plan_hang_up(_services: Services, _page: Page, _session: Session, taken: TakenOrder) -> Plan:
    leg_sid = str(taken.details["leg_sid"])
    return Request(lambda carrier: carrier.hang_up(leg_sid))


def _plan_look_up(_services: Services, _page: Page, _session: Session, taken: TakenOrder) -> Plan:
    leg_sid = str(taken.details["leg_sid"])
    return Request(lambda carrier: carrier.is_live(leg_sid))


def _done(
    services: Services, session: Session, taken: TakenOrder, answer: str | bool | None
) -> str:
    orders.hold_call(session, taken.id)  # an offer that ends meanwhile is seen, or sees the leg
    now = services.clock.now()
    sid = answer if isinstance(answer, str) else None
    if not orders.settle(session, taken, "done", now, carrier_sid=sid):
        return "superseded"
    if taken.kind is OrderKind.LOOK_UP:
        _looked_up(session, taken, bool(answer), now, services.policy)
    if taken.kind is OrderKind.REACH and sid is not None:
        _name_leg(session, taken, sid, services)
    if taken.kind is OrderKind.RING:
        _stop_if_unwanted(session, taken, services)
    return "done"


def _looked_up(
    session: Session, taken: TakenOrder, is_live: bool, now: datetime, policy: Policy
) -> None:
    """The caller's leg, or the counselor's in a session, is there or gone."""
    if taken.subject_id == taken.call_id:
        sweep.settle_look_up(session, taken.call_id, is_live, taken.created_at, now, policy)
        return
    leg_sid = str(taken.details["leg_sid"])
    sweep.settle_leg_look_up(session, taken.subject_id, leg_sid, is_live, now, policy)


def _name_leg(session: Session, taken: TakenOrder, sid: str, services: Services) -> None:
    """The citizen's leg has a name now; hang it up where it is not wanted any more.

    One found after a lost answer may be over, its end told while nobody listened: look it up.
    """
    call = records.call_locked(session, taken.call_id)
    if call is None:
        return
    outward.leg_rung(call, sid)
    now = services.clock.now()
    if call.state == CallState.CLOSED:
        actions.stop_ringing_citizen(session, call, now)
    elif taken.tries > 1:
        orders.look_up(
            session, call_id=call.id, subject_id=call.id, leg_sid=call.carrier_sid, now=now
        )


def _stop_if_unwanted(session: Session, taken: TakenOrder, services: Services) -> None:
    """The offer ended while the carrier was being asked: take the ringing back."""
    offer = by_id(session, Offer, taken.subject_id)
    if offer is None or offer.state in (OfferState.OPEN, OfferState.ACCEPTED):
        return
    call = records.call_locked(session, taken.call_id)
    if call is not None:
        actions.stop_ringing(session, call, offer.id, services.clock.now())


def _failed(services: Services, session: Session, taken: TakenOrder, fault: CarrierFault) -> str:
    orders.hold_call(session, taken.id)
    now = services.clock.now()
    decided = next_try(taken, fault, now, services.policy)
    if not isinstance(decided, GiveUp):
        orders.postpone(session, taken, decided.at, fault.says)
        return "retried"
    if not orders.settle(session, taken, "failed", now, fault=fault.says):
        return "superseded"
    GIVE_UP[taken.kind](services, session, taken, fault)
    return "failed"


Planner: TypeAlias = Callable[[Services, Page, Session, TakenOrder], Plan]
_PLAN: Mapping[OrderKind, Planner] = {
    OrderKind.RING: _plan_ring,
    OrderKind.REACH: _plan_reach,
    OrderKind.MOVE: _plan_move,
    OrderKind.HANG_UP: _plan_hang_up,
    OrderKind.LOOK_UP: _plan_look_up,
}
