"""Which exceptions of the application's are explained by what faults do to the database."""

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import DatabaseAway

EXPECTED_STATES = frozenset({"53100", "57P01", "55P03", "08006", "08003"})
"""disk_full, admin_shutdown, lock_not_available, connection failures."""


def is_the_databases(error: BaseException | None) -> bool:
    """Tell whether the database's being away explains `error`, or what it came from.

    What we ask wrongly, or what an index forbids, is our own fault at any time.
    """
    while error is not None:
        if isinstance(error, DatabaseAway | PoolTimeout):
            return True
        if isinstance(error, DBAPIError):
            return _is_away(error)
        error = error.__cause__ or error.__context__
    return False


def _is_away(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    is_broken = state is None and isinstance(error, OperationalError)
    return error.connection_invalidated or is_broken or state in EXPECTED_STATES
