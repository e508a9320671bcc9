"""Every event at every state of call and offer, against DESIGN section 3 written out again."""

from itertools import product

import pytest

from core.life import IllegalEvent
from routing.states import (
    CALL_LIFE,
    OFFER_LIFE,
    CallEvent,
    CallState,
    OfferEvent,
    OfferState,
)

DESIGN = """
in_menu    joined_queue->waiting   caller_left->closed
waiting    offered->offered        caller_left->closed   promised_callback->closed   withdrawn->closed
offered    accepted->connected     accepted_outward->reaching   declined->waiting  offer_lapsed->waiting
offered    caller_left->closed     withdrawn->closed
reaching   citizen_answered->connected   not_reached->closed   counselor_lost->closed
connected  talk_ended->wrapping    caller_left->wrapping   counselor_lost->waiting
connected  handed_on->wrapping     machine_heard->closed
wrapping   outcome_written->closed wrap_lapsed->closed
"""  # noqa: E501 - the table as DESIGN prints it


def _written_out() -> dict[tuple[str, str], str]:
    arrows = {}
    for row in DESIGN.strip().splitlines():
        state, *moves = row.split()
        for move in moves:
            event, following = move.split("->")
            arrows[state, event] = following
    return arrows


@pytest.mark.parametrize(("state", "event"), list(product(CallState, CallEvent)))
def test_a_call_follows_the_design(state: CallState, event: CallEvent) -> None:
    following = _written_out().get((state, event))
    assert CALL_LIFE.allows(state, event) == (following is not None)
    if following is not None:
        assert CALL_LIFE.after(state, event) == following
        return
    with pytest.raises(IllegalEvent) as caught:
        CALL_LIFE.after(state, event)
    assert (caught.value.state, caught.value.event) == (state, event)


@pytest.mark.parametrize(("state", "event"), list(product(OfferState, OfferEvent)))
def test_an_offer_ends_once(state: OfferState, event: OfferEvent) -> None:
    if state is OfferState.OPEN:
        assert OFFER_LIFE.after(state, event) in set(OfferState) - {OfferState.OPEN}
        return
    with pytest.raises(IllegalEvent):
        OFFER_LIFE.after(state, event)


@pytest.mark.parametrize("state", CallState)
def test_every_call_can_come_to_its_end(state: CallState) -> None:
    reached = {state}
    while True:
        more = {following for held in reached for following in CALL_LIFE.table[held].values()}
        if more <= reached:
            break
        reached |= more
    assert CallState.CLOSED in reached
