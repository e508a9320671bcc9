"""The tick: decides offers, sweeps what is overdue, rings for due orders.

Runs in every web and worker process; the database's locks let one at a time decide. What changes
the queue only wakes it, and many wakes become one tick. A lost wake costs one sweep interval.
"""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from callbacks.records import anything_to_tend
from callbacks.sweep import tend
from core.clock import APART_SECONDS_MAX, ahead_seconds
from core.database import DatabaseAway, still_answers
from core.log import event_log
from core.pulse import Pulse
from core.seldom import Seldom
from core.services import Services
from ivr import clean_up
from ivr.carriers import carrier_of
from ivr.carry_out import carry_out
from ivr.spoken import page
from routing import records
from routing.dispatch import Offered, dispatch
from routing.sweep import Swept, sweep

log = event_log(__name__)

CARRY_OUT = "ivr.jobs.carry_out_order"
REMOVE = "ivr.jobs.remove_what_is_old"
NOBODY = uuid.UUID(int=0)
ORDERS_A_TICK_MAX = 200
UNTAKEN_SECONDS = 0.7
TOUCHED_SECONDS = 3
HANDS = 4
TIDY_SECONDS = 60.0
TELL_SECONDS = 10.0
REST_SECONDS = 0.004
"""Between two decisions, so that a burst of changes becomes one of them."""
T = TypeVar("T")


class ClocksApart(Exception):
    """This machine's clock is far from the database's: it must judge nobody's deadline.

    One that was ahead by more than a browser may be silent put each counselor on break within a
    second of an offer.
    """

    def __init__(self, ahead: float) -> None:
        super().__init__(f"{ahead:+.1f} s from the database's clock")
        self.ahead = ahead


