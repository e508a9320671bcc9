"""What must hold at every moment, as SQL that finds who breaks it (DESIGN, section 6).

Rule: it reads tables only and shares no code with what it checks, so that both can't be wrong in
the same way.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

ALWAYS = {
    "a counselor has one open offer at most": """
        SELECT counselor_id FROM offers WHERE state = 'open'
        GROUP BY counselor_id HAVING count(*) > 1""",
    "a call has one open offer at most": """
        SELECT call_id FROM offers WHERE state = 'open' GROUP BY call_id HAVING count(*) > 1""",
    "a counselor has one open session at most": """
        SELECT counselor_id FROM sessions WHERE state <> 'closed'
        GROUP BY counselor_id HAVING count(*) > 1""",
    "a counselor has no open offer beside an open session": """
        SELECT o.id FROM offers o JOIN sessions s USING (counselor_id)
        WHERE o.state = 'open' AND s.state <> 'closed'""",
    "an offered call has its open offer": """
        SELECT id FROM calls c WHERE state = 'offered' AND NOT EXISTS
            (SELECT 1 FROM offers o WHERE o.call_id = c.id AND o.state = 'open')""",
    "an open offer has its offered call": """
        SELECT o.id FROM offers o JOIN calls c ON c.id = o.call_id
        WHERE o.state = 'open' AND c.state <> 'offered'""",
    "a connected call has its live session": """
        SELECT id FROM calls c WHERE state = 'connected' AND NOT EXISTS
            (SELECT 1 FROM sessions s
             WHERE s.call_id = c.id AND s.state IN ('joining', 'talking'))""",
    "a live session has its connected call": """
        SELECT s.id FROM sessions s JOIN calls c ON c.id = s.call_id
        WHERE s.state IN ('joining', 'talking') AND c.state <> 'connected'
          AND NOT (c.state = 'reaching' AND c.direction = 'outward')""",
    "a wrapping call has its wrapping session, and the other way round": """
        SELECT c.id FROM calls c WHERE (c.state = 'wrapping') <> EXISTS
            (SELECT 1 FROM sessions s WHERE s.call_id = c.id AND s.state = 'wrapping')""",
    "a presence is what offers and sessions make it": """
        SELECT p.counselor_id FROM presences p WHERE p.state <> CASE
            WHEN EXISTS (SELECT 1 FROM sessions s WHERE s.counselor_id = p.counselor_id
                         AND s.state IN ('joining', 'talking')) THEN 'on_call'
            WHEN EXISTS (SELECT 1 FROM sessions s WHERE s.counselor_id = p.counselor_id
                         AND s.state = 'wrapping') THEN 'wrapping'
            WHEN EXISTS (SELECT 1 FROM offers o WHERE o.counselor_id = p.counselor_id
                         AND o.state = 'open') THEN 'offered'
            ELSE 'free' END""",
    "a session comes from an accepted offer": """
        SELECT s.id FROM sessions s JOIN offers o ON o.id = s.offer_id
        WHERE o.state <> 'accepted' OR o.call_id <> s.call_id
           OR o.counselor_id <> s.counselor_id""",
    "an accepted offer has its session": """
        SELECT o.id FROM offers o WHERE o.state = 'accepted' AND NOT EXISTS
            (SELECT 1 FROM sessions s WHERE s.offer_id = o.id)""",
    "a closed call says when and why": """
        SELECT id FROM calls WHERE (state = 'closed')
            <> (closed_at IS NOT NULL AND close_reason IS NOT NULL)""",
    "a queued call has its arrival": """
        SELECT id FROM calls WHERE queued_at IS NULL
            AND state IN ('waiting', 'offered', 'connected', 'wrapping')
            AND direction = 'inbound'""",
    "a live call has a deadline": """
        SELECT id FROM calls WHERE state <> 'closed' AND deadline IS NULL
          AND NOT (direction = 'outward' AND state IN ('waiting', 'offered')
                   AND answered_at IS NULL)""",
    "only counselors are offered calls": """
        SELECT o.id FROM offers o JOIN accounts a ON a.id = o.counselor_id
        WHERE a.role <> 'counselor'""",
    "only the certified are offered calls": """
        SELECT o.id FROM offers o JOIN counselors c ON c.id = o.counselor_id
        WHERE c.certified_until < (o.offered_at AT TIME ZONE 'Asia/Seoul')::date""",
    "the journal ends in the state of its call": """
        SELECT c.id FROM calls c JOIN LATERAL (
            SELECT state FROM call_events e WHERE e.call_id = c.id ORDER BY e.id DESC LIMIT 1
        ) last ON true WHERE last.state <> c.state""",
    "who is called to a talk comes to one that goes on": """
        SELECT k.id FROM calls k JOIN calls c ON c.id = k.handed_from_id
        WHERE k.carrier_sid LIKE 'beside-%' AND k.state IN ('waiting', 'offered', 'connected')
          AND c.state <> 'connected'""",
    "one counselor at most is called to a talk": """
        SELECT handed_from_id FROM calls WHERE state IN ('waiting', 'offered', 'connected')
        GROUP BY handed_from_id HAVING count(handed_from_id) > 1""",
    "a room holds its companion's talk and one counselor's at most": """
        SELECT room_id FROM sessions WHERE room_id IS NOT NULL AND state IN ('joining', 'talking')
        GROUP BY room_id HAVING count(*) > 1""",
    "an order in nobody's hands has no lease": """
        SELECT id FROM orders WHERE (state = 'sending') <> (lease_until IS NOT NULL)""",
}

OVERDUE = {
    "an offer outlives its deadline by a sweep at most": """
        SELECT id FROM offers WHERE state = 'open' AND deadline < :latest""",
    "a session outlives its deadline by a sweep at most": """
        SELECT id FROM sessions WHERE state <> 'closed' AND deadline < :latest""",
    "a call is looked after within its limit": """
        SELECT id FROM calls WHERE state NOT IN ('closed', 'wrapping') AND deadline < :latest""",
}


def broken(session: Session) -> dict[str, int]:
    """Return how many rows break each rule; an empty dict is a sound database."""
    return _found(session, ALWAYS, {})


def overdue(session: Session, latest: datetime) -> dict[str, int]:
    """Return what should have been mended: deadlines before `latest` (now less one sweep)."""
    return _found(session, OVERDUE, {"latest": latest})


def _found(session: Session, rules: dict[str, str], values: dict[str, datetime]) -> dict[str, int]:
    counted = {
        rule: session.execute(text(f"SELECT count(*) FROM ({sql}) broken"), values).scalar_one()
        for rule, sql in rules.items()
    }
    return {rule: count for rule, count in counted.items() if count}
