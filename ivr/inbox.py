"""Actions on the inbox: one event, one effect, one answer, however often it is delivered.

The event's row is written last, by the same statement as its effect: where the row is there already
the whole transaction is undone and the answer of the first time is given. So a fresh event costs
nothing but its row, and of two deliveries at the same instant the unique key lets one stand.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from core.rows import undo, write_out
from core.sealing import Sealer
from ivr.records import stored_answer
from ivr.turn import Turn

ANSWER_CONTEXT = "inbox.answer"
SID_LENGTH_MAX = 64

_KEEP = """
    INSERT INTO inbox (key, call_sid, received_at, event, effect, sealed_answer)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (key) DO NOTHING RETURNING key
"""


def answer_once(
    session: Session,
    turn: Turn,
    sealer: Sealer,
    now: datetime,
    answer: Callable[[], tuple[str, str]],
) -> tuple[str, str]:
    """Return (effect, answer) of the event: worked out now, or remembered from the first time."""
    effect, body = answer()
    if _keep(session, turn, effect, sealer.seal(body, ANSWER_CONTEXT), now):
        return effect, body
    undo(session)
    sealed = stored_answer(session, turn.key)
    return "repeated", sealer.unseal(sealed, ANSWER_CONTEXT) if sealed else ""


def _keep(session: Session, turn: Turn, effect: str, sealed: bytes, now: datetime) -> bool:
    values = (turn.key, turn.call_sid[:SID_LENGTH_MAX], now, turn.hook, str(effect), sealed)
    kept = write_out(session, last=(_KEEP, values))
    return kept is not None and kept.fetchone() is not None
