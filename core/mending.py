"""Mending many things, each apart: what is wrong with one must not keep the others from it."""

import uuid
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from core.rows import undo, write_out

Mend = Callable[[Session, uuid.UUID], object]
Tell = Callable[[Exception, uuid.UUID], None]


def mend_each(
    session: Session, ids: Sequence[uuid.UUID], mend: Mend, tell: Tell, *, is_all: bool = False
) -> int:
    """Do `mend` for each of `ids` in a savepoint of its own; return how many succeeded.

    tell: is told of each fault and whose it is; the fault's own changes are undone.
    is_all: nothing else is done in this transaction. Then a single one needs no savepoint, and
    its fault undoes the whole transaction, locks too.
    """
    if is_all and len(ids) == 1:
        return int(_mend_alone(session, ids[0], mend, tell))
    mended = 0
    for subject_id in ids:
        try:
            with session.begin_nested():
                mend(session, subject_id)
            mended += 1
        except Exception as fault:  # whatever is wrong with this one, the others are due too
            tell(fault, subject_id)
    return mended


def _mend_alone(session: Session, subject_id: uuid.UUID, mend: Mend, tell: Tell) -> bool:
    try:
        mend(session, subject_id)
        write_out(session)  # here, so that what the database refuses is told like any other fault
    except Exception as fault:
        undo(session)
        tell(fault, subject_id)
        return False
    return True
