"""Every event at every state of presence and session: what is not in the table moves nothing."""

from enum import StrEnum
from itertools import product

import pytest

from core.life import IllegalEvent
from counselors.states import (
    PRESENCE_LIFE,
    SESSION_LIFE,
    PresenceEvent,
    PresenceState,
    SessionEvent,
    SessionState,
)

P, PE, S, SE = PresenceState, PresenceEvent, SessionState, SessionEvent

PRESENCE = {
    (P.FREE, PE.RESERVED): P.OFFERED,
    (P.OFFERED, PE.OFFER_ENDED): P.FREE,
    (P.OFFERED, PE.OFFER_ACCEPTED): P.ON_CALL,
    (P.ON_CALL, PE.TALK_ENDED): P.WRAPPING,
    (P.ON_CALL, PE.LEG_LOST): P.FREE,
    (P.WRAPPING, PE.WRAP_ENDED): P.FREE,
}
SESSION = {
    (S.JOINING, SE.LEG_JOINED): S.TALKING,
    (S.JOINING, SE.TALK_ENDED): S.WRAPPING,
    (S.JOINING, SE.LEG_LOST): S.CLOSED,
    (S.TALKING, SE.TALK_ENDED): S.WRAPPING,
    (S.TALKING, SE.LEG_LOST): S.CLOSED,
    (S.WRAPPING, SE.OUTCOME_WRITTEN): S.CLOSED,
    (S.WRAPPING, SE.WRAP_LAPSED): S.CLOSED,
}


@pytest.mark.parametrize(("state", "event"), list(product(P, PE)))
def test_presence_follows_its_table(state: PresenceState, event: PresenceEvent) -> None:
    _holds(PRESENCE_LIFE, PRESENCE, state, event)


@pytest.mark.parametrize(("state", "event"), list(product(S, SE)))
def test_session_follows_its_table(state: SessionState, event: SessionEvent) -> None:
    _holds(SESSION_LIFE, SESSION, state, event)


def _holds(life: object, expected: object, state: StrEnum, event: StrEnum) -> None:
    following = expected.get((state, event))  # type: ignore[attr-defined]
    assert life.allows(state, event) == (following is not None)  # type: ignore[attr-defined]
    if following is not None:
        assert life.after(state, event) is following  # type: ignore[attr-defined]
        return
    with pytest.raises(IllegalEvent, match=f"{event}.*{state}"):
        life.after(state, event)  # type: ignore[attr-defined]


def test_no_seat_is_a_dead_end() -> None:
    assert all(PRESENCE_LIFE.table[state] for state in PresenceState)


def test_only_a_closed_session_is_the_end() -> None:
    assert [state for state in SessionState if not SESSION_LIFE.table[state]] == [S.CLOSED]
