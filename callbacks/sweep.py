"""Keeping promises in time: what is due is queued, what was called is settled, each second.

Everything is found again from the tables, so a dead worker or an emptied Redis costs one sweep.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callbacks import actions, entering, entries, records, series
from callbacks.models import Promise, Series
from core.database import is_lost_race, lock, try_lock
from core.log import event_log
from core.mending import mend_each
from core.policy import Policy
from routing.records import DISPATCH_LOCK

log = event_log(__name__)

EACH_MAX = 200
DUE_MAX = 20  # a tick; the carrier takes one new call a second

TendOne = Callable[[Session, Promise, datetime, Policy], None]


@dataclass(frozen=True)
class Tended:
    """How many promises were settled, held back, put into the queue; how many series went on."""

    settled: int = 0
    held: int = 0
    queued: int = 0
    followed: int = 0

    def __bool__(self) -> bool:
        """Tell whether anything was done."""
        return bool(self.settled or self.held or self.queued or self.followed)


def tend(session: Session, now: datetime, policy: Policy) -> Tended:
    """Do what promises need at `now`; does nothing while another process does it."""
    if not try_lock(session, "promises"):
        return Tended()
    moved = records.with_entry_moved(session, now, EACH_MAX)
    stopped = entries.to_stop(records.entries(session), now)
    due = records.due(session, now, DUE_MAX)
    going_on = records.series_to_follow(session, now, EACH_MAX)
    if not (moved or stopped or due or going_on):
        return Tended()
    lock(session, DISPATCH_LOCK, then_briefly=True)
    return Tended(
        settled=_each(session, moved, actions.settle, now, policy),
        held=_each(session, stopped, entering.stop_entry, now, policy),
        queued=_each(session, due, entering.queue_entry, now, policy),
        followed=_follow(session, going_on, now, policy),
    )


def _each(
    session: Session, ids: Sequence[uuid.UUID], mend: TendOne, now: datetime, policy: Policy
) -> int:
    def one(session: Session, promise_id: uuid.UUID) -> None:
        promise = records.locked_if_free(session, promise_id)
        if promise is not None:
            mend(session, promise, now, policy)
            promise.failed_at = None

    def failed(fault: Exception, promise_id: uuid.UUID) -> None:
        log.error("promise_not_tended", fault, promise_id=str(promise_id))
        _let_rest(session, Promise, promise_id, fault, now)

    return mend_each(session, ids, one, failed)


def _let_rest(
    session: Session,
    table: type[Promise] | type[Series],
    subject_id: uuid.UUID,
    fault: Exception,
    now: datetime,
) -> None:
    """Note that it failed, unless somebody holds its row: that would stop all the others.

    What only met another's lock is not broken, and is due again at the next sweep.
    """
    if is_lost_race(fault):
        return
    free = select(table.id).where(table.id == subject_id).with_for_update(skip_locked=True)
    session.execute(
        update(table)
        .where(table.id.in_(free))
        .values(failed_at=now)
        .execution_options(synchronize_session=False)
    )


def _follow(session: Session, ids: Sequence[uuid.UUID], now: datetime, policy: Policy) -> int:
    def one(session: Session, series_id: uuid.UUID) -> None:
        series.follow_one(session, series_id, now, policy)

    def failed(fault: Exception, series_id: uuid.UUID) -> None:
        log.error("series_not_followed", fault, series_id=str(series_id))
        _let_rest(session, Series, series_id, fault, now)

    return mend_each(session, ids, one, failed)
