"""Actions on the journal: one row for each thing that happened to a call."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.rows import add_later

Entry = tuple[uuid.UUID, str, str, uuid.UUID | None, str | None]


def journal_many(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    """Write entries (call, event, state after it, counselor, reason), all at `now`."""
    for call_id, event, state, counselor_id, reason in entries:
        row = {
            "call_id": call_id,
            "at": now,
            "event": str(event),
            "state": str(state),
            "counselor_id": counselor_id,
            "reason": reason,
        }
        add_later(session, "call_events", row)
