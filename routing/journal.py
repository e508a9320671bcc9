"""Actions on the journal: one row for each thing that happened to a call."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.database import ask

Entry = tuple[uuid.UUID, str, str, uuid.UUID | None, str | None]

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
    if len(rows) == 1:
        ask(session, _WRITE, rows[0])
    elif rows:
        session.connection().exec_driver_sql(_WRITE, rows)
