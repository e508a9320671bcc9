"""The access log: every access to personal data, append-only, each row chained to the last.

Rule: a row's digest is keyed (DATA_KEYS) and covers the digest before it, and the head row counts
the entries, so that a changed, removed, added or reordered row shows, the last one too. Kept two
years (Safety Standard for personal data, art. 8).
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.models import AccessEntry, AccessHead
from core.sealing import Sealer

GENESIS = "genesis"
TEXT_LENGTH_MAX = 500
_BATCH = 1000


@dataclass(frozen=True)
class Access:
    """One access. subject: whose data, as "calls:<uuid>"; action: what was done, as "reveal"."""

    at: datetime
    account_id: uuid.UUID | None
    address: str
    action: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found. broken_at: the id of the first wrong row; 0 is the head."""

    entries: int
    broken_at: int | None

    @property
    def whole(self) -> bool:
        """Tell whether nothing was changed."""
        return self.broken_at is None


def record(session: Session, access: Access, sealer: Sealer) -> None:
    """Append `access` to the log, in the transaction of the access itself.

    The head's row lock makes writers take turns.
    """
    head = session.scalars(select(AccessHead).with_for_update()).one()
    digest = sealer.index(_link(head.digest, access))
    session.add(
        AccessEntry(
            at=access.at,
            account_id=access.account_id,
            address=access.address,
            action=access.action,
            subject=access.subject,
            reason=access.reason[:TEXT_LENGTH_MAX],
            digest=digest,
        )
    )
    head.entries += 1
    head.digest = digest
    head.seal = sealer.index(_head(head.entries, digest))
    session.flush()


def verify(session: Session, sealer: Sealer) -> Verdict:
    """Recompute the whole chain and say where it first breaks, if it does.

    session: one opened for this, of which nothing was asked yet; what it has loaded is forgotten on
    the way. Head and rows are of one moment, though the line goes on writing.
    """
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    head = session.scalars(select(AccessHead)).one()
    return check(_rows(session), (head.entries, head.digest, head.seal), sealer)


def check(
    rows: Iterable[tuple[int, Access, str]], head: tuple[int, str, str], sealer: Sealer
) -> Verdict:
    """Check `rows` (id, access, digest) in order against their digests and the `head`. Pure."""
    before, count = GENESIS, 0
    for row_id, access, digest in rows:
        count += 1
        if digest not in sealer.indexes(_link(before, access)):
            return Verdict(count, row_id)
        before = digest
    entries, digest, seal = head
    untouched = entries == 0 and seal == GENESIS
    sealed = untouched or seal in sealer.indexes(_head(entries, digest))
    agrees = (entries, digest) == (count, before)
    return Verdict(count, None if sealed and agrees else 0)


def _rows(session: Session) -> Iterator[tuple[int, Access, str]]:
    last = 0
    while True:
        rows = session.scalars(
            select(AccessEntry).where(AccessEntry.id > last).order_by(AccessEntry.id).limit(_BATCH)
        ).all()
        for row in rows:
            yield row.id, _access(row), row.digest
        if len(rows) < _BATCH:
            return
        last = rows[-1].id
        session.expunge_all()


def _access(row: AccessEntry) -> Access:
    return Access(row.at, row.account_id, row.address, row.action, row.subject, row.reason)


def _link(before: str, access: Access) -> str:
    fields = [
        "access log",
        before,
        access.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(access.account_id),
        access.address,
        access.action,
        access.subject,
        access.reason[:TEXT_LENGTH_MAX],
    ]
    return json.dumps(fields, ensure_ascii=True)


def _head(entries: int, digest: str) -> str:
    return json.dumps(["access log head", entries, digest])
