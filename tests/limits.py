"""How long anything may rest in a state, by the numbers of the policy of record.

The deadlines that the application writes are held against the moments from which they run: one
that agrees with itself and is too late would be missed by nobody else.

Rule: as in `invariants.py`, it shares no code with what it checks; the policy is read as a file.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from tests.invariants import count_broken

POLICY = Path(__file__).resolve().parents[1] / "core" / "policy.toml"
NAMES = {
    "ring": "ring_seconds_max",
    "join": "join_seconds_max",
    "reach": "reach_seconds_max",
    "wrap": "wrap_seconds_max",
    "menu": "menu_seconds_max",
    "unheard": "wait_unheard_seconds_max",
    "talk": "talk_check_seconds",
    "silence": "heartbeat_seconds_max",
}
"""What the rules below call each limit, in seconds."""

_SLOT = "SELECT max(d.due_at) FROM orders d WHERE d.kind = '{}' AND d.subject_id = {}"
BEYOND = {
    "an offer at a desk was given longer than a ring": """
        SELECT o.id, o.deadline FROM offers o JOIN counselors c ON c.id = o.counselor_id
        WHERE o.state = 'open' AND c.endpoint = 'browser'
          AND o.deadline > o.offered_at + make_interval(secs => :ring)""",
    # Whose leg was lost is unheard until the next sign of life.
    "a silent desk was offered a call": """
        SELECT p.counselor_id, p.heard_at, last.offered_at FROM presences p
        JOIN counselors c ON c.id = p.counselor_id
        CROSS JOIN LATERAL (SELECT max(offered_at) AS offered_at FROM offers o
          WHERE o.counselor_id = p.counselor_id) last
        WHERE c.endpoint = 'browser' AND last.offered_at > coalesce(
          p.heard_at + make_interval(secs => :silence),
          (SELECT max(s.closed_at) - interval '1 ms' FROM sessions s
           WHERE s.counselor_id = p.counselor_id), '-infinity')""",
    # It runs anew from the carrier's slot, and from when the telephone is picked up.
    "an offer at a telephone was given longer than two rings": f"""
        SELECT o.id, o.deadline FROM offers o WHERE o.state = 'open'
          AND o.deadline > greatest(o.offered_at, ({_SLOT.format("ring", "o.id")}))
            + make_interval(secs => 2 * :ring + :pause)""",
    "a session was given longer than a leg has to come": """
        SELECT id, deadline FROM sessions WHERE state = 'joining'
          AND deadline > accepted_at + make_interval(secs => :join)""",
    "a session was given longer than a wrap-up": """
        SELECT id, deadline FROM sessions WHERE state = 'wrapping'
          AND deadline > ended_at + make_interval(secs => :wrap)""",
    # The counselor's leg may take one join to come, and the citizen's another; who is rung has two
    # times of reaching instead, until they pick up and while they are greeted.
    "a session was given longer than both have to come": f"""
        SELECT s.id, s.deadline FROM sessions s JOIN calls c ON c.id = s.call_id
        WHERE s.state = 'talking'
          AND s.deadline > greatest(s.accepted_at, ({_SLOT.format("reach", "c.id")}))
            + make_interval(secs => :join + :pause
              + CASE c.state WHEN 'reaching' THEN 2 * :reach ELSE :join END)""",
    "a session has no deadline, or one though both talk": """
        SELECT id, state FROM sessions WHERE state <> 'closed'
          AND (state = 'talking' AND joined_at IS NOT NULL) <> (deadline IS NULL)""",
    # Nothing is heard, or asked, of a counselor who is called to a talk: that talk is looked after.
    # The journal knows of a moment that a clock set back has made earlier in the row since.
    "a call was given longer than its state may last": """
        SELECT c.id, c.state, c.deadline FROM calls c
        WHERE c.state <> 'closed' AND c.carrier_sid NOT LIKE 'beside-%'
          AND c.deadline > greatest(c.state_since, c.heard_at,
              (SELECT max(e.at) FROM call_events e WHERE e.call_id = c.id),
              (SELECT max(d.created_at) FROM orders d
               WHERE d.call_id = c.id AND d.kind = 'look_up'))
            + make_interval(secs => CASE c.state WHEN 'in_menu' THEN :menu
              WHEN 'reaching' THEN :menu WHEN 'connected' THEN :talk
              WHEN 'wrapping' THEN :wrap ELSE :unheard END)""",
}


def limits(pause: float, changed: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the limits of record, in seconds, by the names of the rules.

    pause: seconds for which nobody may be there to mend what is late. changed: what somebody runs
    with instead, by the names of the policy.
    """
    stored = tomllib.loads(POLICY.read_text(encoding="utf-8")) | dict(changed or {})
    return {name: float(stored[limit]) for name, limit in NAMES.items()} | {"pause": pause}


def beyond(session: Session, held: Mapping[str, float]) -> dict[str, int]:
    """Return how many rows may rest longer than `held` lets them; see `limits`."""
    return count_broken(session, BEYOND, held)
