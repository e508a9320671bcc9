"""The callback bugs of other helplines, each with its name and number."""

import pytest

from callbacks import actions
from callbacks.actions import Made, Wish
from tests.callbacks.town import CITIZEN, Town


def test_bug_12_asked_while_no_counselor_exists(town: Town) -> None:
    """Twilio's queued-callbacks plugin, issue 35: an error where no agent is signed in."""
    citizen = town.person()
    promise_id = town.promise()
    town.days(0.2)
    assert town.get(promise_id).state == "planned"
    town.counselor()
    town.run(60)
    town.talk_over()
    assert town.get(promise_id).state == "kept"
    assert len(citizen.legs) == 1


def test_bug_13_a_retry_keeps_channel_and_identity(town: Town) -> None:
    """Plugin issues 55 and 65: "retry later" lost the task, or turned it into another kind."""
    citizen = town.person(refuses="busy")
    promise_id = town.promise(need="isolation", language="ko")
    first = town.get(promise_id)
    counselor_id, _ = town.counselor()
    with town.look() as session:
        from counselors.models import Counselor

        session.get_one(Counselor, counselor_id).skills = {"isolation": 3}
    town.run(90)
    citizen.refuses = ""
    town.days(0.5)
    again = town.get(promise_id)
    assert again.state == "kept"
    assert (again.citizen_id, again.origin, again.need, again.queued_at, again.purpose) == (
        first.citizen_id,
        first.origin,
        first.need,
        first.queued_at,
        first.purpose,
    )
    assert {call.number_index for call in town.calls("outward")} == {
        town.services.sealer.index(CITIZEN)
    }


def test_plugin_9_callbacks_do_not_overtake_those_who_came_before(town: Town) -> None:
    """A promise made later than somebody began to wait is asked later."""
    waiting = town.person("+821022223333", presses=[("오 번", "5")])
    waiting.dial()
    town.run(40)
    called = town.person()
    town.promise()
    town.run(40)
    town.counselor()
    town.run(40)
    assert waiting.rooms != []
    assert called.legs == []


@pytest.mark.parametrize("channels", [["menu", "wait", "web_form", "api", "api"]])
def test_freepbx_525_several_requests_are_one_callback(town: Town, channels: list[str]) -> None:
    with town.look() as session:
        citizen = town.citizen(session)
        made = [
            actions.make(
                session,
                citizen,
                Wish(purpose="talk", origin=origin),
                town.now,
                town.services.policy,
            )
            for origin in channels
        ]
    assert len({one.promise_id for one in made if isinstance(one, Made)}) == 1
    citizen_phone = town.person()
    town.counselor()
    town.days(0.5)
    assert len(citizen_phone.legs) == 1


def test_aselo_a_voicemail_counts_as_a_try_and_is_tried_again(town: Town) -> None:
    """Aselo's retry of callbacks that reached a voicemail was broken."""
    citizen = town.person(answered_by="machine_start")
    promise_id = town.promise()
    town.counselor()
    town.run(60)
    assert town.outcomes(promise_id) == ["voicemail"]
    citizen.answered_by = "human"
    town.days(1)
    assert town.outcomes(promise_id) == ["voicemail", "reached"]
    assert town.get(promise_id).state == "kept"


def test_bug_8_a_restart_in_the_middle_of_a_callback_is_repaired(town: Town) -> None:
    """FreeSWITCH issue 1973: states that nobody ends. Nothing runs for two minutes."""
    citizen = town.person(answer_after=None)
    promise_id = town.promise()
    counselor_id, _ = town.counselor()
    while not citizen.legs:
        town.run(1)
    real, town.tick = town.tick, lambda: None  # type: ignore[method-assign]
    town.run(120)
    town.tick = real  # type: ignore[method-assign]
    town.run(60)
    assert town.presence(counselor_id).state == "free"
    assert town.outcomes(promise_id) != []
    assert town.get(promise_id).state == "planned"
    assert len(town.dials()) == 1


def test_bug_15_an_invalid_number_stops_nobody_else(town: Town) -> None:
    """yap issue 702: one number that can't be dialled broke the round for all."""
    nobody = town.promise(e164="+821099998888")
    citizen = town.person()
    promise_id = town.promise()
    town.counselor()
    town.counselor()
    town.run(120)
    town.talk_over()
    assert town.get(promise_id).state == "kept"
    assert citizen.rooms != []
    assert town.get(nobody).state in ("planned", "for_decision")
