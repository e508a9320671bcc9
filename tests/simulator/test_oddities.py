"""The carrier's oddities: what a redirect does to what was going on, early hangups, timing."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.journal import WebhookSent
from simulator.rest import Rest
from simulator.settings import Oddities
from simulator.sounds import Bridge, Silence
from tests.simulator.stage import BASE, HELPLINE, START, Stage

AGENT = "+821099998888"


def redirect(stage: Stage, sid: str, **params: str) -> Any:
    settings = stage.settings
    path = f"/2010-04-01/Accounts/{settings.account_sid}/Calls/{sid}.json"
    form = list((params or {"Url": f"{BASE}/ivr/moved"}).items())
    auth = (settings.account_sid, settings.auth_token)
    answer = Rest(stage.exchange).handle("POST", path, (), form, auth)
    assert answer.status == 200, answer
    return answer.json


def times(stage: Stage, path: str) -> list[float]:
    hooks = stage.exchange.journal.of(WebhookSent)
    return [(hook.at - START).total_seconds() for hook in hooks if hook.url.endswith(path)]


def test_a_redirect_during_a_dial_asks_the_action_too_but_only_the_redirect_steers() -> None:
    stage = Stage()
    agent = stage.phone(AGENT)
    stage.answers["/ivr/after"] = "<Say>잘못된 길</Say>"
    stage.answers["/ivr/moved"] = "<Say>옮겼습니다</Say>"
    phone, leg = stage.call(f'<Dial action="after">{AGENT}</Dial>')
    stage.run(10)
    body = redirect(stage, leg.sid)
    assert body["status"] == "in-progress"
    assert agent.legs[0].live
    stage.run(3)
    assert agent.over[0] == (10.166, "completed")
    assert times(stage, "/after") == [pytest.approx(10.320)]
    assert times(stage, "/moved") == [pytest.approx(10.651)]
    assert stage.asked("/ivr/after")[0]["DialCallStatus"] == "completed"
    assert phone.words == ["옮겼습니다"]
    assert leg.status == "completed"


def test_redirecting_the_dialed_leg_gives_it_a_life_of_its_own() -> None:
    stage = Stage()
    agent = stage.phone(AGENT)
    stage.answers["/ivr/after"] = "<Say>상담원이 나갔습니다</Say><Pause length='60'/>"
    stage.answers["/ivr/moved"] = "<Say>다른 곳</Say><Pause length='60'/>"
    phone, _ = stage.call(f'<Dial action="after">{AGENT}</Dial>')
    stage.run(10)
    redirect(stage, agent.legs[0].sid)
    stage.run(3)
    assert agent.words == ["다른 곳"]
    after = stage.asked("/ivr/after")[0]
    assert after["DialCallStatus"] == "completed"
    assert "DialCallDuration" not in after
    assert phone.words == ["상담원이 나갔습니다"]


@pytest.mark.parametrize("also", [True, False])
def test_a_redirect_out_of_a_queue_reports_redirected(also: bool) -> None:
    stage = Stage(Oddities(redirect_also_requests_enqueue_action=also))
    stage.answers["/ivr/wait"] = "<Pause length='5'/>"
    stage.answers["/ivr/moved"] = "<Say>다음</Say>"
    phone, leg = stage.call('<Enqueue waitUrl="wait" action="after">help</Enqueue>')
    stage.run(7)
    redirect(stage, leg.sid)
    stage.run(60)
    results = [params["QueueResult"] for params in stage.asked("/ivr/after")]
    assert results == (["redirected"] if also else [])
    assert phone.words == ["다음"]
    assert len(stage.asked("/ivr/wait")) == 2


def test_a_redirect_out_of_a_queue_bridge_says_so() -> None:
    stage = Stage()
    _, caller_leg = stage.call('<Enqueue waitUrl="" action="after">help</Enqueue>')
    stage.run(1)
    stage.answers["/ivr/client"] = '<Dial action="dialed"><Queue>help</Queue></Dial>'
    stage.exchange.dial(stage.phone("client:lee"), "")
    stage.run(1)
    redirect(stage, caller_leg.sid)
    stage.run(1)
    assert stage.asked("/ivr/after")[0]["QueueResult"] == "redirected-from-bridged"
    assert stage.asked("/ivr/dialed")[0]["DialCallStatus"] == "completed"


def test_a_redirect_out_of_a_conference_leaves_it() -> None:
    stage = Stage()
    voice = (
        '<Dial action="after"><Conference statusCallback="/events" '
        'statusCallbackEvent="leave">room</Conference></Dial>'
    )
    caller, leg = stage.call(voice)
    other, _ = stage.call(phone=stage.phone(AGENT))
    stage.run(1)
    assert isinstance(other.hears, Bridge)
    redirect(stage, leg.sid, Twiml="<Response><Say>안녕</Say></Response>")
    stage.run(1)
    assert caller.words == ["안녕"]
    assert stage.asked("/events")[0]["ReasonParticipantLeft"] == "participant_updated_via_api"
    assert stage.asked("/ivr/after")[0]["DialCallStatus"] == "answered"


def test_of_two_redirects_the_later_one_steers() -> None:
    stage = Stage()
    stage.answers["/ivr/moved"] = "<Say>둘</Say>"
    phone, leg = stage.call("<Say>영</Say><Pause length='60'/>")
    stage.run(5)
    redirect(stage, leg.sid, Twiml="<Response><Pause length='9'/><Say>하나</Say></Response>")
    redirect(stage, leg.sid)
    stage.run(30)
    assert phone.words == ["영", "둘"]


def test_a_redirect_meets_a_caller_who_has_just_hung_up() -> None:
    stage = Stage()
    _, leg = stage.call("<Say>영</Say><Pause length='60'/>")
    stage.run(5)
    redirect(stage, leg.sid)
    leg.hang_up()
    stage.run(5)
    assert stage.asked("/ivr/moved") == []


def test_inline_twiml_needs_absolute_actions() -> None:
    stage = Stage()
    _, leg = stage.call("<Say>영</Say><Pause length='60'/>")
    stage.run(5)
    redirect(stage, leg.sid, Twiml='<Response><Gather numDigits="1" action="x"/></Response>')
    stage.run(1)
    leg.press("1")
    stage.run(1)
    assert 15004 in stage.complaints()
    _, other = stage.call(phone=stage.phone(AGENT))
    stage.run(5)
    redirect(stage, other.sid, Twiml="<Response><Record/></Response>")
    stage.run(1)
    assert 11100 in stage.complaints()


def test_a_caller_who_gives_up_early_is_reported_as_no_answer_and_never_again() -> None:
    stage = Stage()
    _, leg = stage.call("<Say>안녕하세요</Say>")
    stage.run(0.005)
    leg.hang_up()
    stage.run(10)
    assert [params["CallStatus"] for params in stage.asked("/ivr/voice")] == ["ringing"]
    assert [params["CallStatus"] for params in stage.asked("/ivr/status")] == ["no-answer"]


def test_the_numbers_status_callback_comes_once_at_the_end() -> None:
    stage = Stage()
    _, leg = stage.call("<Pause length='0'/><Say>" + "가" * 360 + "</Say>")
    stage.run(100)
    status = stage.asked("/ivr/status")
    assert len(status) == 1
    assert (status[0]["CallStatus"], status[0]["SequenceNumber"]) == ("completed", "0")
    assert (status[0]["CallDuration"], status[0]["Duration"]) == ("62", "2")
    assert status[0]["CallbackSource"] == "call-progress-events"
    assert status[0]["Timestamp"].endswith("+0000")
    assert leg.sid == status[0]["CallSid"]


def test_a_browser_connects_to_the_app_with_its_params_as_plain_fields() -> None:
    stage = Stage()
    stage.answers["/ivr/client"] = "<Say>a</Say>"
    agent = stage.phone("client:lee")
    params = {"token": "t-1", "From": "+8210", "CallStatus": "completed"}
    stage.exchange.dial(agent, "", params)
    stage.run(5)
    asked = stage.asked("/ivr/client")[0]
    assert asked["token"] == "t-1"
    assert (asked["From"], asked["Caller"], asked["To"]) == ("client:lee", "client:lee", "")
    assert (asked["Direction"], asked["CallStatus"]) == ("inbound", "ringing")
    assert asked["ApplicationSid"] == stage.settings.twiml_app_sid
    assert "FromCity" not in asked
    assert "CallToken" not in asked
    stage.exchange.dial(agent, "", {"To": HELPLINE})
    stage.run(1)
    assert stage.asked("/ivr/client")[1]["To"] == HELPLINE


@pytest.mark.parametrize("address", ["anonymous", "+266696687", "Restricted"])
def test_a_withheld_number_is_passed_as_the_word_the_carrier_has(address: str) -> None:
    stage = Stage()
    stage.call("<Say>a</Say>", stage.phone(address))
    stage.run(1)
    assert stage.asked("/ivr/voice")[0]["From"] == address


def test_nothing_lasts_longer_than_four_hours() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = "<Pause length='600'/>"
    _, leg = stage.call('<Enqueue waitUrl="wait">help</Enqueue>')
    stage.run(4 * 3600 - 10)
    assert leg.live
    stage.run(20)
    assert leg.status == "completed"


def test_an_ended_call_leaves_nothing_to_run() -> None:
    stage = Stage()
    stage.phone(AGENT)
    _, leg = stage.call(f"<Dial>{AGENT}</Dial>")
    stage.run(60)
    leg.hang_up()
    stage.run(1)
    assert stage.kernel.next_at() is None


def test_digits_are_pressed_at_a_hands_pace() -> None:
    stage = Stage()
    phone, leg = stage.call('<Gather numDigits="2" action="menu"/>')
    stage.run(1)
    leg.press("1w2")
    stage.run(0.6)
    assert stage.asked("/ivr/menu") == []
    stage.run(0.3)
    assert stage.asked("/ivr/menu")[0]["Digits"] == "12"
    assert isinstance(phone.hears, Silence)


def test_the_same_story_twice_is_the_same_to_the_letter() -> None:
    def story() -> list[str]:
        stage = Stage()
        stage.phone(AGENT, answer_after=2)
        stage.phone("+82107", answer_after=2)
        stage.answers["/ivr/wait"] = "<Pause length='5'/>"
        for number in range(5):
            _, leg = stage.call(
                f"<Gather timeout='1'><Say>안녕</Say></Gather>"
                f"<Dial><Number>{AGENT}</Number><Number>+82107</Number></Dial>",
                stage.phone(f"+82102{number}"),
            )
            stage.run(3)
            leg.press("1")
        stage.run(600)
        return [repr(entry) for entry in stage.exchange.journal]

    first = story()
    assert len(first) > 60
    assert first == story()
