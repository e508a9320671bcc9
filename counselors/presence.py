"""Actions on presence: what a counselor says, and what offers and sessions do to the state."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, object_session

from core import rows
from core.rows import add_later
from core.statements import ask
from counselors.models import Presence
from counselors.records import PresenceView
from counselors.states import PRESENCE_LIFE, PresenceEvent, PresenceState, Status

HEARD_EVERY_SECONDS = 3
LOST_SECONDS = 1
"""After a lost leg, what a closing tab still sends is no sign of life for this long."""


class UnknownCounselor(Exception):
    """No such counselor in the roster. Import the roster or check the account's role."""


def open_presence(session: Session, counselor_id: uuid.UUID, now: datetime) -> None:
    """Give a newly imported counselor a presence: off and free."""
    session.add(
        Presence(
            counselor_id=counselor_id,
            status=Status.OFF,
            status_since=now,
            state=PresenceState.FREE,
            state_since=now,
            idle_since=now,
        )
    )


def locked(session: Session, counselor_id: uuid.UUID) -> Presence:
    """Return the presence under a row lock. Raises UnknownCounselor where there is none."""
    held = rows.locked(session, Presence, counselor_id)
    if held is None:
        raise UnknownCounselor(UnknownCounselor.__doc__)
    return held


def say(held: Presence, status: Status, now: datetime) -> None:
    """Record what the counselor says; saying "ready" also ends a "not answering"."""
    if held.status != status:
        held.status = status
        held.status_since = now
        _note(held, now)
    held.not_answering_since = None
    held.heard_at = now


def move(held: Presence, event: PresenceEvent, now: datetime) -> None:
    """Move the state by `event`. Raises IllegalEvent and changes nothing where it can't happen.

    The longest idle is counted from the end of the last session, so a break changes no rank. Whose
    leg was lost is unheard from now on: a browser that is gone must not be offered the call again.
    """
    held.state = PRESENCE_LIFE.after(PresenceState(held.state), event)
    held.state_since = now
    if event is PresenceEvent.WRAP_ENDED:
        held.idle_since = now
    if event is PresenceEvent.LEG_LOST:
        held.heard_at = None
    _note(held, now)


def mark_not_answering(held: Presence, now: datetime) -> None:
    """After a ring-no-answer: on break until the counselor says "ready" again."""
    held.not_answering_since = now
    if held.status == Status.READY:
        held.status = Status.BREAK
        held.status_since = now
        _note(held, now)


def _note(held: Presence, now: datetime) -> None:
    """Keep the change in the presence's history, in the transaction that makes it."""
    session = object_session(held)
    assert session is not None, "a presence is changed under its lock, so inside a transaction"
    note = {"at": now, "status": str(held.status), "state": str(held.state)}
    add_later(session, "presence_events", {"counselor_id": held.counselor_id, **note})


_HEARD = """
    UPDATE presences SET heard_at = %s
    WHERE counselor_id = %s AND (heard_at < %s OR heard_at IS NULL AND state_since <= %s)
"""


def heard(session: Session, counselor_id: uuid.UUID, now: datetime) -> None:
    """Note a sign of life of a browser, at most every few seconds."""
    ask(session, _HEARD, _heard_values(counselor_id, now))


_HEARD_FROM = f"""
    WITH heard AS ({_HEARD})
    SELECT status, state, greatest(status_since, state_since), not_answering_since
    FROM presences WHERE counselor_id = %s
"""


def heard_from(session: Session, counselor_id: uuid.UUID, now: datetime) -> PresenceView | None:
    """Note a sign of life as `heard` does, and return the presence; None where there is none."""
    row = ask(session, _HEARD_FROM, (*_heard_values(counselor_id, now), counselor_id)).fetchone()
    return None if row is None else PresenceView(*row)


def _heard_values(counselor_id: uuid.UUID, now: datetime) -> tuple[object, ...]:
    before = now - timedelta(seconds=HEARD_EVERY_SECONDS)
    lost = now - timedelta(seconds=LOST_SECONDS)
    return now, counselor_id, before, lost
