"""Reading the inbox: what was answered before."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.models import InboxEntry


def stored_answer(session: Session, key: str) -> str | None:
    """Return the answer given to this event before, None where it is new."""
    return session.scalar(select(InboxEntry.answer).where(InboxEntry.key == key))
