"""What must hold at every moment, as SQL that finds who breaks it (DESIGN, section 6).

Named by what is wrong where rows are found. The torture asks these twice a second, the simulated
world (`simulation/holds.py`) after each event that wrote.

Rule: it reads tables only and shares no code with what it checks, so that both can't be wrong in
the same way.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

ALWAYS = {
    "a call has two rows": """
        SELECT carrier_sid FROM calls GROUP BY 1 HAVING count(*) > 1""",
    "a counselor has two of offer and session": """
        SELECT counselor_id FROM (
          SELECT counselor_id FROM offers WHERE state = 'open'
          UNION ALL SELECT counselor_id FROM sessions WHERE state <> 'closed') held
        GROUP BY 1 HAVING count(*) > 1""",
    "a call has two open offers or live sessions": """
        SELECT call_id FROM (
          SELECT call_id FROM offers WHERE state = 'open'
          UNION ALL SELECT call_id FROM sessions WHERE state IN ('joining', 'talking')) held
        GROUP BY 1 HAVING count(*) > 1""",
    "a call is offered without an open offer, or the other way round": """
        SELECT c.id FROM calls c WHERE (c.state = 'offered')
          <> EXISTS (SELECT FROM offers o WHERE o.call_id = c.id AND o.state = 'open')""",
    "a call is connected, or being made, without a live session, or the other way round": """
        SELECT c.id FROM calls c WHERE (c.state IN ('connected', 'reaching')) <> EXISTS
          (SELECT FROM sessions s WHERE s.call_id = c.id AND s.state IN ('joining', 'talking'))""",
    "a call is being made that is not ours": """
        SELECT id FROM calls WHERE state = 'reaching' AND direction <> 'outward'""",
    "a call wraps up without a session that does, or the other way round": """
        SELECT c.id FROM calls c WHERE (c.state = 'wrapping') <> EXISTS
          (SELECT FROM sessions s WHERE s.call_id = c.id AND s.state = 'wrapping')""",
    "a presence is not what offers and sessions make it": """
        SELECT p.counselor_id, p.state FROM presences p
        LEFT JOIN sessions s ON s.counselor_id = p.counselor_id AND s.state <> 'closed'
        WHERE p.state <> CASE WHEN s.state = 'wrapping' THEN 'wrapping'
          WHEN s.id IS NOT NULL THEN 'on_call'
          WHEN EXISTS (SELECT FROM offers o
                       WHERE o.counselor_id = p.counselor_id AND o.state = 'open') THEN 'offered'
          ELSE 'free' END""",
    "a session comes from no accepted offer of its own": """
        SELECT s.id FROM sessions s JOIN offers o ON o.id = s.offer_id
        WHERE o.state <> 'accepted' OR o.call_id <> s.call_id
           OR o.counselor_id <> s.counselor_id""",
    "an accepted offer has no session": """
        SELECT o.id FROM offers o WHERE o.state = 'accepted' AND NOT EXISTS
            (SELECT 1 FROM sessions s WHERE s.offer_id = o.id)""",
    "a closed call has neither a reason nor an end, or a live one has": """
        SELECT id FROM calls WHERE (state = 'closed')
            <> (closed_at IS NOT NULL AND close_reason IS NOT NULL)""",
    "a call waits or talks and never joined the queue": """
        SELECT id FROM calls WHERE queued_at IS NULL
            AND state IN ('waiting', 'offered', 'connected', 'wrapping')
            AND direction = 'inbound'""",
    "a live call has no deadline": """
        SELECT id FROM calls WHERE state <> 'closed' AND deadline IS NULL
          AND NOT (direction = 'outward' AND state IN ('waiting', 'offered')
                   AND answered_at IS NULL)""",
    "a companion was offered a call": """
        SELECT o.id FROM offers o JOIN accounts a ON a.id = o.counselor_id
        WHERE a.role <> 'counselor'""",
    "somebody without a valid certificate was offered a call": """
        SELECT o.id FROM offers o JOIN counselors c ON c.id = o.counselor_id
        WHERE c.certified_until < (o.offered_at AT TIME ZONE 'Asia/Seoul')::date""",
    "a call's journal ends in another state": """
        SELECT c.id FROM calls c JOIN LATERAL (
            SELECT state FROM call_events e WHERE e.call_id = c.id ORDER BY e.id DESC LIMIT 1
        ) last ON true WHERE last.state <> c.state""",
    "a counselor is called to a talk that does not go on": """
        SELECT k.id FROM calls k JOIN calls c ON c.id = k.handed_from_id
        WHERE k.carrier_sid LIKE 'beside-%' AND k.state IN ('waiting', 'offered', 'connected')
          AND c.state <> 'connected'""",
    "two counselors are called to one talk": """
        SELECT handed_from_id FROM calls WHERE state IN ('waiting', 'offered', 'connected')
        GROUP BY handed_from_id HAVING count(handed_from_id) > 1""",
    "two counselors were brought into one room": """
        SELECT room_id FROM sessions WHERE room_id IS NOT NULL AND state IN ('joining', 'talking')
        GROUP BY room_id HAVING count(*) > 1""",
    "an order is in somebody's hands without a lease, or the other way round": """
        SELECT id FROM orders WHERE (state = 'sending') <> (lease_until IS NOT NULL)""",
}

OVERDUE = {
    "an offer rests beyond its limit": """
        SELECT id FROM offers WHERE state = 'open' AND deadline < :late""",
    "a session rests beyond its limit": """
        SELECT id FROM sessions WHERE state <> 'closed' AND deadline < :late""",
    "a call rests beyond its limit": """
        SELECT id, state, deadline FROM calls
        WHERE state NOT IN ('closed', 'wrapping') AND deadline < :late""",
}


def broken(session: Session) -> dict[str, int]:
    """Return how many rows break each rule; an empty dict is a sound database."""
    return count_broken(session, ALWAYS, {})


def overdue(session: Session, late: datetime) -> dict[str, int]:
    """Return what should have been mended: deadlines before `late` (now less one sweep)."""
    return count_broken(session, OVERDUE, {"late": late})


def count_broken(
    session: Session, rules: Mapping[str, str], values: Mapping[str, object]
) -> dict[str, int]:
    """Return how many rows break each of `rules`, leaving out what nobody breaks."""
    counted = {
        rule: session.execute(
            text(f"SELECT count(*) FROM ({sql}) broken"), dict(values)
        ).scalar_one()
        for rule, sql in rules.items()
    }
    return {rule: count for rule, count in counted.items() if count}
