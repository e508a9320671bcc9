"""What counselors do: each once, late and repeated presses answered, never half done."""

import uuid

import pytest

from counselors.presence import UnknownCounselor
from routing import actions
from routing.actions import Accepted, Declined, Ended, Gone, Written
from tests.routing.line_stage import Stage

OUTCOME = {"result": "listened"}


def test_accepting_opens_a_session_with_a_token_for_one_leg(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    offer = stage.dispatch()[0]
    taken = stage.accept(offer)
    assert isinstance(taken, Accepted)
    talk = stage.get_talk(taken.session_id)
    assert (talk.state, talk.counselor_id, talk.call_id) == ("joining", counselor, call)
    assert talk.join_digest != taken.join_token
    assert stage.get_call(call).state == "connected"
    assert stage.get_presence(counselor).state == "on_call"


def test_accepting_twice_gives_the_same_session_and_a_new_token(stage: Stage) -> None:
    stage.counselor()
    stage.call()
    offer = stage.dispatch()[0]
    first, second = stage.accept(offer), stage.accept(offer)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert first.session_id == second.session_id
    assert first.join_token != second.join_token
    stage.join_counselor(first.session_id)
    assert stage.accept(offer) == Gone("accepted already")


def test_an_offer_is_its_counselors_only(stage: Stage) -> None:
    stage.counselor()
    stage.call()
    offer, stranger = stage.dispatch()[0], stage.counselor()
    with stage.open() as session:
        wrong = actions.accept_offer(session, offer.offer_id, stranger, stage.now, stage.policy)
        none = actions.accept_offer(session, uuid.uuid4(), stranger, stage.now, stage.policy)
    assert wrong == none == Gone("no such offer")


def test_declining_keeps_the_arrival_and_the_status(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call(waited=77)
    arrived = stage.get_call(call).queued_at
    offer = stage.dispatch()[0]
    assert stage.decline(offer, "lunch") == Declined(call)
    assert stage.get_call(call).queued_at == arrived
    held = stage.get_presence(counselor)
    assert (held.status, held.state) == ("ready", "free")
    assert stage.get_offer(offer.offer_id).decline_reason == "lunch"
    assert stage.accept(offer) == Gone("declined")
    assert stage.decline(offer) == Gone("declined")


def test_a_declined_call_is_not_offered_to_the_same_person_at_once_but_is_later(
    stage: Stage,
) -> None:
    counselor, _ = stage.counselor(), stage.call()
    stage.decline(stage.dispatch()[0])
    assert stage.dispatch() == ()
    stage.later(stage.policy.decline_rest_seconds + 1)
    stage.heard(counselor)
    assert len(stage.dispatch()) == 1


@pytest.mark.parametrize("status", ["break", "off"])
def test_leaving_during_an_offer_gives_it_back(stage: Stage, status: str) -> None:
    counselor, call = stage.counselor(), stage.call()
    offer = stage.dispatch()[0]
    stage.say(counselor, status)
    assert stage.get_offer(offer.offer_id).state == "declined"
    assert stage.get_call(call).state == "waiting"
    held = stage.get_presence(counselor)
    assert (held.status, held.state) == (status, "free")


def test_an_unknown_status_and_an_unknown_person_are_refused(stage: Stage) -> None:
    counselor = stage.counselor()
    with pytest.raises(ValueError, match="asleep"):
        stage.say(counselor, "asleep")
    with pytest.raises(UnknownCounselor):
        stage.say(uuid.uuid4(), "ready")


def test_ending_says_goodbye_lets_the_leg_go_and_begins_the_wrap_up(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking("CAleg")
    assert stage.end(session_id, counselor) == Ended(session_id)
    assert stage.end(session_id, counselor) == Ended(session_id)
    assert stage.get_call(call).state == "wrapping"
    assert stage.get_presence(counselor).state == "wrapping"
    kinds = sorted((order.kind, order.details.get("to")) for order in stage.orders("due"))
    assert kinds == [("hang_up", None), ("move", "goodbye")]


def test_only_its_counselor_ends_a_session(stage: Stage) -> None:
    stage.counselor()
    stage.call()
    _, session_id = stage.talking()
    stranger = stage.counselor()
    assert stage.end(session_id, stranger) == Gone("no such session")
    assert stage.write(session_id, stranger, OUTCOME) == Gone("no such session")
    assert stage.get_talk(session_id).state == "talking"


def test_the_outcome_closes_the_call_and_frees_the_seat(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking()
    assert stage.write(session_id, counselor, OUTCOME) == Gone("still talking")
    stage.end(session_id, counselor)
    stage.later(30)
    assert stage.write(session_id, counselor, OUTCOME) == Written(session_id)
    assert stage.write(session_id, counselor, OUTCOME) == Written(session_id)
    closed = stage.get_call(call)
    assert (closed.state, closed.closed_at) == ("closed", stage.now)
    assert stage.get_talk(session_id).outcome == OUTCOME
    held = stage.get_presence(counselor)
    assert (held.state, held.idle_since) == ("free", stage.now)
    assert stage.journal(call) == [
        "arrived",
        "joined_queue",
        "offered",
        "accepted",
        "answered",
        "talk_ended",
        "outcome_written",
    ]


def test_an_outcome_written_late_is_kept(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking()
    stage.end(session_id, counselor)
    stage.later(stage.policy.wrap_seconds_max + 1)
    assert stage.sweep().wraps_lapsed == 1
    assert stage.get_call(call).close_reason == "unrecorded"
    assert stage.write(session_id, counselor, OUTCOME) == Written(session_id)
    assert stage.get_talk(session_id).outcome == OUTCOME
    assert stage.get_presence(counselor).state == "free"


def test_a_rolled_back_acceptance_leaves_the_offer_open(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    offer = stage.dispatch()[0]
    with pytest.raises(ZeroDivisionError), stage.database.transaction() as session:
        actions.accept_offer(session, offer.offer_id, counselor, stage.now, stage.policy)
        raise ZeroDivisionError
    stage.check()
    assert stage.get_call(call).state == "offered"
    assert isinstance(stage.accept(offer), Accepted)
