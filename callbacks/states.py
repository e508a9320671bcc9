"""The life of a promise: from asking to a kept promise or a person's written decision. Pure.

Rule: every path ends in kept, declined, withdrawn or decided; nothing ends in silence, because no
answer from somebody isolated is itself a signal.
"""

from enum import StrEnum

from core.life import Life


class PromiseState(StrEnum):
    """Where a promise is."""

    PLANNED = "planned"
    """To be kept at `next_at` or when its turn in the queue comes."""
    CALLING = "calling"
    """An attempt is under way."""
    FOR_DECISION = "for_decision"
    """The tries are spent: a person decides."""
    KEPT = "kept"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


class PromiseEvent(StrEnum):
    """What happens to a promise."""

    CALL_BEGUN = "call_begun"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    TRIES_SPENT = "tries_spent"
    CALL_LOST = "call_lost"
    REFUSED = "refused"
    WITHDREW = "withdrew"
    PLANNED_AGAIN = "planned_again"
    CLOSED_BY_DECISION = "closed_by_decision"


_S, _E = PromiseState, PromiseEvent

OPEN_STATES = (_S.PLANNED, _S.CALLING, _S.FOR_DECISION)

PROMISE_LIFE: Life[PromiseState, PromiseEvent] = Life(
    "promise",
    {
        _S.PLANNED: {
            _E.CALL_BEGUN: _S.CALLING,
            _E.REFUSED: _S.DECLINED,
            _E.WITHDREW: _S.WITHDRAWN,
            _E.TRIES_SPENT: _S.FOR_DECISION,
        },
        _S.CALLING: {
            _E.REACHED: _S.KEPT,
            _E.NOT_REACHED: _S.PLANNED,
            _E.CALL_LOST: _S.PLANNED,
            _E.TRIES_SPENT: _S.FOR_DECISION,
            _E.REFUSED: _S.DECLINED,
            _E.WITHDREW: _S.WITHDRAWN,
        },
        _S.FOR_DECISION: {
            _E.PLANNED_AGAIN: _S.PLANNED,
            _E.CLOSED_BY_DECISION: _S.DECIDED,
            _E.REACHED: _S.KEPT,
            _E.REFUSED: _S.DECLINED,
            _E.WITHDREW: _S.WITHDRAWN,
        },
        _S.KEPT: {},
        _S.DECLINED: {},
        _S.WITHDRAWN: {},
        _S.DECIDED: {},
    },
)
