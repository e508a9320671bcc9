"""Somebody who said on the telephone that they may be called, for tests."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizens import actions
from citizens.consent import How, Purpose
from citizens.models import Citizen
from core.sealing import Sealer


def consented(session: Session, e164: str, sealer: Sealer, now: datetime) -> Citizen:
    """Return the citizen behind a number, who agrees to be called."""
    citizen = actions.know(session, e164, sealer, "ko", now)
    actions.consent(
        session,
        citizen,
        Purpose.CONTACT_BY_PHONE,
        wording="test",
        how=How.SPOKEN,
        heard_by="test",
        now=now,
    )
    session.flush()
    return citizen
