"""Writes into the access log what the request at hand looked at or changed, and whose it is."""

from flask import request
from sqlalchemy.orm import Session

from core import audit
from core.access import signed_in
from core.services import services


def note_access(session: Session, action: str, subject: str, reason: str) -> None:
    """Write one access by who makes this request, in the transaction of the access itself.

    subject: whose data, as "citizens:<uuid>". Do it last: the log's head is locked from then on.
    """
    held, account = services(), signed_in()
    entry = audit.Access(
        at=held.clock.now(),
        account_id=account.account_id if account else None,
        address=request.remote_addr or "unknown",
        action=action,
        subject=subject,
        reason=reason,
    )
    audit.record(session, entry, held.sealer)
