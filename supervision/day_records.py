"""Reading what a picture of a day is drawn from: journals and histories, never a name or a number.

Whoever was on the line at any moment of the time is read from their beginning, so that what
lasted into it is whole; a call that began more than a day before is not looked for.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import SEOUL
from core.policy import Policy
from supervision.board import figures_of
from supervision.day_picture import (
    CallRecord,
    DayPicture,
    DayRecord,
    Fault,
    OfferRecord,
    PromiseRecord,
    SeatRecord,
    day_picture,
)
from supervision.day_tracks import Said, Told
from supervision.figures import day_span
from supervision.hours import Span

_CALLS = text(
    """
    SELECT id, direction FROM calls
    WHERE arrived_at >= :start - interval '1 day' AND arrived_at < :until
      AND (closed_at IS NULL OR closed_at >= :start)
    ORDER BY arrived_at, id
    """
)

_JOURNAL = text(
    """
    SELECT call_id, at, event, state, counselor_id FROM call_events
    WHERE call_id = ANY(:ids) AND at < :until ORDER BY id
    """
)

_OFFERS = text(
    """
    SELECT counselor_id, offered_at, coalesce(ended_at, :until) AS ended_at, state FROM offers
    WHERE call_id = ANY(:ids) AND offered_at < :until ORDER BY offered_at, id
    """
)

_FAULTS = text(
    """
    SELECT coalesce(done_at, created_at) AS at, kind, coalesce(fault, '') AS fault FROM orders
    WHERE call_id = ANY(:ids) AND state = 'failed'
      AND NOT (kind = 'hang_up' AND fault LIKE '%21220%')  -- the leg had ended before
    ORDER BY 1, id
    """
)

_PRESENCES = text(
    """
    SELECT a.id, a.role = 'companion' AS is_companion, e.at, e.status, e.state
    FROM accounts a
    CROSS JOIN LATERAL (
        (SELECT id, at, status, state FROM presence_events
         WHERE counselor_id = a.id AND at < :start ORDER BY at DESC, id DESC LIMIT 1)
        UNION ALL
        SELECT id, at, status, state FROM presence_events
        WHERE counselor_id = a.id AND at >= :start AND at < :until
    ) e
    WHERE a.role IN ('counselor', 'companion')
    ORDER BY a.id, e.at, e.id
    """
)

# The states are written out so that the plan finds the index over what is open.
_PROMISES = text(
    """
    SELECT id, purpose, state, made_at, next_at, deadline, kept_at FROM promises
    WHERE ended_at >= :start AND ended_at < :until
    UNION
    SELECT p.id, p.purpose, p.state, p.made_at, p.next_at, p.deadline, p.kept_at
    FROM promise_tries t JOIN promises p ON p.id = t.promise_id
    WHERE t.ended_at >= :start AND t.ended_at < :until
    UNION
    SELECT id, purpose, state, made_at, next_at, deadline, kept_at FROM promises
    WHERE state IN ('planned', 'calling', 'for_decision')
      AND (next_at >= :start AND next_at < :until OR deadline >= :start AND deadline < :until)
    ORDER BY 1
    """
)

_TRIES = text(
    """
    SELECT promise_id, rung_at, outcome FROM promise_tries
    WHERE promise_id = ANY(:ids) ORDER BY rung_at, id
    """
)


def picture_of(
    session: Session,
    span: Span,
    now: datetime,
    policy: Policy,
    faults: Sequence[Fault] = (),
) -> DayPicture:
    """Return the picture of `span` as it stands at `now`, with the figures of each of its days.

    faults: what is known to have gone wrong besides what the database tells, as in a rehearsal.
    """
    record = day_record(session, span, now)
    days = [figures_of(session, day, now, policy) for day in _days(span)]
    while len(days) > 1 and not days[-1].whole.offered:
        days.pop()  # a last call reached past midnight, and nobody called after it
    return day_picture(replace(record, faults=[*record.faults, *faults]), span, days, now)


def _days(span: Span) -> list[date]:
    """Return the Seoul days that begin before the end of `span`, its own first."""
    first = span.start.astimezone(SEOUL).date()
    count = -((day_span(first).start - span.end) // timedelta(days=1))
    return [first + timedelta(days=number) for number in range(max(1, count))]


def day_record(session: Session, span: Span, now: datetime) -> DayRecord:
    """Return what was written down of `span` up to `now`."""
    until = min(now + timedelta(microseconds=1), span.end)
    within = {"start": span.start, "until": until}
    calls = {row.id: row.direction for row in session.execute(_CALLS, within)}
    of_calls = {"ids": list(calls), "until": until}
    return DayRecord(
        calls=_calls(session, calls, of_calls),
        seats=_seats(session, within),
        offers=_offers(session, of_calls),
        promises=_promises(session, within | {"until": span.end}),
        faults=_faults(session, list(calls)),
    )


def _calls(
    session: Session, calls: Mapping[uuid.UUID, str], of_calls: Mapping[str, object]
) -> list[CallRecord]:
    told: dict[uuid.UUID, list[Told]] = defaultdict(list)
    seats: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for row in session.execute(_JOURNAL, of_calls):
        told[row.call_id].append(Told(row.at, row.event, row.state))
        if row.event in ("accepted", "accepted_outward", "reaching_begun") and row.counselor_id:
            seats[row.call_id].append(row.counselor_id)
    return [
        CallRecord(direction, told[call_id], seats[call_id])
        for call_id, direction in calls.items()
        if told[call_id]
    ]


def _seats(session: Session, within: Mapping[str, object]) -> dict[uuid.UUID, SeatRecord]:
    said: dict[uuid.UUID, list[Said]] = defaultdict(list)
    companions: dict[uuid.UUID, bool] = {}
    for row in session.execute(_PRESENCES, within):
        said[row.id].append(Said(row.at, row.status, row.state))
        companions[row.id] = row.is_companion
    return {who: SeatRecord(is_companion, said[who]) for who, is_companion in companions.items()}


def _offers(session: Session, of_calls: Mapping[str, object]) -> list[OfferRecord]:
    return [
        OfferRecord(
            row.counselor_id,
            Span(row.offered_at, row.ended_at),
            row.state in ("declined", "lapsed"),
        )
        for row in session.execute(_OFFERS, of_calls)
    ]


def _promises(session: Session, within: Mapping[str, object]) -> list[PromiseRecord]:
    rows = session.execute(_PROMISES, within).all()
    rung: dict[uuid.UUID, list[tuple[datetime, str]]] = defaultdict(list)
    for row in session.execute(_TRIES, {"ids": [row.id for row in rows]}):
        rung[row.promise_id].append((row.rung_at, row.outcome))
    return [
        PromiseRecord(
            row.purpose,
            row.state,
            row.made_at,
            row.next_at,
            row.deadline,
            rung[row.id],
            row.kept_at,
        )
        for row in rows
    ]


def _faults(session: Session, ids: Sequence[uuid.UUID]) -> list[Fault]:
    """Return orders that the carrier never carried out."""
    return [
        Fault(row.at, f"order_{row.kind}", row.fault)
        for row in session.execute(_FAULTS, {"ids": list(ids)})
    ]
