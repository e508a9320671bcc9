"""Reading the inbox: what was answered before."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.models import InboxEntry


def stored_answer(session: Session, key: str) -> bytes | None:
    """Return the sealed answer given to this event before, None where there is none."""
    return session.scalar(select(InboxEntry.sealed_answer).where(InboxEntry.key == key))
