"""Reading promises by name; never commits."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from callbacks.assignment import Away
from callbacks.entries import Entry
from callbacks.models import Promise, Try
from callbacks.retry import hours_of
from callbacks.states import OPEN_STATES, PromiseState
from core.statements import ask, only
from counselors.models import CounselingSession
from routing.models import Order
from routing.states import BESIDE, TO_BE_RUNG, CallState

FAILED_REST = timedelta(seconds=10)
"""What failed is left alone for so long."""
FAILED_MAX = 5
"""Of what failed before, so many are tried again beside what is due for the first time."""


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """Tell of promises which are past their deadline at `now`, due, and called by nobody.

    List, board and operators' page count alike: a talk that goes on, or a case for a supervisor to
    decide, is not late by this; nor is another try whose moment is still to come, before which
    nobody may call.
    """
    is_due = Promise.next_at <= now
    return and_(Promise.state == PromiseState.PLANNED, Promise.deadline < now, is_due)


def locked(session: Session, promise_id: uuid.UUID) -> Promise | None:
    """Return the promise under a row lock."""
    return session.get(Promise, promise_id, with_for_update=True, populate_existing=True)


def locked_if_free(session: Session, promise_id: uuid.UUID) -> Promise | None:
    """Return the promise under a row lock, or None at once where another holds it."""
    wanted = select(Promise).where(Promise.id == promise_id)
    wanted = wanted.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return session.scalar(wanted)


def open_promise(session: Session, citizen_id: uuid.UUID, purpose: str) -> Promise | None:
    """Return the open promise of this person and purpose, if any; there is never a second."""
    return session.scalar(
        select(Promise).where(
            Promise.citizen_id == citizen_id,
            Promise.purpose == purpose,
            Promise.state.in_(OPEN_STATES),
        )
    )


def tries(session: Session, promise_id: uuid.UUID) -> Sequence[Try]:
    """Return the tries to keep this promise, in order."""
    return session.scalars(
        select(Try).where(Try.promise_id == promise_id).order_by(Try.ended_at)
    ).all()


# What a quiet tick asks instead of all that `tend` does; a yes may turn out to be nothing.
_ANYTHING_TO_TEND = """
    SELECT
        EXISTS (SELECT FROM promises WHERE state = 'planned' AND purpose = 'talk'
            AND entry_call_id IS NULL AND failed_at IS NULL AND next_at <= %(now)s)
        OR EXISTS (SELECT FROM promises WHERE failed_at IS NOT NULL)
        OR EXISTS (SELECT FROM promises p JOIN calls k ON k.id = p.entry_call_id
            WHERE p.state IN ('planned', 'calling') AND p.entry_call_id IS NOT NULL
                AND (k.state = 'closed'
                    OR p.state = 'planned' AND k.state NOT IN ('waiting', 'offered')))
        OR EXISTS (SELECT FROM calls WHERE direction = 'outward' AND state <> 'closed'
            AND state IN ('waiting', 'offered', 'reaching'))
        OR EXISTS (SELECT FROM series s WHERE s.ended_at IS NULL AND NOT EXISTS (
            SELECT FROM promises p WHERE p.series_id = s.id
                AND p.state IN ('planned', 'calling', 'for_decision')))
"""


def anything_to_tend(session: Session, now: datetime) -> bool:
    """Tell whether a promise or a series may need something at `now`."""
    return bool(only(ask(session, _ANYTHING_TO_TEND, {"now": now}))[0])


# Who hears the menu or waits is on the line too. A call to be made, or beside a talk, has no leg.
_BUSY = f"""
    (o.state IN ('reaching', 'connected') OR o.state IN ('in_menu', 'waiting', 'offered')
        AND NOT starts_with(o.carrier_sid, '{TO_BE_RUNG}')
        AND NOT starts_with(o.carrier_sid, '{BESIDE}'))
"""

# States are written out: a prepared statement's plan can't know by a parameter that a partial index
# fits. A failure that is still to come is of a clock that was set back, and counts as over.
_HAS_RESTED = "(failed_at <= %(rested)s OR failed_at > %(now)s)"
_TO_QUEUE = f"""
    SELECT id FROM promises p WHERE state = 'planned' AND purpose = 'talk'
        AND entry_call_id IS NULL AND next_at <= %(now)s
        AND NOT EXISTS (SELECT FROM citizens c JOIN calls o ON o.number_index = c.number_index
            WHERE c.id = p.citizen_id AND o.state <> 'closed' AND {_BUSY})
