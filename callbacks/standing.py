"""How the machinery stands, for who keeps it running: what is due, what runs, what is stuck.

Rule: every figure is asked of an index over what is open, so that looking stays cheap with a
million promises planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from callbacks.models import Promise
from callbacks.records import is_overdue
from callbacks.states import OPEN_STATES, PromiseState
from core.policy import Policy
from core.pulse import Process, processes
from routing.models import Call, Order
from routing.states import CallState

STUCK_SECONDS = 30.0
LOOK_BACK = timedelta(hours=24)
JUST_NOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Pile:
    """Things of one kind in one state. oldest_at: since when the oldest is so; stuck: how many."""

    kind: str
    state: str
    count: int
    oldest_at: datetime | None
    stuck: int


@dataclass(frozen=True)
class Promises:
    """Open promises of one purpose. due: their moment has come; overdue: so has the deadline."""

    purpose: str
    soon: int
    due: int
    calling: int
    overdue: int
    for_decision: int


@dataclass(frozen=True)
class Store:
    """PostgreSQL itself. oldest_seconds: age of the longest transaction still open."""

    version: str
    connections: int
    bytes: int
    oldest_seconds: float


@dataclass(frozen=True)
class Standing:
    """All of it at one moment. swept_at: the last round of any process, None where never.

    shut_out: orders for which the carrier refused the whole account, open or given up just now.
    """

    at: datetime
    orders: Sequence[Pile]
    failed: Sequence[Pile]
    shut_out: int
    calls: Sequence[Pile]
    promises: Sequence[Promises]
    processes: Sequence[Process]
    store: Store

    @property
    def swept_at(self) -> datetime | None:
        """When the line was last looked over."""
        return max((process.heard_at for process in self.processes), default=None)


def standing(session: Session, now: datetime, policy: Policy) -> Standing:
    """Look at everything once."""
    return Standing(
        at=now,
        orders=_orders(session, now),
        failed=_failed(session, now),
        shut_out=_shut_out(session, now),
        calls=_calls(session, now),
        promises=[_promises(session, purpose, now, policy) for purpose in ("talk", "companion")],
        processes=processes(session, now),
        store=_store(session),
    )


def _orders(session: Session, now: datetime) -> Sequence[Pile]:
    late = (Order.due_at < now - timedelta(seconds=STUCK_SECONDS)).is_(True)
    rows = session.execute(
        select(
            Order.kind,
            Order.state,
            func.count(),
            func.min(Order.due_at),
            func.count().filter(late),
        )
        .where(Order.state.in_(["due", "sending"]))
        .group_by(Order.kind, Order.state)
        .order_by(Order.kind, Order.state)
    )
    return [Pile(*row) for row in rows]


def _failed(session: Session, now: datetime) -> Sequence[Pile]:
    """Orders given up within a day, by kind and fault."""
    rows = session.execute(
        select(Order.kind, func.coalesce(Order.fault, "unknown"), func.count())
        .add_columns(func.max(Order.done_at), func.count())
        .where(Order.state == "failed", Order.done_at > now - LOOK_BACK)
        .group_by(Order.kind, Order.fault)
        .order_by(func.count().desc())
        .limit(20)
    )
    return [Pile(*row) for row in rows]


def _shut_out(session: Session, now: datetime) -> int:
    just_now = (Order.state == "failed") & (Order.done_at > now - JUST_NOW)
    counted = session.scalar(
        select(func.count()).where(
            Order.state.in_(["due", "sending"]) | just_now, Order.fault.regexp_match("^40[13] ")
        )
    )
    return counted or 0


def _calls(session: Session, now: datetime) -> Sequence[Pile]:
    late = (Call.deadline < now - timedelta(seconds=STUCK_SECONDS)).is_(True)
    rows = session.execute(
        select(
            Call.direction,
            Call.state,
            func.count(),
            func.min(Call.state_since),
            func.count().filter(late),
        )
        .where(Call.state != CallState.CLOSED)
        .group_by(Call.direction, Call.state)
        .order_by(Call.direction, Call.state)
    )
    return [Pile(*row) for row in rows]


def _promises(session: Session, purpose: str, now: datetime, policy: Policy) -> Promises:
    """Whose moment has come has a deadline within the promise's own time; the index bounds it."""
    horizon = now + timedelta(seconds=policy.promise_seconds_max) + LOOK_BACK
    planned = Promise.state == PromiseState.PLANNED
    soon, due, calling, overdue = session.execute(
        select(
            func.count().filter(planned, Promise.next_at > now),
            func.count().filter(planned, Promise.next_at <= now),
            func.count().filter(Promise.state == PromiseState.CALLING),
            func.count().filter(is_overdue(now)),
        ).where(
            Promise.state.in_(OPEN_STATES),
            Promise.purpose == purpose,
            Promise.deadline <= horizon,
        )
    ).one()
    waiting = session.scalar(
        select(func.count()).where(
            Promise.state == PromiseState.FOR_DECISION, Promise.purpose == purpose
        )
    )
    return Promises(purpose, soon, due, calling, overdue, waiting or 0)


def _store(session: Session) -> Store:
    row = session.execute(
        text(
            "SELECT current_setting('server_version'), pg_database_size(current_database()),"
            " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),"
            " (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)"
            "  FROM pg_stat_activity WHERE datname = current_database())"
        )
    ).one()
    return Store(
        version=row[0].split()[0], bytes=row[1], connections=row[2], oldest_seconds=float(row[3])
    )
