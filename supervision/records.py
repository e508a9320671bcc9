"""Reading what the figures are counted from: the day's calls, time at work, missing outcomes."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from routing.states import PROMISED
from supervision.figures import OfferedCall, day_span
from supervision.hours import WORKING_STATES, WORKING_STATUS, Span, Turn, Work, at_work

_CALLS = text(
    """
    SELECT c.queued_at,
           c.answered_at,
           CASE WHEN c.answered_at IS NULL AND c.close_reason IS DISTINCT FROM :promised
                THEN c.left_at END,
           coalesce(
               c.answered_at, c.left_at, max(s.ended_at) FILTER (WHERE s.was_wrapped), c.closed_at
           ),
           c.state = 'closed',
           coalesce(sum(s.talk_seconds), 0)::float8,
           coalesce(sum(s.acw_seconds), 0)::float8,
           c.state = 'closed' AND coalesce(
               bool_or(s.was_wrapped OR s.joined_at IS NOT NULL) AND NOT bool_or(s.is_recorded),
               false
           )
    FROM calls c
    LEFT JOIN LATERAL (
        SELECT ended_at, joined_at, outcome IS NOT NULL AS is_recorded,
               state = 'wrapping' OR closed_at > ended_at AS was_wrapped,
               greatest(extract(epoch FROM ended_at - joined_at), 0) AS talk_seconds,
               greatest(extract(epoch FROM closed_at - ended_at), 0) AS acw_seconds
        FROM sessions WHERE call_id = c.id
    ) s ON true
    WHERE c.queued_at >= :start AND c.queued_at < :end AND c.direction = 'inbound'
    GROUP BY c.id
    ORDER BY c.queued_at
    """
)

# The upper bound lets an index find the day; no talk with its wrap-up lasts a day past its own.
_BUSY = text(
    """
    SELECT s.joined_at, s.ended_at, s.closed_at
    FROM sessions s JOIN accounts a ON a.id = s.counselor_id AND a.role = 'counselor'
    WHERE s.closed_at >= :start AND s.closed_at < :end + interval '1 day' OR s.state <> 'closed'
    """
)

# The rule of supervision.hours, here so that a busy day's many changes need not be fetched.
_TURNS = text(
    """
    SELECT counselor_id, at, works
    FROM (
        SELECT counselor_id, at, id, works, lag(works) OVER w AS worked
        FROM (
            SELECT e.counselor_id, e.at, e.id,
                   e.status = :status OR e.state = ANY(:states) AS works
            FROM accounts a
            CROSS JOIN LATERAL (
                (SELECT id, counselor_id, at, status, state FROM presence_events
                 WHERE counselor_id = a.id AND at < :start ORDER BY at DESC, id DESC LIMIT 1)
                UNION ALL
                SELECT id, counselor_id, at, status, state FROM presence_events
                WHERE counselor_id = a.id AND at >= :start AND at < :end
            ) e
            WHERE a.role = 'counselor'
        ) changes
        WINDOW w AS (PARTITION BY counselor_id ORDER BY at, id)
    ) turns
    WHERE works IS DISTINCT FROM worked
    ORDER BY counselor_id, at, id
    """
)

_UNRECORDED = text(
    """
    SELECT s.id AS session_id, s.call_id, a.login, a.name, coalesce(c.need, 'talk') AS need,
           s.accepted_at, s.joined_at, s.ended_at, s.closed_at, s.end_reason
    FROM sessions s
    JOIN calls c ON c.id = s.call_id AND c.state = 'closed'
    JOIN accounts a ON a.id = s.counselor_id
    WHERE s.state = 'closed' AND s.outcome IS NULL
      AND (s.joined_at IS NOT NULL OR s.closed_at > s.ended_at)
      AND NOT EXISTS (
          SELECT FROM sessions o WHERE o.call_id = s.call_id AND o.id <> s.id
            AND (o.outcome IS NOT NULL
                 OR (o.accepted_at > s.accepted_at
                     AND (o.joined_at IS NOT NULL OR o.closed_at > o.ended_at)))
      )
    ORDER BY s.closed_at DESC, s.id
    LIMIT :limit
    """
)

_RINGING = text(
    """
    SELECT o.call_id, a.name FROM offers o JOIN accounts a ON a.id = o.counselor_id
    WHERE o.state = 'open'
    """
)


@dataclass(frozen=True)
class Unrecorded:
    """A closed session whose counselor owes an outcome: the last that talked, of its call."""

    session_id: uuid.UUID
    call_id: uuid.UUID
    login: str
    name: str
    need: str
    accepted_at: datetime
    joined_at: datetime | None
    ended_at: datetime
    closed_at: datetime
    end_reason: str | None


def offered_calls(session: Session, day: date) -> list[OfferedCall]:
    """Return the calls offered on this Seoul day, in the order of their arrival."""
    span = day_span(day)
    within = {"start": span.start, "end": span.end, "promised": PROMISED}
    rows = session.execute(_CALLS, within)
    return [OfferedCall(*row) for row in rows]


def work(session: Session, day: date, now: datetime) -> Work:
    """Return the counselors' spans of work around this Seoul day; what goes on lasts to `now`."""
    span = day_span(day)
    until = min(now, span.end)
    return Work(_busy(session, span, now), _at_work(session, span, until))


def _busy(session: Session, span: Span, now: datetime) -> list[Span]:
    rows = session.execute(_BUSY, {"start": span.start, "end": span.end})
    spans = []
    for joined_at, ended_at, closed_at in rows:
        begun = joined_at or ended_at
        if begun is not None:
            spans.append(Span(begun, closed_at or now))
    return spans


def _at_work(session: Session, span: Span, until: datetime) -> list[Span]:
    rows = session.execute(
        _TURNS,
        {
            "start": span.start,
            "end": until,
            "status": WORKING_STATUS,
            "states": list(WORKING_STATES),
        },
    )
    turns: dict[uuid.UUID, list[Turn]] = defaultdict(list)
    for counselor_id, at, works in rows:
        turns[counselor_id].append(Turn(at, works))
    return [found for one in turns.values() for found in at_work(one, until)]


def unrecorded(session: Session, limit: int) -> list[Unrecorded]:
    """Return the latest sessions without an outcome, at most `limit`."""
    rows = session.execute(_UNRECORDED, {"limit": limit})
    return [Unrecorded(**row) for row in rows.mappings()]


def ringing(session: Session) -> dict[uuid.UUID, str]:
    """Return the name of the counselor being asked, by call."""
    return {row.call_id: row.name for row in session.execute(_RINGING)}
