"""A companion's call through the exchange: the companion first, the citizen by our number."""

import uuid

import pytest

from callbacks import calling
from callbacks.retry import TryOutcome
from callbacks.states import PromiseState
from routing import actions
from routing.actions import Accepted
from tests.callbacks.town import OUTCOME, Person, Town


def pressed(town: Town, promise_id: uuid.UUID, who: uuid.UUID) -> Accepted | calling.MayNot:
    with town.look() as session:
        return calling.call_now(
            session, promise_id, who, town.services.sealer, town.now, town.services.policy
        )


def begun(town: Town, promise_id: uuid.UUID, who: uuid.UUID, person: Person) -> Accepted:
    """The companion presses "call", and the softphone connects."""
    taken = pressed(town, promise_id, who)
    assert isinstance(taken, Accepted)
    person.legs.append(town.exchange.dial(person, "", {"join": taken.join_token}))
    return taken


def reported(town: Town, promise_id: uuid.UUID, who: uuid.UUID, said: TryOutcome) -> bool:
    with town.look() as session:
        return calling.report(session, promise_id, who, said, town.now)


def test_the_companion_is_joined_first_and_the_outcome_keeps_the_promise(town: Town) -> None:
    who, companion = town.companion()
    citizen = town.person()
    promise_id = town.promise("companion")
    taken = begun(town, promise_id, who, companion)
    town.run(40)
    assert citizen.heard("부탁하신 전화")
    assert citizen.leg.from_ == town.services.config.helpline_number
    assert set(citizen.rooms) == set(companion.rooms) != set()
    citizen.leg.hang_up()
    town.run(5)
    with town.look() as session:
        assert calling.report(session, promise_id, who, TryOutcome.REACHED, town.now)
        actions.write_outcome(
            session, taken.session_id, who, OUTCOME, None, town.now, town.services.policy
        )
    town.run(5)
    assert town.get(promise_id).state == "kept"
    assert town.outcomes(promise_id) == ["reached"]
    assert town.presence(who).state == "free"
    assert not companion.leg.live
    assert town.complaints() == []


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (TryOutcome.VOICEMAIL, PromiseState.PLANNED),
        (TryOutcome.WRONG_PERSON, PromiseState.FOR_DECISION),
        (TryOutcome.REFUSED, PromiseState.DECLINED),
    ],
)
def test_what_answered_may_not_have_been_the_citizen(
    town: Town, said: TryOutcome, state: PromiseState
) -> None:
    who, companion = town.companion()
    citizen = town.person()
    promise_id = town.promise("companion")
    begun(town, promise_id, who, companion)
    town.run(40)
    citizen.leg.hang_up()
    town.run(5)
    assert reported(town, promise_id, who, said)
    assert not reported(town, promise_id, who, said)
    assert town.get(promise_id).state == state
    assert town.outcomes(promise_id) == [said]


def test_an_outcome_nobody_wrote_goes_to_a_person(town: Town) -> None:
    who, companion = town.companion()
    citizen = town.person()
    promise_id = town.promise("companion")
    begun(town, promise_id, who, companion)
    town.run(40)
    citizen.leg.hang_up()
    town.run(400)
    assert town.get(promise_id).state == "for_decision"
    assert town.get(promise_id).waits_for == "outcome not written"


def test_pressed_too_early_after_a_try_or_at_an_hour_tried_it_does_not_ring(town: Town) -> None:
    who, companion = town.companion()
    town.person(answer_after=None)
    promise_id = town.promise("companion")
    begun(town, promise_id, who, companion)
    town.run(60)
    assert town.outcomes(promise_id) == ["no_answer"]
    refused = pressed(town, promise_id, who)
    assert isinstance(refused, calling.MayNot)
    assert refused.next_at == town.get(promise_id).next_at
    town.days(1)  # the same hour of day
    refused = pressed(town, promise_id, who)
    assert isinstance(refused, calling.MayNot)
    assert refused.reason == "not at this hour"
    assert len(town.dials()) == 1


def test_a_companion_cut_off_in_the_talk_leaves_the_citizen_with_a_counselor(town: Town) -> None:
    """A companion's call never stood in the queue; its citizen does now, and the line goes on."""
    who, companion = town.companion()
    citizen = town.person()
    promise_id = town.promise("companion")
    begun(town, promise_id, who, companion)
    town.run(40)
    companion.leg.hang_up()
    town.run(10)
    assert citizen.leg.live
    _, counselor = town.counselor()
    town.run(60)
    assert counselor.rooms[-1] == citizen.rooms[-1]
    assert len(town.dials()) == 1
    citizen.leg.hang_up()
    town.run(400)
    assert town.get(promise_id).state == "for_decision"


def test_quiet_hours_and_holidays_bind_the_button(town: Town) -> None:
    who, _ = town.companion()
    promise_id = town.promise("companion")
    town.days(0.5)  # 22:00 in Seoul
    refused = pressed(town, promise_id, who)
    assert isinstance(refused, calling.MayNot)
    assert refused.reason == "not at this hour"
    assert refused.next_at is not None
    assert refused.next_at > town.now
    town.forbid()
    refused = pressed(town, promise_id, who)
    assert isinstance(refused, calling.MayNot)
    assert refused.reason == "do_not_call"
    assert town.get(promise_id).state == "withdrawn"
