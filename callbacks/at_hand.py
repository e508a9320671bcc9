"""What the edges of this room share for the request at hand: who looks, what they may see."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import bodies, worklist
from callbacks.actions import Made, NotMade
from callbacks.models import Promise
from callbacks.records import locked
from callbacks.worklist import Viewer
from callbacks.worklist_view import row_of
from core.access import current_account
from core.database import on_commit
from core.fields import rfc3339
from core.problems import Problem
from core.services import services


def viewer() -> Viewer:
    """Return what the account of this request may see."""
    account = current_account()
    return Viewer(account.account_id, account.role == "supervisor")


def seen(session: Session, callback_id: uuid.UUID) -> Promise:
    """Return a promise that this account may see, under its lock. Raises Problem 404."""
    promise = locked(session, callback_id)
    if promise is None or not worklist.may_see(session, viewer(), promise, services().clock.now()):
        raise Problem(404, "not-found", "There is no such callback on your list.")
    return promise


def shown(session: Session, promise: Promise) -> bodies.CallbackRow:
    """Return the promise as its row, and tell the pages that it changed."""
    session.flush()
    ring(session, promise.companion_id)
    return row_of(worklist.filled(session, [promise])[0], services().sealer)


def ring(session: Session, companion_id: uuid.UUID | None) -> None:
    """Wake the board, the companion's page and this account's own after the commit."""
    live, mine = services().live, current_account().account_id
    topics = {"board", f"desk:{mine}"} | ({f"desk:{companion_id}"} if companion_id else set())

    def told() -> None:
        for topic in sorted(topics):
            live.ring(topic)

    on_commit(session, told)


def promised(made: Made | NotMade) -> bodies.Promised:
    """Return what stands. Raises Problem 409 where nothing may be promised."""
    if isinstance(made, NotMade):
        raise may_not(made.reason)
    return bodies.Promised(id=made.promise_id, next_at=made.next_at, is_new=made.is_new)


def may_not(reason: str, next_at: datetime | None = None) -> Problem:
    """Return the refusal with its reason, and the moment from which it may be, for programs."""
    at = rfc3339(next_at) if next_at else None
    return Problem(
        409,
        "may-not-call",
        f"This can't be done: {reason.replace('_', ' ')}.",
        members={"reason": reason, "next_at": at},
    )
