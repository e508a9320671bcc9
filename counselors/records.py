"""Reading who is there: presences, who may be offered a call, sessions."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.clock import SEOUL
from core.models import Account
from core.rows import find
from core.statements import ask
from counselors.models import CounselingSession, Counselor, Presence
from counselors.states import SessionState


@dataclass(frozen=True)
class PresenceView:
    """A counselor's presence as the desk shows it. since: when status or state last moved."""

    status: str
    state: str
    since: datetime
    not_answering_since: datetime | None = None


@dataclass(frozen=True)
class PresenceRow:
    """A counselor's presence as the board shows it."""

    counselor_id: uuid.UUID
    login: str
    name: str
    status: str
    state: str
    since: datetime
    endpoint: str
    not_answering_since: datetime | None
    heard_at: datetime | None


class ReadyRow(NamedTuple):
    """A counselor who may be offered a call now."""

    counselor_id: uuid.UUID
    idle_since: datetime
    skills: dict[str, Any]
    languages: list[str]
    endpoint: str


def presence(session: Session, counselor_id: uuid.UUID) -> PresenceView | None:
    """Return the presence of one counselor, or None where there is none."""
    row = find(session, Presence, "counselor_id = %s", (counselor_id,))
    if row is None:
        return None
    since = max(row.status_since, row.state_since)
    return PresenceView(row.status, row.state, since, row.not_answering_since)


def presences(session: Session) -> list[PresenceRow]:
    """Return every counselor's presence, by login."""
    rows = session.execute(
        select(Presence, Account.login, Account.name, Counselor.endpoint)
        .join(Counselor, Counselor.id == Presence.counselor_id)
        .join(Account, Account.id == Counselor.id)
        .where(Account.role == "counselor")
        .order_by(Account.login)
    )
    return [_presence_row(row) for row in rows]


def _presence_row(row: Row[Presence, str, str, str]) -> PresenceRow:
    held: Presence = row[0]
    return PresenceRow(
        counselor_id=held.counselor_id,
        login=row.login,
        name=row.name,
        status=held.status,
        state=held.state,
        since=max(held.status_since, held.state_since),
        endpoint=row.endpoint,
        not_answering_since=held.not_answering_since,
        heard_at=held.heard_at,
    )


_READY = """
    SELECT p.counselor_id, p.idle_since, c.skills, c.languages, c.endpoint
    FROM presences p
    JOIN counselors c ON c.id = p.counselor_id
    JOIN accounts a ON a.id = c.id
    WHERE p.status = 'ready' AND p.state = 'free' AND a.role = 'counselor'
        AND c.certified_until >= %(today)s
        AND (c.endpoint <> 'browser' OR p.heard_at >= %(heard_after)s)
    ORDER BY p.idle_since, p.counselor_id
"""


def ready(session: Session, now: datetime, heartbeat_seconds_max: float) -> list[ReadyRow]:
    """Return who may be offered a call now, longest idle first.

    Only counselors (companions never get first-time calls) who say they are ready, are free,
    hold a certificate valid today in Seoul, and are reachable: a browser heard within
    `heartbeat_seconds_max`, or a SIP or telephone endpoint, which needs no heartbeat.
    """
    values = {
        "today": now.astimezone(SEOUL).date(),
        "heard_after": now - timedelta(seconds=heartbeat_seconds_max),
    }
    rows = ask(session, _READY, values).fetchall()
    return [ReadyRow(*row) for row in rows]


def open_session(session: Session, counselor_id: uuid.UUID) -> CounselingSession | None:
    """Return the counselor's session that is not closed yet, if any."""
    mine = "counselor_id = %s AND state <> 'closed'"
    return find(session, CounselingSession, mine, (counselor_id,))


def live_session(session: Session, call_id: uuid.UUID) -> CounselingSession | None:
    """Return the session in which this call is being joined or talked, if any."""
    live = "call_id = %s AND state IN ('joining', 'talking')"
    return find(session, CounselingSession, live, (call_id,))


def session_of_leg(session: Session, leg_sid: str) -> CounselingSession | None:
    """Return the session into which this leg of a counselor came, if it is one."""
    return find(session, CounselingSession, "leg_sid = %s", (leg_sid,))


def wrapping_session(session: Session, call_id: uuid.UUID) -> CounselingSession | None:
    """Return the session of this call whose outcome is being written, if any."""
    return session.scalar(
        select(CounselingSession).where(
            CounselingSession.call_id == call_id,
            CounselingSession.state == SessionState.WRAPPING,
        )
    )


def had_session(session: Session, counselor_id: uuid.UUID, call_id: uuid.UUID) -> bool:
    """Tell whether this counselor has or had a session with this call."""
    found = session.scalars(
        select(CounselingSession.id)
        .where(CounselingSession.counselor_id == counselor_id, CounselingSession.call_id == call_id)
        .limit(1)
    ).first()
    return found is not None


def last_session(
    session: Session, counselor_id: uuid.UUID, call_id: uuid.UUID
) -> CounselingSession | None:
    """Return the latest session of this counselor with this call, if any."""
    return session.scalars(
        select(CounselingSession)
        .where(CounselingSession.counselor_id == counselor_id, CounselingSession.call_id == call_id)
        .order_by(CounselingSession.accepted_at.desc())
        .limit(1)
    ).first()
