"""Adds counselors for the tests of supervision."""

import uuid
from datetime import date

from core.clock import SteppedClock
from core.database import Database
from counselors import presence
from counselors.models import Counselor
from tests.core.people import add_account


def add_counselor(
    database: Database,
    clock: SteppedClock,
    login: str,
    *,
    role: str = "counselor",
    skills: dict[str, int] | None = None,
    languages: tuple[str, ...] = ("ko",),
    endpoint: str = "sip:seat@example.net",
) -> uuid.UUID:
    """Add somebody who answers, off and free, at an endpoint that needs no heartbeat."""
    counselor_id = add_account(database, clock, login, role)
    with database.transaction() as session:
        session.add(
            Counselor(
                id=counselor_id,
                certificate="social_worker_1",
                certificate_no="1",
                certified_until=date(2030, 12, 31),
                training_hours=60,
                skills=skills or {},
                languages=list(languages),
                endpoint=endpoint,
            )
        )
        session.flush()
        presence.open_presence(session, counselor_id, clock.now())
    return counselor_id