"""
_DUE = f"""
    ({_TO_QUEUE} AND failed_at IS NULL ORDER BY next_at, queued_at, id LIMIT %(limit)s)
    UNION ALL
    ({_TO_QUEUE} AND {_HAS_RESTED} ORDER BY failed_at, id LIMIT {FAILED_MAX})
"""


def due(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Return promised talks whose next try is due and that are in nobody's hands.

    Those that failed before stand apart, FAILED_MAX at a time, the longest ago first: however many
    they are, they keep nobody from being queued.
    """
    return _ids(session, _DUE, now, limit)


def _ids(session: Session, statement: str, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    values = {"now": now, "rested": now - FAILED_REST, "limit": limit}
    return [row[0] for row in ask(session, statement, values).fetchall()]


_WITH_ENTRY_MOVED = f"""
    SELECT p.id FROM promises p JOIN calls k ON k.id = p.entry_call_id
    WHERE p.state IN ('planned', 'calling') AND p.entry_call_id IS NOT NULL
        AND (p.state = 'planned' AND k.state NOT IN ('waiting', 'offered')
            OR p.state = 'calling' AND k.state = 'closed')
        AND (failed_at IS NULL OR {_HAS_RESTED})
    ORDER BY failed_at NULLS FIRST, p.id LIMIT %(limit)s
"""


def with_entry_moved(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Return promises whose call has gone on without them: being made, or over.

    Those that failed before come last.
    """
    return _ids(session, _WITH_ENTRY_MOVED, now, limit)


# LIMIT 1 keeps it a look-up for each call, whatever the statistics say of a queue that was empty.
_ENTRIES = f"""
    SELECT p.id, p.state, p.purpose, k.state AS call_state, c.windows,
        c.do_not_call_at IS NOT NULL AS do_not_call,
        ARRAY(SELECT purpose FROM consents
              WHERE citizen_id = c.id AND withdrawn_at IS NULL) AS consents,
        CASE WHEN p.decision IS NULL THEN ARRAY(
            SELECT rung_at FROM promise_tries WHERE promise_id = p.id) END AS rung_at,
        EXISTS (SELECT FROM calls o WHERE o.number_index = k.number_index AND o.id <> k.id
            AND {_BUSY}) AS is_on_the_line
    FROM calls k
    CROSS JOIN LATERAL (SELECT * FROM promises WHERE entry_call_id = k.id LIMIT 1) p
    CROSS JOIN LATERAL (SELECT * FROM citizens WHERE id = p.citizen_id LIMIT 1) c
    WHERE k.direction = 'outward' AND k.state IN ('waiting', 'offered', 'reaching')
        AND k.answered_at IS NULL
    ORDER BY p.id
"""


def entries(session: Session) -> Sequence[Entry]:
    """Return the calls that keep a promise and whose citizen has not answered yet."""
    return [
        Entry(
            promise_id,
            PromiseState(state),
            purpose,
            call_state == CallState.REACHING,
            windows,
            do_not_call,
            frozenset(consents),
            tuple(rung_at or ()),
            is_on_the_line,
        )
        for (
            promise_id,
            state,
            purpose,
            call_state,
            windows,
            do_not_call,
            consents,
            rung_at,
            is_on_the_line,
        ) in ask(session, _ENTRIES).fetchall()
    ]


def rung_at(session: Session, call_id: uuid.UUID) -> datetime | None:
    """Return when the carrier was asked to ring the citizen of this call, None if it never was.

    An order that was taken and never reported back may have rung, and counts.
    """
    return session.scalar(
        select(func.coalesce(Order.done_at, Order.created_at))
        .where(
            Order.call_id == call_id,
            Order.kind == "reach",
            Order.state.in_(["done", "sending", "failed"])
            | ((Order.state == "dropped") & (Order.fault.is_not(None) | (Order.tries > 1))),
        )
        .limit(1)
    )


def hours_tried(session: Session, promise: Promise) -> frozenset[int]:
    """Return at which hours of day nobody answered; none where a person decided to try again."""
    if promise.decision is not None or not promise.tries:
        return frozenset()
    return hours_of(held.rung_at for held in tries(session, promise.id))


def contact_kind(session: Session, call_id: uuid.UUID) -> str | None:
    """Return what kind of contact the last who talked in this call says it was, if they said it."""
    outcome = session.scalars(
        select(CounselingSession.outcome)
        .where(CounselingSession.call_id == call_id, CounselingSession.joined_at.is_not(None))
        .order_by(CounselingSession.accepted_at.desc())
        .limit(1)
    ).first()
    return None if outcome is None else outcome.get("contact_kind")


_TALK_SECONDS = """
    SELECT coalesce(sum(extract(epoch FROM coalesce(ended_at, %s) - joined_at)), 0)::float8
    FROM sessions WHERE call_id = %s AND joined_at IS NOT NULL
"""


def talk_seconds(session: Session, call_id: uuid.UUID, now: datetime) -> float:
    """Return how long the citizen of this call has been together with anybody."""
    return float(only(ask(session, _TALK_SECONDS, (now, call_id)))[0])


def promised_in(session: Session, call_id: uuid.UUID, made_at: datetime) -> Promise | None:
    """Return the promise that was newly made in this call, at that moment, if one was."""
    made = Promise.made_at == made_at, Promise.origin_call_id == call_id
    return session.scalar(select(Promise).where(*made))


def promise_of_call(session: Session, call_id: uuid.UUID) -> Promise | None:
    """Return the promise that this call keeps, if it is one we make."""
    return session.scalar(select(Promise).where(Promise.entry_call_id == call_id))


def load(session: Session, companion_id: uuid.UUID) -> int:
    """Return how many open promises a companion holds."""
    held = select(func.count()).where(
        Promise.companion_id == companion_id, Promise.state.in_(OPEN_STATES)
    )
    return session.scalar(held) or 0


_ABSENCES = """
    SELECT companion_id, from_day, until_day, substitute_id FROM companion_absences
    WHERE from_day <= %(day)s AND (until_day >= %(day)s OR until_day IS NULL)
    ORDER BY written_at DESC, companion_id
"""


def absences(session: Session, day: date) -> list[Away]:
    """Return who is away on `day` (Asia/Seoul) and who stands in, the latest written first."""
    return [Away(*row) for row in ask(session, _ABSENCES, {"day": day}).fetchall()]


_IS_ON_THE_LINE = f"""
    SELECT EXISTS (SELECT FROM calls o WHERE o.number_index = %s AND {_BUSY}
        AND o.id IS DISTINCT FROM %s)
"""


def is_on_the_line(session: Session, number_index: str, but: uuid.UUID | None = None) -> bool:
    """Tell whether this person's telephone is busy with us at this moment, or rung by us.

    but: a call that does not count.
    """
    return bool(only(ask(session, _IS_ON_THE_LINE, (number_index, but)))[0])


_SERIES_TO_FOLLOW = f"""
    SELECT s.id FROM series s
    WHERE s.ended_at IS NULL AND (failed_at IS NULL OR {_HAS_RESTED})
        AND NOT EXISTS (SELECT FROM promises p WHERE p.series_id = s.id
            AND p.state IN ('planned', 'calling', 'for_decision'))
    ORDER BY s.failed_at NULLS FIRST, s.id LIMIT %(limit)s
"""


def series_to_follow(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Return series that go on and have no open promise: their next call is to be planned.

    Those that failed before come last.
    """
    return _ids(session, _SERIES_TO_FOLLOW, now, limit)


def held_of(session: Session, series_id: uuid.UUID) -> int:
    """Return how many sessions of a series were held."""
    held = select(func.count()).where(
        Promise.series_id == series_id, Promise.state == PromiseState.KEPT
    )
    return session.scalar(held) or 0


def last_of(session: Session, series_id: uuid.UUID) -> Promise | None:
    """Return the latest promise of a series."""
    return session.scalars(
        select(Promise)
        .where(Promise.series_id == series_id)
        .order_by(Promise.made_at.desc(), Promise.id)
        .limit(1)
    ).first()
