"""The life of a promise, from its one table: nothing is lost and nothing ends in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.states import OPEN_STATES, PROMISE_LIFE, PromiseEvent, PromiseState
from core.life import IllegalEvent

ENDS = {PromiseState.KEPT, PromiseState.DECLINED, PromiseState.WITHDRAWN, PromiseState.DECIDED}
TABLE = PROMISE_LIFE.table


def lived(events: list[PromiseEvent]) -> PromiseState:
    state = PromiseState.PLANNED
    for event in events:
        if PROMISE_LIFE.allows(state, event):
            state = PROMISE_LIFE.after(state, event)
    return state


def test_every_state_is_either_open_or_one_of_the_four_ends() -> None:
    assert set(PromiseState) == set(OPEN_STATES) | ENDS
    assert {state for state in PromiseState if not TABLE[state]} == ENDS


@given(st.lists(st.sampled_from(list(PromiseEvent)), max_size=40))
def test_whatever_happens_it_is_open_or_has_ended_well(events: list[PromiseEvent]) -> None:
    state = lived(events)
    assert state in ENDS or state in OPEN_STATES
    if state in ENDS:
        assert all(not PROMISE_LIFE.allows(state, event) for event in PromiseEvent)


@given(st.lists(st.sampled_from(list(PromiseEvent)), max_size=12))
def test_from_every_open_state_an_end_can_be_reached(events: list[PromiseEvent]) -> None:
    reachable, before = {lived(events)}, set[PromiseState]()
    while reachable != before:
        before = set(reachable)
        reachable |= {after for state in before for after in TABLE[state].values()}
    assert reachable & ENDS


def test_spent_tries_wait_for_a_person_and_never_close_themselves() -> None:
    for state, row in TABLE.items():
        if PromiseEvent.TRIES_SPENT in row:
            assert row[PromiseEvent.TRIES_SPENT] is PromiseState.FOR_DECISION, state
    closing = [state for state, row in TABLE.items() if PromiseState.DECIDED in row.values()]
    assert closing == [PromiseState.FOR_DECISION]


@pytest.mark.parametrize("state", list(PromiseState))
@pytest.mark.parametrize("event", list(PromiseEvent))
def test_an_event_out_of_order_raises(state: PromiseState, event: PromiseEvent) -> None:
    if PROMISE_LIFE.allows(state, event):
        return
    with pytest.raises(IllegalEvent):
        PROMISE_LIFE.after(state, event)
