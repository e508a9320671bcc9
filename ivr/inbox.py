"""Actions on the inbox: one event, one effect, one answer, however often it is delivered."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.sealing import Sealer
from ivr.models import InboxEntry
from ivr.records import stored_answer
from ivr.turn import Turn

ANSWER_CONTEXT = "inbox.answer"
SID_LENGTH_MAX = 64


def answer_once(
    session: Session,
    turn: Turn,
    sealer: Sealer,
    now: datetime,
    answer: Callable[[], tuple[str, str]],
) -> tuple[str, str]:
    """Return (effect, answer) of the event: worked out now, or remembered from the first time.

    A second delivery at the same instant waits in `claim` for the first one's commit.
    """
    if not claim(session, turn, now):
        sealed = stored_answer(session, turn.key)
        return "repeated", sealer.unseal(sealed, ANSWER_CONTEXT) if sealed else ""
    effect, body = answer()
    session.execute(
        update(InboxEntry)
        .where(InboxEntry.key == turn.key)
        .values(effect=effect, sealed_answer=sealer.seal(body, ANSWER_CONTEXT))
        .execution_options(synchronize_session=False)
    )
    return effect, body


def claim(session: Session, turn: Turn, now: datetime) -> bool:
    """Take the event for this transaction; False where it was taken before."""
    claimed = session.execute(
        insert(InboxEntry)
        .values(
            key=turn.key,
            call_sid=turn.call_sid[:SID_LENGTH_MAX],
            received_at=now,
            event=turn.hook,
            effect="",
        )
        .on_conflict_do_nothing(index_elements=[InboxEntry.key])
        .returning(InboxEntry.key)
    )
    return claimed.first() is not None
