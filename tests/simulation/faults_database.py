"""Which of the application's exceptions what ails the database at the moment explains."""

from typing import Protocol

from sqlalchemy.exc import DBAPIError

LOCKED = "55P03"  # lock_not_available
DISK_FULL = "53100"


class Ailing(Protocol):
    """What ails the database at this moment."""

    @property
    def is_racing(self) -> bool:
        """Whether a process looks the line over while another stands before or after a commit."""
        ...

    @property
    def was_cut(self) -> bool:
        """Whether a connection was ended by the server at this moment."""
        ...

    def is_disk_full(self) -> bool:
        """Whether nothing can be written."""
        ...


def explains(ailing: Ailing, error: BaseException | None) -> bool:
    """Tell whether what ails the database explains `error`, or what it came from.

    What we ask wrongly, or what an index forbids, is our own fault at any time; so is a pool that
    has no connection left, since no fault here takes one.
    """
    while error is not None:
        if isinstance(error, DBAPIError):
            return _is_explained(ailing, error)
        error = error.__cause__ or error.__context__
    return False


def _is_explained(ailing: Ailing, error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state == LOCKED:
        return ailing.is_racing
    if state == DISK_FULL:
        return ailing.is_disk_full()
    is_broken = state is None or error.connection_invalidated
    return is_broken and ailing.was_cut
