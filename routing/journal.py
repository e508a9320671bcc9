"""Actions on the journal: one row for each thing that happened to a call."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

Entry = tuple[uuid.UUID, str, str, uuid.UUID | None, str | None]

# Driver SQL: every change of a call writes here.
_WRITE = """
    INSERT INTO call_events (call_id, at, event, state, counselor_id, reason)
    VALUES (%s, %s, %s, %s, %s, %s)
"""


def journal_many(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    """Write entries (call, event, state after it, counselor, reason), all at `now`."""
    rows = [
        (call_id, now, str(event), str(state), counselor_id, reason)
        for call_id, event, state, counselor_id, reason in entries
    ]
    if rows:
        session.connection().exec_driver_sql(_WRITE, rows if len(rows) > 1 else rows[0])
