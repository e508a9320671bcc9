"""Every state has a limit, and the sweep mends what passed it: that and nothing else."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from core.life import IllegalEvent
from counselors import presence
from routing import actions, line
from routing import sweep as sweep_module
from routing.models import Call, Offer, Order
from routing.sweep import settle_look_up, sweep
from tests import invariants
from tests.routing.line_stage import Stage


def test_ring_no_answer_goes_back_to_the_head_and_the_counselor_is_not_asked_again(
    stage: Stage,
) -> None:
    counselor, call = stage.counselor(), stage.call(waited=40)
    arrived = stage.get_call(call).queued_at
    offer = stage.dispatch()[0]
    stage.later(stage.policy.ring_seconds_max - 1)
    stage.heard(counselor)
    assert not stage.sweep()
    stage.later(1)
    stage.heard(counselor)
    assert stage.sweep().offers_lapsed == 1
    assert stage.get_offer(offer.offer_id).state == "lapsed"
    assert stage.get_call(call).queued_at == arrived
    held = stage.get_presence(counselor)
    assert (held.status, held.state, held.not_answering_since) == ("break", "free", stage.now)
    assert stage.dispatch() == ()
    stage.say(counselor, "ready")
    assert stage.get_presence(counselor).not_answering_since is None


def test_an_offer_to_a_browser_that_fell_silent_lapses_early(stage: Stage) -> None:
    stage.counselor()
    call = stage.call()
    stage.later(10)
    stage.dispatch()
    stage.later(6)
    assert stage.sweep().offers_lapsed == 1
    assert stage.get_call(call).state == "waiting"


@pytest.mark.parametrize("what", ["put off", "heard"])
def test_an_offer_picked_up_while_the_sweep_waited_stands(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The list is read once, and each row before may cost a wait."""
    counselor = stage.counselor()
    stage.call()
    offer = stage.dispatch()[0]
    stage.later(stage.policy.ring_seconds_max if what == "put off" else 7)
    found = sweep_module._overdue

    def then_picked_up(*asked: Any) -> Any:
        overdue = found(*asked)
        with stage.database.transaction() as another:
            if what == "put off":
                actions.put_off_offer(another, offer.offer_id, stage.now, stage.policy)
            presence.heard(another, counselor, stage.now)
        return overdue

    monkeypatch.setattr(sweep_module, "_overdue", then_picked_up)
    stage.sweep()
    assert stage.get_offer(offer.offer_id).state == "open"
    assert stage.get_presence(counselor).status == "ready"


