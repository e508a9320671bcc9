"""Each process leaves a sign of life in PostgreSQL, so that a dead one is noticed by the others.

Redis could say who works for it, but Redis may be emptied; and a web process is no worker of it.
"""

import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import ProcessPulse

BEAT_SECONDS = 2.0
SILENT_SECONDS_MAX = 15.0
FORGET = timedelta(hours=24)


@dataclass(frozen=True)
class Process:
    """One process as its pulse shows it. is_silent: it has not been heard for too long."""

    kind: str
    name: str
    started_at: datetime
    heard_at: datetime
    is_silent: bool


class Pulse:
    """This process's own sign of life. kind: web or worker."""

    def __init__(self, kind: str) -> None:
        self._id = uuid.uuid4()
        self._kind = kind
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._started_at: datetime | None = None
        self._beat_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time for another sign; the clock may have been set back."""
        if self._beat_at is None:
            return True
        return abs((now - self._beat_at).total_seconds()) >= BEAT_SECONDS

    def beat(self, session: Session, now: datetime) -> None:
        """Write that this process has just done its round; forget who was silent for a day."""
        self._beat_at = now
        self._started_at = self._started_at or now
        row = {"id": self._id, "kind": self._kind, "name": self._name, "heard_at": now}
        written = insert(ProcessPulse).values(**row, started_at=self._started_at)
        session.execute(
            written.on_conflict_do_update(index_elements=["id"], set_={"heard_at": now})
        )
        session.execute(delete(ProcessPulse).where(ProcessPulse.heard_at < now - FORGET))

    def end(self, session: Session) -> None:
        """Say goodbye: this process ends as it should and is not missed."""
        session.execute(delete(ProcessPulse).where(ProcessPulse.id == self._id))


def processes(session: Session, now: datetime) -> Sequence[Process]:
    """Return every process heard within a day, the ones that live first."""
    rows = session.scalars(select(ProcessPulse).order_by(ProcessPulse.heard_at.desc()))
    silent_before = now - timedelta(seconds=SILENT_SECONDS_MAX)
    return [
        Process(row.kind, row.name, row.started_at, row.heard_at, row.heard_at < silent_before)
        for row in rows
    ]
