"""Deciding on a real database: who is asked, who never is, and what a reservation writes."""

from datetime import date, timedelta

import pytest

from counselors.presence import LOST_SECONDS
from counselors.states import Status
from routing.dispatch import dispatch
from routing.models import Call
from routing.records import COME_BACK_SECONDS
from tests.routing.line_stage import Stage


def test_an_offer_is_a_row_on_both_sides_with_a_deadline_and_a_reason(stage: Stage) -> None:
    counselor, call = stage.counselor(idle_seconds=120), stage.call(waited=5)
    (offer,) = stage.dispatch()
    assert (offer.call_id, offer.counselor_id) == (call, counselor)
    stored = stage.get_offer(offer.offer_id)
    assert stored.state == "open"
    assert stored.deadline == stage.now + timedelta(seconds=stage.policy.ring_seconds_max)
    assert stored.reason == "longest idle (2 min)"
    assert stage.get_call(call).state == "offered"
    assert stage.get_presence(counselor).state == "offered"
    assert stage.journal(call) == ["arrived", "joined_queue", "offered"]


def test_a_browser_is_not_rung_and_a_telephone_is(stage: Stage) -> None:
    stage.counselor(idle_seconds=10)
    stage.call(waited=9)
    stage.dispatch()
    assert stage.orders() == []
    stage.counselor(endpoint="tel:+82212345678")
    stage.call(waited=8)
    (offer,) = stage.dispatch()
    (order,) = stage.orders()
    assert (order.kind, order.subject_id, order.state) == ("ring", offer.offer_id, "due")


@pytest.mark.parametrize(
    "unfit",
    [
        {"status": Status.BREAK},
        {"status": Status.OFF},
        {"role": "companion"},
        {"role": "supervisor"},
        {"certified_until": date(2026, 3, 1)},
        {"languages": ("en",)},
    ],
)
def test_who_may_not_is_never_offered_a_call(stage: Stage, unfit: dict[str, object]) -> None:
    stage.counselor(**unfit)  # type: ignore[arg-type]
    stage.call(waited=5)
    assert stage.dispatch() == ()


def test_in_another_language_than_nobody_speaks_a_call_is_offered_in_the_end(stage: Stage) -> None:
    """A promise waits from when it came into the queue, not from the first asking."""
    counselor = stage.counselor(endpoint="tel:+82212345678")
    waited = stage.policy.language_relax_seconds - 1
    promised = stage.call(waited=waited, language="en")
    with stage.open() as session:
        session.get_one(Call, promised).queued_at = stage.now - timedelta(days=1)
    assert stage.dispatch() == ()
    stage.later(1)
    (offer,) = stage.dispatch()
    assert (offer.call_id, offer.counselor_id) == (promised, counselor)


def test_a_certificate_holds_through_its_last_day_in_seoul(stage: Stage) -> None:
    stage.counselor(certified_until=date(2026, 3, 2))
    stage.call()
    assert len(stage.dispatch()) == 1


def test_an_unheard_browser_is_offered_nothing_and_a_telephone_needs_no_heartbeat(
    stage: Stage,
) -> None:
    silent, tel = stage.counselor(idle_seconds=50), stage.counselor(endpoint="sip:a@b.example")
    stage.later(stage.policy.heartbeat_seconds_max + 1)
    stage.call(waited=3)
    stage.call(waited=2)
    assert [offer.counselor_id for offer in stage.dispatch()] == [tel]
    stage.heard(silent)
    assert [offer.counselor_id for offer in stage.dispatch()] == [silent]


def test_as_many_pairs_as_there_can_be_in_one_go(stage: Stage) -> None:
    people = {stage.counselor(idle_seconds=n) for n in range(5)}
    calls = [stage.call(waited=100 - n) for n in range(8)]
    offers = stage.dispatch()
    assert {offer.counselor_id for offer in offers} == people
    assert [offer.call_id for offer in offers] == calls[:5]
    assert stage.dispatch() == ()


def test_a_rolled_back_decision_leaves_nothing(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()

    class Crash(Exception):
        """The process dies before its commit."""

    with pytest.raises(Crash), stage.database.transaction() as session:
        assert dispatch(session, stage.now, stage.policy)
        raise Crash
    assert stage.get_call(call).state == "waiting"
    assert stage.get_presence(counselor).state == "free"
    assert stage.journal(call) == ["arrived", "joined_queue"]
    assert len(stage.dispatch()) == 1


def test_nothing_to_decide_decides_nothing(stage: Stage) -> None:
    assert stage.dispatch() == ()
    stage.call()
    assert stage.dispatch() == ()


def test_a_lost_browser_is_not_asked_again_until_it_shows_a_sign_of_life(stage: Stage) -> None:
    lost, call = stage.counselor(), stage.call(waited=200)
    _, session_id = stage.talking("CAleg")
    other = stage.counselor(idle_seconds=900)
    stage.lose_leg(session_id, "CAleg")
    assert stage.dispatch() == ()  # the same counselor has a moment to come back
    stage.heard(lost)  # what the closing tab still sends counts for nothing
    assert stage.dispatch() == ()
    stage.later(LOST_SECONDS)
    stage.heard(lost)
    (offer,) = stage.dispatch()
    assert (offer.call_id, offer.counselor_id) == (call, lost)
    assert stage.get_presence(other).state == "free"


def test_a_browser_that_stays_lost_gives_way_to_the_next(stage: Stage) -> None:
    stage.counselor()
    call = stage.call(waited=200)
    _, session_id = stage.talking("CAleg")
    other = stage.counselor()
    stage.lose_leg(session_id, "CAleg")
    stage.later(COME_BACK_SECONDS)
    (offer,) = stage.dispatch()
    assert (offer.call_id, offer.counselor_id) == (call, other)


def test_a_caller_whose_row_somebody_holds_keeps_nobody_waiting(stage: Stage) -> None:
    """Everybody waits for the dispatcher: it waits for nobody, and overtakes nobody either."""
    stage.counselor()
    first, second = stage.call(waited=60), stage.call(waited=30)
    with stage.open() as another:
        another.get_one(Call, first, with_for_update=True)
        assert stage.dispatch() == ()
        stage.counselor()
        assert [offer.call_id for offer in stage.dispatch()] == [second]
    assert [offer.call_id for offer in stage.dispatch()] == [first]