def test_a_leg_that_never_comes_gives_the_caller_back(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.accepted()
    stage.later(stage.policy.join_seconds_max)
    assert stage.sweep().joins_lost == 1
    assert stage.get_call(call).state == "waiting"
    assert stage.get_talk(session_id).state == "closed"
    assert stage.get_presence(counselor).status == "break"


def test_a_caller_who_never_comes_over_frees_the_counselor_who_is_not_blamed(
    stage: Stage,
) -> None:
    counselor = stage.counselor()
    stage.call()
    _, session_id = stage.accepted()
    stage.join_counselor(session_id)
    stage.later(stage.policy.join_seconds_max)
    assert stage.sweep().joins_lost == 1
    held = stage.get_presence(counselor)
    assert (held.status, held.state) == ("ready", "free")


def test_a_wrap_up_that_ran_out_closes_the_call_as_unrecorded(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking()
    stage.end(session_id, counselor)
    stage.later(stage.policy.wrap_seconds_max)
    assert stage.sweep().wraps_lapsed == 1
    closed = stage.get_call(call)
    assert (closed.state, closed.close_reason) == ("closed", "unrecorded")
    assert stage.get_presence(counselor).state == "free"


def test_a_call_the_carrier_is_silent_about_is_looked_up(stage: Stage) -> None:
    call = stage.call()
    stage.later(stage.policy.wait_unheard_seconds_max)
    assert stage.sweep().calls_looked_up == 1
    assert not stage.sweep()
    (order,) = stage.orders("due")
    assert (order.kind, order.subject_id) == ("look_up", call)
    with stage.open() as session:
        settle_look_up(session, call, True, stage.now, stage.now, stage.policy)
    assert stage.get_call(call).state == "waiting"
    with stage.open() as session:
        settle_look_up(session, call, False, stage.now, stage.now, stage.policy)
    assert stage.get_call(call).close_reason == "found ended"


def test_who_was_heard_of_since_the_look_up_is_not_gone(stage: Stage) -> None:
    call = stage.call()
    stage.later(stage.policy.wait_unheard_seconds_max)
    asked_at = stage.now
    stage.later(1)
    with stage.open() as session:
        line.hear_of(session.get_one(Call, call), stage.now, stage.policy)
    with stage.open() as session:
        settle_look_up(session, call, False, asked_at, stage.now, stage.policy)
    assert stage.get_call(call).state == "waiting"


def left_alone(stage: Stage) -> uuid.UUID:
    """Let the counselor's leg drop; the caller sits in the room until the order fetches them."""
    stage.counselor()
    call = stage.call()
    _, session_id = stage.talking()
    assert stage.lose_leg(session_id) == "changed"
    return call


def looked_up(stage: Stage, call: uuid.UUID) -> list[Order]:
    """Let a look-up find the call live; return what is to be moved then."""
    with stage.open() as session:
        settle_look_up(session, call, True, stage.now, stage.now, stage.policy)
    return [order for order in stage.orders("due") if order.kind == "move"]


def test_a_waiting_caller_found_live_but_unheard_is_fetched_out_of_the_room(stage: Stage) -> None:
    call = left_alone(stage)
    (lost,) = [order for order in stage.orders("due") if order.kind == "move"]
    with stage.open() as session:
        session.execute(update(Order).where(Order.id == lost.id).values(state="failed"))
    assert looked_up(stage, call) == []  # just now the last of the talk was heard
    stage.later(stage.policy.wait_unheard_seconds_max)
    (again,) = looked_up(stage, call)
    assert again.id != lost.id
    assert (again.subject_id, again.details) == (lost.subject_id, lost.details)
    stage.later(stage.policy.wait_unheard_seconds_max)
    assert [order.id for order in looked_up(stage, call)] == [again.id]


def test_who_hears_announcements_is_left_where_they_are(stage: Stage) -> None:
    call = left_alone(stage)
    with stage.open() as session:
        session.execute(update(Order).where(Order.kind == "move").values(state="done"))
    stage.later(stage.policy.wait_unheard_seconds_max)
    with stage.open() as session:
        line.hear_of(session.get_one(Call, call), stage.now, stage.policy)
    assert looked_up(stage, call) == []


def test_who_never_was_in_a_room_is_left_in_the_queue(stage: Stage) -> None:
    call = stage.call()
    stage.later(stage.policy.wait_unheard_seconds_max)
    assert looked_up(stage, call) == []
    assert stage.get_call(call).heard_at == stage.now


def test_in_a_talk_both_legs_are_looked_up(stage: Stage) -> None:
    """A browser that died with its webhooks leaves a caller alone in a silent room."""
    stage.counselor()
    call = stage.call()
    stage.talking("CAleg")
    stage.later(stage.policy.talk_check_seconds)
    stage.sweep()
    looked_up = {order.details["leg_sid"] for order in stage.orders("due") if _is_look_up(order)}
    assert looked_up == {stage.get_call(call).carrier_sid, "CAleg"}


def test_a_counselors_leg_found_gone_sends_the_caller_back(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking("CAleg")
    with stage.open() as session:
        sweep_module.settle_leg_look_up(session, session_id, "CAleg", True, stage.now, stage.policy)
    assert stage.get_talk(session_id).state == "talking"
    with stage.open() as session:
        sweep_module.settle_leg_look_up(
            session, session_id, "CAleg", False, stage.now, stage.policy
        )
    assert stage.get_call(call).state == "waiting"
    assert stage.get_presence(counselor).state == "free"


def _is_look_up(order: Order) -> bool:
    return order.kind == "look_up"


def test_who_was_never_rung_because_the_carrier_failed_is_not_blamed(stage: Stage) -> None:
    counselor, call = stage.counselor(endpoint="tel:+82212345678"), stage.call()
    offer = stage.dispatch()[0]
    stage.later(stage.policy.ring_seconds_max)
    stage.sweep()
    held = stage.get_presence(counselor)
    assert (held.status, held.not_answering_since) == ("ready", None)
    assert stage.get_call(call).state == "waiting"
    assert stage.get_offer(offer.offer_id).decline_reason == "not rung"
    assert [order.state for order in stage.orders()] == ["dropped"]


def test_one_item_that_cant_be_mended_does_not_stop_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        stage.counselor()
        stage.call()
    offers = stage.dispatch()
    stage.later(stage.policy.ring_seconds_max)
    real, failed = sweep_module.lapse_offer, []

    def lapse(session: object, offer_id: uuid.UUID, *rest: object) -> object:
        if not failed:
            failed.append(offer_id)
            raise IllegalEvent(line.Effect.CHANGED, line.Effect.NOTHING)
        return real(session, offer_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sweep_module, "lapse_offer", lapse)
    assert stage.sweep().offers_lapsed == len(offers) - 1
    assert stage.sweep().offers_lapsed == 1


def test_the_only_thing_overdue_that_cant_be_mended_is_left_whole_to_the_next_sweep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = stage.call()
    stage.later(stage.policy.wait_unheard_seconds_max)
    monkeypatch.setattr(sweep_module.orders, "look_up", _fails)
    assert stage.sweep().calls_looked_up == 0
    monkeypatch.undo()
    assert stage.sweep().calls_looked_up == 1
    assert [order.subject_id for order in stage.orders("due")] == [call]


def _fails(*_: object, **__: object) -> None:
    raise IllegalEvent(line.Effect.CHANGED, line.Effect.NOTHING)


def test_after_a_sweep_nothing_is_overdue(stage: Stage) -> None:
    for _ in range(4):
        stage.counselor()
        stage.call()
    first, second, third, _fourth = stage.dispatch()
    for offer in (first, second, third):
        assert isinstance(stage.accept(offer), actions.Accepted)
    stage.later(3600)
    stage.sweep()
    with stage.open() as session:
        assert invariants.overdue(session, stage.now - timedelta(seconds=1)) == {}


def while_sweeping(stage: Stage, change: object) -> None:
    """Hold a change open until the sweep stands behind its lock, then commit it."""
    swept = []

    def run() -> None:
        with stage.database.transaction() as session:
            swept.append(sweep(session, stage.now, stage.policy))

    thread = threading.Thread(target=run)
    with stage.database.transaction() as session:
        change(session)  # type: ignore[operator]
        session.flush()
        thread.start()
        thread.join(0.12)  # less than it waits for anybody
        assert thread.is_alive(), "the sweep should stand behind this transaction"
    thread.join(10)
    assert swept
    stage.check()


def test_a_leg_that_joins_at_the_last_moment_is_not_lost(stage: Stage) -> None:
    stage.counselor()
    call = stage.call()
    _, session_id = stage.accepted()
    stage.later(stage.policy.join_seconds_max)
    while_sweeping(
        stage,
        lambda session: line.counselor_joined(
            session, session_id, "CAleg", stage.now, stage.policy
        ),
    )
    assert stage.get_talk(session_id).state == "talking"
    assert stage.get_call(call).state == "connected"


def test_a_caller_who_comes_over_at_the_last_moment_is_not_torn_away(stage: Stage) -> None:
    stage.counselor()
    call = stage.call()
    _, session_id = stage.accepted()
    stage.join_counselor(session_id)
    stage.later(stage.policy.join_seconds_max)
    sid = stage.get_call(call).carrier_sid
    while_sweeping(stage, lambda session: line.caller_joined(session, session_id, sid, stage.now))
    assert stage.get_talk(session_id).state == "talking"


def test_an_acceptance_at_the_last_moment_stands(stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    offer = stage.dispatch()[0]
    stage.later(stage.policy.ring_seconds_max)
    while_sweeping(
        stage,
        lambda session: actions.accept_offer(
            session, offer.offer_id, counselor, stage.now, stage.policy
        ),
    )
    assert stage.get_offer(offer.offer_id).state == "accepted"
    assert stage.get_presence(counselor).status == "ready"


def test_two_sweeps_at_once_mend_each_thing_once(stage: Stage) -> None:
    for _ in range(5):
        stage.counselor()
        stage.call()
    stage.dispatch()
    stage.later(stage.policy.ring_seconds_max)
    swept = []

    def run() -> None:
        with stage.database.transaction() as session:
            swept.append(sweep(session, stage.now, stage.policy).offers_lapsed)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(swept) == 5
    assert stage.count(Offer) == 5


def test_a_sweep_cut_short_leaves_everything_to_the_next(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking()
    stage.end(session_id, counselor)
    stage.later(stage.policy.wrap_seconds_max)
    with pytest.raises(ZeroDivisionError), stage.database.transaction() as session:
        sweep(session, stage.now, stage.policy)
        raise ZeroDivisionError
    stage.check()
    assert stage.get_call(call).state == "wrapping"
    assert stage.sweep().wraps_lapsed == 1
