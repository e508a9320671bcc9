"""Bugs of other helplines and call centers, each as a test with its name and number.

Sources: bmlt-enabled/yap, asterisk/asterisk, signalwire/freeswitch, twilio taskrouter.js and flex
templates, techmatters/serverless (Aselo). Numbers 1 and 2 race processes in test_races.py; 11, 12
and 13 belong to transfers and callbacks.
"""

from datetime import timedelta

import pytest

from core.database import Database
from routing import line
from routing.actions import Accepted, Gone
from routing.models import Call
from routing.sweep import sweep
from tests.routing.line_stage import Stage


def test_03_accepts_then_drops_before_the_bridge(stage: Stage) -> None:
    """Asterisk 1557: the others are not lost, the caller keeps the score."""
    stage.counselor()
    first, second = stage.call(waited=300), stage.call(waited=200)
    stage.accepted()
    stage.later(stage.policy.join_seconds_max)
    stage.sweep()
    assert [stage.get_call(call).state for call in (first, second)] == ["waiting", "waiting"]
    other = stage.counselor()
    offer = stage.dispatch()[0]
    assert (offer.call_id, offer.counselor_id) == (first, other)


def test_04_a_repeated_completed_counts_once(stage: Stage) -> None:
    """Asterisk 1736."""
    call = stage.call()
    assert [stage.leave(call) for _ in range(3)] == ["changed", "nothing", "nothing"]
    assert stage.journal(call).count("caller_left") == 1


def test_05_a_wrap_up_survives_a_restart(stage: Stage) -> None:
    """Asterisk 1006, 607, 1255: reload or restart, the wrap-up is still there."""
    counselor = stage.counselor()
    stage.call()
    _, session_id = stage.talking()
    stage.end(session_id, counselor)
    restarted = Database(stage.database.url)
    reborn = Stage(restarted, stage.clock, stage.policy)
    reborn.call()
    reborn.heard(counselor)
    assert reborn.dispatch() == ()
    assert reborn.get_presence(counselor).state == "wrapping"
    restarted.close()


def test_06_a_break_during_the_ring_makes_no_storm_of_offers(stage: Stage) -> None:
    """FreeSWITCH pull request 800."""
    counselor, call = stage.counselor(), stage.call()
    stage.dispatch()
    stage.say(counselor, "break")
    for _ in range(5):
        assert stage.dispatch() == ()
        stage.later(1)
        stage.sweep()
    assert stage.journal(call).count("offered") == 1


def test_07_an_acceptance_during_an_announcement_moves_the_caller_at_once(stage: Stage) -> None:
    """FreeSWITCH 1148: the order is due now, whatever the caller hears."""
    stage.counselor()
    stage.call()
    _, session_id = stage.accepted()
    stage.join_counselor(session_id)
    (order,) = stage.orders("due")
    assert (order.kind, order.due_at) == ("move", stage.now)


@pytest.mark.parametrize("moment", ["offer", "joining", "talk", "wrap-up"])
def test_08_a_restart_in_the_middle_is_mended(stage: Stage, moment: str) -> None:
    """FreeSWITCH 1973: whatever the dead process left is found by columns alone."""
    counselor, call = stage.counselor(), stage.call()
    if moment == "offer":
        stage.dispatch()
    elif moment == "joining":
        stage.accepted()
    else:
        _, session_id = stage.talking()
        if moment == "wrap-up":
            stage.end(session_id, counselor)
    restarted = Database(stage.database.url)
    stage.later(3600)
    with restarted.transaction() as session:
        assert sweep(session, stage.now, stage.policy)
    restarted.close()
    stage.check()
    settled = {"offer": "waiting", "joining": "waiting", "talk": "connected", "wrap-up": "closed"}
    assert stage.get_call(call).state == settled[moment]


def test_09_after_48_idle_hours_calls_are_still_offered(stage: Stage) -> None:
    """FreeSWITCH 889."""
    counselor = stage.counselor()
    for _ in range(48):
        stage.later(3600)
        stage.sweep()
        assert stage.dispatch() == ()
    stage.heard(counselor)
    stage.call()
    assert len(stage.dispatch()) == 1


def test_10_an_unregistered_softphone_is_never_offered_a_call(stage: Stage) -> None:
    """twilio/twilio-taskrouter.js 2."""
    stage.counselor()
    stage.later(stage.policy.heartbeat_seconds_max + 0.1)
    stage.call()
    assert stage.dispatch() == ()


def test_14_going_off_is_not_undone_by_a_finishing_call(stage: Stage) -> None:
    """Flex project template 290."""
    counselor = stage.counselor()
    stage.call()
    _, session_id = stage.talking()
    stage.say(counselor, "off")
    stage.end(session_id, counselor)
    stage.write(session_id, counselor, {})
    held = stage.get_presence(counselor)
    assert (held.status, held.state) == ("off", "free")
    stage.call()
    assert stage.dispatch() == ()


def test_15_one_invalid_number_does_not_hold_up_the_others(stage: Stage) -> None:
    """yap 702: the others are rung whatever is wrong with one."""
    stage.counselor(endpoint="tel:+821", idle_seconds=9)
    stage.counselor(endpoint="tel:+82212345678", idle_seconds=5)
    stage.call()
    stage.call()
    assert len(stage.dispatch()) == 2
    assert len(stage.orders("due")) == 2


def test_16_the_announced_wait_rises_only_when_seats_fell(stage: Stage) -> None:
    """Asterisk's holdtime estimate grew again past the average."""
    from routing.estimate import estimate

    call = stage.call(waited=10)
    spoken = []
    for position, seats in ((2, 3), (9, 3), (9, 2), (3, 2), (8, 2)):
        with stage.open() as session:
            held = session.get_one(Call, call)
            told = line.remember_wait(held, estimate(position, seats, 1500), seats)
        spoken.append(told.high_minutes or 999)
    assert spoken[1] <= spoken[0]
    assert spoken[2] > spoken[1]
    assert spoken[4] <= spoken[3] <= spoken[2]


def test_17_a_patient_caller_is_served_under_constant_urgent_load(stage: Stage) -> None:
    """TaskRouter's strict priority starves; ours ages."""
    counselor, patient = stage.counselor(), stage.call()
    bound = stage.policy.priority_step_seconds
    began = stage.now
    while stage.get_call(patient).state == "waiting":
        stage.later(60)
        stage.heard(counselor)
        stage.call(priority=1)
        offer = stage.dispatch()[0]
        stage.leave(offer.call_id)
        if offer.call_id == patient:
            break
    assert stage.now - began <= timedelta(seconds=bound + 60)


def test_18_a_break_does_not_change_the_fairness_rank(stage: Stage) -> None:
    """FreeSWITCH zeroes the counters of who comes back from a break."""
    longest, _shorter = stage.counselor(idle_seconds=600), stage.counselor(idle_seconds=300)
    stage.say(longest, "break")
    stage.later(5)
    stage.say(longest, "ready")
    stage.call()
    assert stage.dispatch()[0].counselor_id == longest


def test_02_an_offer_taken_back_cannot_be_accepted(stage: Stage) -> None:
    """Asterisk 176, in one process: the offer's id is the fencing token."""
    counselor, call = stage.counselor(), stage.call()
    offer = stage.dispatch()[0]
    stage.leave(call)
    assert stage.accept(offer) == Gone("withdrawn")
    stage.call()
    second = stage.dispatch()[0]
    assert second.counselor_id == counselor
    assert stage.accept(offer) == Gone("withdrawn")
    assert isinstance(stage.accept(second), Accepted)
