"""Mending many things, each apart: what is wrong with one must not keep the others from it."""

import uuid
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

Mend = Callable[[Session, uuid.UUID], object]


def mend_each(
    session: Session,
    ids: Sequence[uuid.UUID],
    mend: Mend,
    tell: Callable[[Exception, uuid.UUID], None],
) -> int:
    """Do `mend` for each of `ids` in a savepoint of its own; return how many succeeded.

    tell: is told of each fault and whose it is; the fault's own changes are undone.
    """
    mended = 0
    for subject_id in ids:
        try:
            with session.begin_nested():
                mend(session, subject_id)
            mended += 1
        except Exception as fault:  # whatever is wrong with this one, the others are due too
            tell(fault, subject_id)
    return mended
