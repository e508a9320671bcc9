"""Actions on the inbox: one event, one effect, one answer, however often it is delivered."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ivr.models import InboxEntry
from ivr.records import stored_answer
from ivr.turn import Turn


def claim(session: Session, turn: Turn, now: datetime) -> str | None:
    """Take the event for this transaction, or return the answer that it got before.

    A second delivery at the same instant waits here for the first one's commit.
    """
    claimed = session.execute(
        insert(InboxEntry)
        .values(
            key=turn.key,
            call_sid=turn.call_sid[:64],
            received_at=now,
            event=turn.hook,
            effect="",
            answer="",
        )
        .on_conflict_do_nothing(index_elements=[InboxEntry.key])
        .returning(InboxEntry.key)
    ).first()
    return None if claimed else stored_answer(session, turn.key)


def answer_once(
    session: Session, turn: Turn, now: datetime, answer: Callable[[], tuple[str, str]]
) -> tuple[str, str]:
    """Return (effect, answer) of the event: worked out now, or remembered from the first time."""
    before = claim(session, turn, now)
    if before is not None:
        return "repeated", before
    effect, body = answer()
    session.execute(
        InboxEntry.__table__.update()  # type: ignore[attr-defined]
        .where(InboxEntry.key == turn.key)
        .values(effect=effect, answer=body)
    )
    return effect, body
