"""Actions that remove what nobody needs any more: sign-ins, kept answers, the inbox's old rows.

Nothing remembers when it was last done: it is due whenever something lies an hour past its time, so
that a lost ring, an emptied Redis or a stopped worker only puts it off.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from core import idempotency, sign_ins
from core.database import try_lock
from core.models import SignIn, StoredAnswer
from core.policy import Policy
from ivr.models import InboxEntry

OVERDUE = timedelta(hours=1)
ROWS_MAX = 5_000  # of each kind at a time, so that no lock is held for long


@dataclass(frozen=True)
class Removed:
    """How many rows of each kind went."""

    sign_ins: int = 0
    answers: int = 0
    inbox: int = 0


def is_due(session: Session, now: datetime, policy: Policy) -> bool:
    """Tell whether anything should have been removed an hour ago."""
    late = now - OVERDUE
    overdue = (
        SignIn.expires_at <= late,
        StoredAnswer.created_at <= late - idempotency.KEPT,
        InboxEntry.received_at <= late - _inbox_kept(policy),
    )
    return any(session.scalar(select(exists().where(old))) for old in overdue)


def clean_up(session: Session, now: datetime, policy: Policy) -> Removed:
    """Remove what is past its time; nothing while another process does so, or when none is due."""
    if not try_lock(session, "clean up") or not is_due(session, now, policy):
        return Removed()
    return Removed(
        sign_ins=sign_ins.remove_ended(session, now, ROWS_MAX),
        answers=idempotency.remove_old(session, now, ROWS_MAX),
        inbox=_remove_inbox(session, now - _inbox_kept(policy)),
    )


def _inbox_kept(policy: Policy) -> timedelta:
    return timedelta(days=policy.inbox_days_max)


def _remove_inbox(session: Session, before: datetime) -> int:
    old = select(InboxEntry.key).where(InboxEntry.received_at <= before).limit(ROWS_MAX)
    gone = delete(InboxEntry).where(InboxEntry.key.in_(old)).returning(InboxEntry.key)
    return len(session.scalars(gone).all())
