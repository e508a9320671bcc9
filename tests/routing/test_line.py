"""What the line reports, in time, late and twice."""

import pytest

from routing import line
from routing.line import Effect
from routing.models import Call
from tests.routing.line_stage import Stage


def test_a_caller_may_leave_from_anywhere_once(stage: Stage) -> None:
    call = stage.call()
    assert stage.leave(call) is Effect.CHANGED
    assert stage.leave(call) is Effect.NOTHING
    closed = stage.get_call(call)
    assert (closed.state, closed.close_reason, closed.left_at) == ("closed", "hung up", stage.now)


def test_leaving_during_an_offer_frees_the_counselor(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    offer = stage.dispatch()[0]
    stage.leave(call)
    assert stage.get_offer(offer.offer_id).state == "withdrawn"
    held = stage.get_presence(counselor)
    assert (held.status, held.state) == ("ready", "free")
    assert not stage.get_offer(offer.offer_id).decline_reason


def test_leaving_a_talk_begins_the_wrap_up(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking()
    stage.leave(call)
    assert stage.get_talk(session_id).state == "wrapping"
    assert stage.get_presence(counselor).state == "wrapping"
    assert stage.leave(call) is Effect.NOTHING


def test_the_counselors_leg_brings_the_caller_over_once(stage: Stage) -> None:
    stage.counselor()
    stage.call()
    _, session_id = stage.accepted()
    assert stage.join_counselor(session_id, "CA1") is Effect.CHANGED
    assert stage.join_counselor(session_id, "CA2") is Effect.NOTHING
    (order,) = stage.orders()
    assert (order.kind, order.details["to"]) == ("move", "join")
    assert stage.get_talk(session_id).leg_sid == "CA1"


def test_answered_is_counted_once(stage: Stage) -> None:
    stage.counselor()
    call = stage.call()
    _, session_id = stage.talking()
    sid = stage.get_call(call).carrier_sid
    with stage.open() as session:
        assert line.caller_joined(session, session_id, sid, stage.now) is Effect.NOTHING
        assert line.caller_joined(session, session_id, "CAother", stage.now) is Effect.NOTHING
    assert stage.journal(call).count("answered") == 1


def test_a_lost_browser_sends_the_caller_back_with_the_same_arrival(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call(waited=200)
    arrived = stage.get_call(call).queued_at
    _, session_id = stage.talking("CAleg")
    with stage.open() as session:
        effect = line.counselor_leg_ended(
            session, session_id, "CAleg", "dropped", stage.now, stage.policy
        )
    assert effect is Effect.CHANGED
    back = stage.get_call(call)
    assert (back.state, back.queued_at) == ("waiting", arrived)
    assert back.preferred_counselor_id == counselor
    assert stage.get_presence(counselor).state == "free"
    assert [order.details.get("to") for order in stage.orders("due") if order.kind == "move"] == [
        "reconnect"
    ]


def test_a_hung_up_desk_telephone_ends_the_talk(stage: Stage) -> None:
    stage.counselor(endpoint="tel:+82212345678")
    call = stage.call()
    _, session_id = stage.talking("CAleg")
    with stage.open() as session:
        line.counselor_leg_ended(session, session_id, "CAleg", "end", stage.now, stage.policy)
    assert stage.get_call(call).state == "wrapping"


@pytest.mark.parametrize(
    ("seconds", "was_in_room", "state"),
    [(12, False, "waiting"), (12, True, "wrapping"), (300, False, "waiting")],
)
def test_a_desk_telephone_that_never_came_to_the_room_has_not_hung_up(
    stage: Stage, seconds: float, was_in_room: bool, state: str
) -> None:
    """The key was pressed, the answer was lost, and the carrier ended the leg by itself."""
    stage.counselor(endpoint="tel:+82212345678")
    call = stage.call()
    _, session_id = stage.accepted()
    stage.join_counselor(session_id, "CAleg")
    sid = stage.get_call(call).carrier_sid
    with stage.open() as session:
        line.caller_joined(session, session_id, sid, stage.now)
    stage.later(seconds)
    with stage.open() as session:
        line.counselor_leg_ended(
            session,
            session_id,
            "CAleg",
            "end",
            stage.now,
            stage.policy,
            was_in_room=was_in_room,
        )
    assert stage.get_call(call).state == state


def test_the_end_of_an_older_leg_changes_nothing(stage: Stage) -> None:
    stage.counselor()
    call = stage.call()
    _, session_id = stage.talking("CAleg")
    with stage.open() as session:
        effect = line.counselor_leg_ended(
            session, session_id, "CAold", "late", stage.now, stage.policy
        )
    assert effect is Effect.NOTHING
    assert stage.get_call(call).state == "connected"


@pytest.mark.parametrize("state", ["waiting", "offered"])
def test_the_safety_key_moves_ahead_once(stage: Stage, state: str) -> None:
    if state == "offered":
        stage.counselor()
    call = stage.call()
    stage.dispatch()
    assert stage.get_call(call).state == state
    with stage.open() as session:
        held = session.get_one(Call, call)
        assert line.raise_priority(session, held, "safety key", stage.now) is Effect.CHANGED
        assert line.raise_priority(session, held, "safety key", stage.now) is Effect.NOTHING
        assert held.priority == 1


def test_joining_the_queue_twice_keeps_the_first_arrival(stage: Stage) -> None:
    call = stage.call(waited=50)
    arrived = stage.get_call(call).queued_at
    with stage.open() as session:
        effect = line.join_queue(
            session,
            session.get_one(Call, call),
            need="debt",
            language="en",
            priority=2,
            now=stage.now,
            policy=stage.policy,
        )
    assert effect is Effect.NOTHING
    assert (stage.get_call(call).queued_at, stage.get_call(call).need) == (arrived, "talk")
