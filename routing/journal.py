"""Actions on the journal: one row for each thing that happened to a call."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from routing.models import CallEvent

Entry = tuple[uuid.UUID, str, str, uuid.UUID | None, str | None]


def journal_many(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    """Write entries (call, event, state after it, counselor, reason), all at `now`."""
    session.execute(
        insert(CallEvent),
        [
            {
                "call_id": call_id,
                "at": now,
                "event": event,
                "state": state,
                "counselor_id": counselor_id,
                "reason": reason,
            }
            for call_id, event, state, counselor_id, reason in entries
        ],
    )
