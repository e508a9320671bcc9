"""What must hold at every moment (DESIGN section 6), asked of the tables in plain SQL.

Each query returns rows only where something is wrong. Those of MOMENT hold after any event, those
of END when the story is over. Most of MOMENT stand in `tests/invariants.py`, as the torture asks
them too.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.policy import Policy
from tests.invariants import ALWAYS, OVERDUE
from tests.limits import BEYOND, limits
from tests.simulation import promise_holds
from tests.simulation.recount import Recount, Story

ON_THE_WAY_SECONDS = 5.0
PAUSE_SECONDS = 15.0  # a full disk lasts so long at the most
_LIMITS = limits(PAUSE_SECONDS)

MOMENT = {
    **ALWAYS,
    **OVERDUE,
    **BEYOND,
    "somebody who was not ready is offered a call": """
        SELECT counselor_id, status FROM presences
        WHERE state = 'offered' AND status <> 'ready' AND status_since < state_since""",
    "an order was forgotten": """
        SELECT id, kind FROM orders WHERE state IN ('due', 'sending') AND due_at < :late
          AND coalesce(lease_until, due_at) < :late""",
}
END = {
    "a call is not closed": "SELECT id, state FROM calls WHERE state <> 'closed'",
    "a session was closed before its time without an outcome, and was not cut off": """
        SELECT id, end_reason FROM sessions WHERE outcome IS NULL AND joined_at IS NOT NULL
          AND closed_at > ended_at AND closed_at < ended_at + make_interval(secs => :wrap)""",
    "an answered call has no outcome, is not listed as unrecorded and was not cut off": """
        SELECT c.id, c.close_reason FROM calls c WHERE c.answered_at IS NOT NULL
          AND c.close_reason <> 'unrecorded' AND NOT EXISTS
            (SELECT FROM sessions s WHERE s.call_id = c.id AND s.outcome IS NOT NULL)
          AND NOT EXISTS (SELECT FROM sessions s
            WHERE s.call_id = c.id AND s.outcome IS NULL AND s.closed_at = s.ended_at)""",
    "a counselor is not free": "SELECT counselor_id, state FROM presences WHERE state <> 'free'",
    "an equal who came first was passed over, though neither was asked before": """
        SELECT o.id, other.id FROM offers o JOIN calls c ON c.id = o.call_id
        CROSS JOIN (VALUES (0), (1)) before(days)  -- nobody waits longer than over a midnight
        JOIN calls other ON other.queued_at::date = c.queued_at::date - before.days
          AND other.queued_at < c.queued_at AND other.priority = c.priority
          AND other.need = c.need AND other.language = c.language
        WHERE coalesce(other.answered_at, other.left_at, other.closed_at) > o.offered_at
          AND other.arrived_at < o.offered_at
          AND other.preferred_counselor_id IS NULL AND c.preferred_counselor_id IS NULL
          AND NOT EXISTS (SELECT FROM offers x WHERE x.call_id IN (other.id, c.id)
                          AND x.id <> o.id AND x.offered_at <= o.offered_at)""",
    "an order is not settled": "SELECT id, kind FROM orders WHERE state IN ('due', 'sending')",
}


def wrongs_now(session: Session, now: datetime, policy: Policy) -> list[str]:
    """Return what does not hold at this moment; a deadline may be late by one sweep."""
    late = now - timedelta(seconds=policy.sweep_seconds)
    return _wrongs(session, MOMENT | promise_holds.MOMENT, {"late": late, **_LIMITS})


def wrongs_at_end(session: Session, now: datetime, policy: Policy) -> list[str]:
    """Return what does not hold when all callers are gone."""
    at_end = _wrongs(session, END | promise_holds.END, {"wrap": policy.wrap_seconds_max})
    return [*wrongs_now(session, now, policy), *at_end]


_asking = cache(text)  # the library reads a statement through for its parameters each time


def _wrongs(session: Session, queries: dict[str, str], values: dict[str, object]) -> list[str]:
    """Ask all at once whether anything is wrong, since it hardly ever is; then what."""
    each = ", ".join(f"EXISTS ({query})" for query in queries.values())
    used = {key: value for key, value in values.items() if f":{key}" in each}
    flags: list[bool] = session.execute(_asking(f"SELECT ARRAY[{each}]"), used).scalar_one()
    found = []
    for (name, query), is_wrong in zip(queries.items(), flags, strict=True):
        if is_wrong:
            used = {key: value for key, value in values.items() if f":{key}" in query}
            rows = session.execute(text(query), used).all()
            found += [f"{name}: {tuple(row)}" for row in rows[:3]]
    return found


def wrongs_of_recount(session: Session, seen: Recount) -> list[str]:
    """Return where the exchange's story and the server's rows differ: nothing lost or doubled."""
    rows = session.execute(
        text("SELECT carrier_sid, direction, queued_at, answered_at, left_at FROM calls")
    ).all()
    stored = {row.carrier_sid: row for row in rows if row.direction == "inbound"}
    found = list(seen.wrongs)
    found += [f"leg {sid} never ended" for sid in seen.live_legs]
    if len({row.carrier_sid for row in rows}) != len(rows):
        found.append("a call has two rows")
    rung = {row.carrier_sid for row in rows if row.direction != "inbound"}
    found += [f"call {sid} was lost" for sid in seen.stories if sid not in stored]
    found += [f"a citizen was rung for nothing: {sid}" for sid in seen.rings if sid not in rung]
    found += [f"call {sid} was invented" for sid in stored if sid not in seen.stories]
    for sid, story in seen.stories.items():
        if sid in stored:
            found += _differences(story, stored[sid])
    return found


def _differences(story: Story, row: Any) -> list[str]:
    found = []
    if (story.pressed_five or story.queued) and row.queued_at is None:
        found.append(f"call {story.sid} joined the queue and the server does not know it")
    if (story.joined is None) != (row.answered_at is None) and not _left_on_the_way(story, row):
        found.append(
            f"call {story.sid}: with a counselor {story.joined}, answered {row.answered_at} here"
        )
    return found


def _left_on_the_way(story: Story, row: Any) -> bool:
    """Hung up while hearing "you are connected": the server counts that as answered already."""
    if row.answered_at is None or story.ended is None:
        return False
    return (story.ended - row.answered_at).total_seconds() < ON_THE_WAY_SECONDS
