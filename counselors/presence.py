"""Actions on presence: what a counselor says, and what offers and sessions do to the state."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session, object_session

from counselors.models import Presence, PresenceEntry
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
    held = session.get(Presence, counselor_id, with_for_update=True, populate_existing=True)
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
    session.add(
        PresenceEntry(counselor_id=held.counselor_id, at=now, status=held.status, state=held.state)
    )


def heard(session: Session, counselor_id: uuid.UUID, now: datetime) -> None:
    """Note a sign of life of a browser, at most every few seconds."""
    before = now - timedelta(seconds=HEARD_EVERY_SECONDS)
    lost = now - timedelta(seconds=LOST_SECONDS)
    session.execute(
        update(Presence)
        .where(
            Presence.counselor_id == counselor_id,
            or_(
                Presence.heard_at < before,
                Presence.heard_at.is_(None) & (Presence.state_since <= lost),
            ),
        )
        .values(heard_at=now)
        .execution_options(synchronize_session=False)
    )