class Dispatcher:
    """A thread that ticks: each `sweep_seconds`, and, where eager, at once when the line changed.

    Web processes are eager; workers only mend what was missed, so that they do not stand in line.
    """

    def __init__(self, services: Services, *, eager: bool = True) -> None:
        self._services = services
        self._eager = eager
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="orders")
        self._in_hand: set[uuid.UUID] = set()
        self._pulse = Pulse("web" if eager else "worker")
        self._tidy_at = 0.0
        self._told = Seldom(TELL_SECONDS)

    def start(self) -> None:
        """Begin to tick."""
        if self._eager:
            self._services.live.on_ring("line", self._wake.set)
        self._thread.start()

    def stop(self) -> None:
        """Finish the tick in progress and end."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout=5)
        self._hands.shutdown(wait=False, cancel_futures=True)
        with suppress(DatabaseAway, SQLAlchemyError):
            self._services.database.run(self._pulse.end)

    def _run(self) -> None:
        sweep_at = 0.0
        while not self._stopping.is_set():
            self._wake.wait(max(0.0, sweep_at - time.monotonic()))
            self._wake.clear()
            try:
                if time.monotonic() >= sweep_at:
                    sweep_at = time.monotonic() + self._services.policy.sweep_seconds
                    self._look_over()
                else:
                    decide(self._services)
                    self._stopping.wait(REST_SECONDS)
            except ClocksApart as apart:
                if self._told.now() is not None:
                    log.error("clocks_apart", ahead_seconds=round(apart.ahead, 1))
            except Exception as fault:  # the line must not stand still for one unforeseen fault
                log.error("tick_failed", fault)
                self._stopping.wait(self._services.policy.sweep_seconds)

    def _look_over(self) -> None:
        """Do all that is due each sweep."""
        try:
            tick(self._services)
        except ClocksApart:
            self._carry_untaken()
            raise
        self._beat()
        self._carry_untaken()
        self._tidy()

    def _beat(self) -> None:
        """Let the operators see that this process still looks the line over."""
        now = self._services.clock.now()
        if self._pulse.is_due(now):
            with self._services.database.transaction() as session:
                self._pulse.beat(session, now)

    def _carry_untaken(self) -> None:
        """Carry out what Redis or the workers left lying, so that no order waits for them."""
        before = self._services.clock.now() - timedelta(seconds=UNTAKEN_SECONDS)
        with self._services.database.reading() as session:
            due = records.due_orders(session, before, ORDERS_A_TICK_MAX)
        for order_id in due:
            if order_id not in self._in_hand:
                self._in_hand.add(order_id)
                self._hands.submit(self._carry, order_id)

    def _tidy(self) -> None:
        """Look once a minute whether something is past its time, and ring for its removal."""
        if time.monotonic() < self._tidy_at:
            return
        self._tidy_at = time.monotonic() + TIDY_SECONDS
        held = self._services
        with held.database.reading() as session:
            due = clean_up.is_due(session, held.clock.now(), held.policy)
        if due:
            held.work.ring("reports", REMOVE, NOBODY)

    def _carry(self, order_id: uuid.UUID) -> None:
        held = self._services
        try:
            carry_out(held, carrier_of(held), page(held), order_id)
        except Exception as fault:  # its lease runs out, and it is taken again
            log.error("order_not_carried_out", fault)
        finally:
            self._in_hand.discard(order_id)


def _apart(services: Services, work: Callable[[Session], T]) -> T | None:
    """Do work that callers on the line must not wait for; None where it failed.

    Raises OperationalError: without a database nothing else would do better.
    """
    try:
        with services.database.transaction() as session:
            return work(session)
    except OperationalError as fault:
        if not still_answers(fault):
            raise
        log.error("mending_failed", fault)
        return None
    except Exception as fault:  # a promise that can't be tended must not stop an offer
        log.error("mending_failed", fault)
        return None


def _wrong_clock(services: Services, asked_at: datetime, told_at: datetime) -> ClocksApart | None:
    ahead = ahead_seconds(services.clock, asked_at, told_at)
    services.metrics.clock_ahead.set(ahead)
    return ClocksApart(ahead) if abs(ahead) > APART_SECONDS_MAX else None


def tick(services: Services) -> tuple[Swept, tuple[Offered, ...]]:
    """Mend what is overdue, tend promises, then decide; a quiet tick only looks.

    Raises ClocksApart, and then has judged nobody's time: other processes look the line over.
    """
    now, policy = services.clock.now(), services.policy
    with services.database.reading() as session:
        seen = records.overview(session, now, policy.heartbeat_seconds_max)
        is_right = _wrong_clock(services, now, seen.told_at) is None
        may_tend = is_right and anything_to_tend(session, now)
    services.metrics.waiting.set(seen.waiting)
    swept = Swept()
    if is_right and seen.is_overdue:
        swept = _apart(services, lambda session: sweep(session, now, policy)) or Swept()
    if may_tend:
        _apart(services, lambda session: tend(session, now, policy))
    services.metrics.offers.labels("lapsed").inc(swept.offers_lapsed)
    offered = decide(services)
    services.live.ring("board")  # callers who came and went by themselves show each sweep
    return swept, offered


def decide(services: Services) -> tuple[Offered, ...]:
    """Offer what can be offered and commit; then ring for due orders, and tell desks and board.

    Raises ClocksApart, and then has offered nothing: what was decided before is carried out.
    """
    now, policy = services.clock.now(), services.policy
    since = now - timedelta(seconds=TOUCHED_SECONDS)
    offered: tuple[Offered, ...] = ()
    with services.database.reading() as session:
        seen = records.glance(session, now, since, ORDERS_A_TICK_MAX)
    wrong = _wrong_clock(services, now, seen.told_at)
    if seen.may_offer and wrong is None:
        with services.database.transaction() as session:
            offered = dispatch(session, now, policy)
    if offered:
        services.metrics.offers.labels("made").inc(len(offered))
        with services.database.reading() as session:
            seen = records.glance(session, now, since, ORDERS_A_TICK_MAX)
    for order_id in seen.due_orders:
        services.work.ring("orders", CARRY_OUT, order_id)
    for counselor_id in seen.touched_counselors:
        services.live.ring(f"desk:{counselor_id}")
    if offered or seen.touched_counselors:
        services.live.ring("board")
    if wrong is not None:
        raise wrong
    return offered
