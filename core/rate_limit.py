"""How often the same stranger may ask: counted in PostgreSQL under keyed hashes, for an hour.

Rule: a key is a keyed hash of an address or a number, so the table says nothing about people; rows
older than the hour are removed by whoever counts next.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.database import lock
from core.models import RateMark
from core.sealing import Sealer

WINDOW = timedelta(hours=1)
FORGET_MAX = 200


def rate_key(sealer: Sealer, kind: str, value: str) -> str:
    """Return the key under which `value` (an address, a number) of `kind` is counted."""
    return sealer.index(f"rate {kind}: {value}")


def may_ask(session: Session, keys: Sequence[str], now: datetime, per_hour_max: int) -> bool:
    """Count one request under every key; False, and nothing counted, where one is over its limit.

    Two at once take turns for the same key, so that the limit holds exactly.
    """
    for key in sorted(keys):
        lock(session, f"rate:{key}")
    _forget(session, now)
    for key in keys:
        held = select(func.count()).where(RateMark.key == key, RateMark.at > now - WINDOW)
        counted = session.scalar(held) or 0
        if counted >= per_hour_max:
            return False
    session.add_all(RateMark(id=uuid.uuid4(), key=key, at=now) for key in keys)
    return True


def _forget(session: Session, now: datetime) -> None:
    """Remove old rows, leaving those that somebody else is removing at this moment."""
    old = select(RateMark.id).where(RateMark.at <= now - WINDOW).with_for_update(skip_locked=True)
    session.execute(delete(RateMark).where(RateMark.id.in_(old.limit(FORGET_MAX))))
