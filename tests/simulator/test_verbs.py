"""Each TwiML verb, alone, on the virtual clock."""

from __future__ import annotations

import pytest

from simulator.sounds import Beep, HoldMusic, Recording, Ringback, Silence, Speech, Tones
from tests.simulator.stage import HELPLINE, Stage


def test_say_is_heard_for_its_length_and_the_end_of_the_document_hangs_up() -> None:
    stage = Stage()
    phone, leg = stage.call('<Say language="ko-KR" voice="Polly.Seoyeon">안녕하세요</Say>')
    stage.run(10)
    assert phone.heard[0][1] == Ringback()
    spoken = next(at for at, sound in phone.heard if isinstance(sound, Speech))
    assert phone.heard[1][1] == Speech("안녕하세요", "ko-KR", "Polly.Seoyeon")
    assert leg.status == "completed"
    assert phone.over[0][0] - spoken == pytest.approx(5 * 0.17 + 0.3)


def test_say_loops() -> None:
    stage = Stage()
    phone, _ = stage.call('<Say loop="3">네</Say>')
    stage.run(10)
    assert phone.words == ["네"] * 3


def test_play_resolves_a_relative_url_and_plays_digits() -> None:
    stage = Stage()
    phone, _ = stage.call('<Play>../sounds/a.wav</Play><Play digits="1w2"/>')
    stage.run(20)
    sounds = [sound for _, sound in phone.heard]
    assert Recording("http://server.example/sounds/a.wav") in sounds
    assert Tones("1w2") in sounds


def test_pause_lasts_one_second_unless_told_otherwise() -> None:
    stage = Stage()
    phone, leg = stage.call('<Say>a</Say><Pause/><Pause length="4"/>')
    stage.run(20)
    silence = [at for at, sound in phone.heard if isinstance(sound, Silence)]
    assert silence[1] - silence[0] == pytest.approx(1.0)
    assert leg.ended_at is not None
    assert phone.over[0][0] - silence[1] == pytest.approx(4.0)


def test_a_first_pause_is_heard_as_ringing() -> None:
    stage = Stage()
    phone, leg = stage.call('<Pause length="3"/><Say>a</Say>')
    stage.run(2)
    assert leg.status == "ringing"
    assert phone.hears == Ringback()
    stage.run(2)
    assert leg.answered_at is not None


def test_redirect_fetches_and_what_follows_is_dead() -> None:
    stage = Stage()
    stage.answers["/ivr/next"] = "<Say>둘</Say>"
    phone, _ = stage.call(
        "<Say>하나</Say><Redirect>next?x=1&amp;y=%ED%95%9C</Redirect><Say>no</Say>"
    )
    stage.run(20)
    assert phone.words == ["하나", "둘"]
    assert stage.environs[1]["RAW_URI"] == "/ivr/next?x=1&y=%ED%95%9C"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_reject_does_not_answer(reason: str, status: str) -> None:
    stage = Stage()
    _, leg = stage.call(f'<Reject reason="{reason}"/>')
    stage.run(5)
    assert (leg.status, leg.answered_at) == (status, None)
    assert stage.asked("/ivr/status")[0]["CallStatus"] == status


def test_hangup_answers_first() -> None:
    stage = Stage()
    _, leg = stage.call("<Hangup/>")
    stage.run(5)
    assert leg.status == "completed"
    assert leg.answered_at is not None


def test_gather_posts_the_digits_without_the_finish_key_and_a_key_stops_the_prompt() -> None:
    stage = Stage()
    stage.answers["/ivr/menu"] = "<Hangup/>"
    phone, leg = stage.call('<Gather action="menu"><Say>' + "가" * 100 + "</Say></Gather>")
    stage.run(2)
    leg.press("12#")
    stage.run(3)
    assert stage.asked("/ivr/menu")[0]["Digits"] == "12"
    assert stage.asked("/ivr/menu")[0]["CallStatus"] == "in-progress"
    assert isinstance(phone.hears, Silence)


def test_gather_with_num_digits_submits_at_once() -> None:
    stage = Stage()
    _, leg = stage.call('<Gather numDigits="1" action="menu"/>')
    stage.run(1)
    leg.press("5")
    stage.run(0.1)
    assert stage.asked("/ivr/menu")[0]["Digits"] == "5"


def test_gather_without_input_falls_through_without_a_request() -> None:
    stage = Stage()
    phone, _ = stage.call('<Gather action="menu" timeout="3"><Say>번호</Say></Gather><Say>끝</Say>')
    stage.run(20)
    assert phone.words == ["번호", "끝"]
    assert stage.asked("/ivr/menu") == []
    times = [at for at, sound in phone.heard if isinstance(sound, Speech)]
    assert times[1] - times[0] == pytest.approx(2 * 0.17 + 0.3 + 3)


def test_a_lone_finish_key_is_no_input() -> None:
    stage = Stage()
    phone, leg = stage.call('<Gather action="menu"/><Say>끝</Say>')
    stage.run(1)
    leg.press("#")
    stage.run(1)
    assert phone.words == ["끝"]
    assert stage.asked("/ivr/menu") == []


def test_gather_with_action_on_empty_result_asks_with_empty_digits() -> None:
    stage = Stage()
    stage.call('<Gather action="menu" timeout="1" actionOnEmptyResult="true"/>')
    stage.run(5)
    assert stage.asked("/ivr/menu")[0]["Digits"] == ""


def test_gather_with_an_empty_finish_key_takes_hash_and_star_as_digits() -> None:
    stage = Stage()
    _, leg = stage.call('<Gather action="menu" timeout="2" finishOnKey=""/>')
    stage.run(1)
    leg.press("*9#")
    stage.run(5)
    assert stage.asked("/ivr/menu")[0]["Digits"] == "*9#"


def test_gather_without_action_asks_the_present_document_again() -> None:
    stage = Stage()
    _, leg = stage.call('<Gather numDigits="1"/>')
    stage.run(1)
    leg.press("1")
    stage.run(1)
    assert [params.get("Digits") for params in stage.asked("/ivr/voice")] == [None, "1"]


def test_gather_hears_speech_when_asked_to() -> None:
    stage = Stage()
    _, leg = stage.call('<Gather input="dtmf speech" action="menu"/>')
    stage.run(1)
    leg.speak("상담")
    stage.run(1)
    assert stage.asked("/ivr/menu")[0]["SpeechResult"] == "상담"


def test_record_beeps_and_reports_url_and_length() -> None:
    stage = Stage()
    stage.answers["/ivr/done"] = "<Hangup/>"
    phone, leg = stage.call(
        '<Record action="done" maxLength="7" recordingStatusCallback="/ivr/recording"/>'
    )
    stage.run(20)
    assert Beep() in [sound for _, sound in phone.heard]
    done = stage.asked("/ivr/done")[0]
    assert done["RecordingDuration"] == "7"
    assert done["RecordingUrl"].startswith("https://api.twilio.com/2010-04-01/Accounts/AC")
    assert stage.asked("/ivr/recording")[0]["RecordingStatus"] == "completed"
    assert leg.status == "completed"


def test_record_is_ended_by_a_key_and_by_hanging_up() -> None:
    stage = Stage()
    stage.answers["/ivr/done"] = '<Record action="again"/>'
    _, leg = stage.call('<Record action="done" playBeep="false"/>')
    stage.run(3)
    leg.press("1")
    stage.run(3)
    assert stage.asked("/ivr/done")[0]["Digits"] == "1"
    leg.hang_up()
    stage.run(1)
    assert stage.asked("/ivr/again")[0]["Digits"] == "hangup"


def test_enqueue_asks_wait_url_for_ever_with_the_queue_parameters() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = '<Say>잠시만</Say><Pause length="10"/>'
    _, leg = stage.call('<Enqueue waitUrl="wait" action="after">help</Enqueue><Say>x</Say>')
    stage.run(50)
    asked = stage.asked("/ivr/wait")
    assert len(asked) == 5
    assert asked[0]["QueuePosition"] == "1"
    assert asked[0]["MaxQueueSize"] == "1000"
    assert int(asked[4]["QueueTime"]) > 40
    assert asked[0]["QueueSid"].startswith("QU")
    leg.hang_up()
    stage.run(1)
    after = stage.asked("/ivr/after")[0]
    assert (after["QueueResult"], after["CallStatus"]) == ("hangup", "completed")


def test_an_empty_wait_document_is_not_asked_for_in_a_tight_loop() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = ""
    stage.call('<Enqueue waitUrl="wait">help</Enqueue>')
    stage.run(10)
    assert 9 <= len(stage.asked("/ivr/wait")) <= 11


def test_enqueue_without_wait_url_plays_the_carriers_music_and_with_an_empty_one_nothing() -> None:
    stage = Stage()
    phone, _ = stage.call("<Enqueue>help</Enqueue>")
    stage.run(2)
    assert phone.hears == HoldMusic()
    quiet, _ = stage.call('<Enqueue waitUrl="">help</Enqueue>', stage.phone("+82101111"))
    stage.run(2)
    assert quiet.hears == Silence()


def test_leave_goes_on_after_enqueue_or_to_the_action_at_once() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = "<Leave/>"
    phone, _ = stage.call('<Enqueue waitUrl="wait">help</Enqueue><Say>나왔습니다</Say>')
    stage.run(5)
    assert phone.words == ["나왔습니다"]
    stage.call('<Enqueue waitUrl="wait" action="after">help</Enqueue>', stage.phone("+8210111"))
    stage.run(5)
    assert stage.asked("/ivr/after")[0]["QueueResult"] == "leave"


def test_a_gather_in_the_waiting_document_stays_in_the_wait_until_leave() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = '<Gather numDigits="1" action="key" timeout="30"/>'
    stage.answers["/ivr/key"] = "<Leave/>"
    _, leg = stage.call('<Enqueue waitUrl="wait" action="after">help</Enqueue>')
    stage.run(5)
    leg.press("2")
    stage.run(1)
    assert stage.asked("/ivr/key")[0]["QueuePosition"] == "1"
    assert stage.asked("/ivr/after")[0]["QueueResult"] == "leave"


def test_a_verb_that_may_not_wait_ends_the_wait_as_an_error() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = "<Record/>"
    stage.call('<Enqueue waitUrl="wait" action="after">help</Enqueue>')
    stage.run(5)
    assert stage.asked("/ivr/after")[0]["QueueResult"] == "error"


def test_a_failing_wait_url_ends_the_wait_as_an_error_and_without_action_falls_through() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = (404, "text/html", "gone")
    phone, _ = stage.call('<Enqueue waitUrl="wait">help</Enqueue><Say>죄송합니다</Say>')
    stage.run(5)
    assert phone.words == ["죄송합니다"]


def test_hangup_in_the_waiting_document_ends_the_call() -> None:
    stage = Stage()
    stage.answers["/ivr/wait"] = "<Hangup/>"
    _, leg = stage.call('<Enqueue waitUrl="wait" action="after">help</Enqueue>')
    stage.run(5)
    assert leg.status == "completed"
    assert stage.asked("/ivr/after")[0]["QueueResult"] == "hangup"


def test_a_full_queue_goes_to_the_action_at_once() -> None:
    stage = Stage()
    stage.exchange.queues.create("help", max_size=1)
    voice = '<Enqueue waitUrl="" action="after">help</Enqueue>'
    stage.call(voice)
    stage.run(1)
    stage.call(voice, stage.phone("+821000000000"))
    stage.run(1)
    after = stage.asked("/ivr/after")
    assert [params["QueueResult"] for params in after] == ["queue-full"]
    assert "QueueSid" not in after[0]


def test_an_unknown_verb_and_attribute_are_passed_over_with_a_warning() -> None:
    stage = Stage()
    phone, _ = stage.call('<Sms>x</Sms><Say lang="ko">네</Say>')
    stage.run(5)
    assert phone.words == ["네"]
    assert stage.complaints() == [12200, 12200]


def test_ten_thousand_verbs_do_not_exhaust_the_stack() -> None:
    stage = Stage()
    _, leg = stage.call("<Say/>" * 9_000)
    stage.run(1)
    assert leg.status == "completed"


def test_a_number_that_is_not_ours_fails() -> None:
    stage = Stage()
    phone = stage.phone()
    leg = stage.exchange.dial(phone, "+8225559999")
    stage.run(1)
    assert leg.status == "failed"
    assert stage.requests == []


@pytest.mark.parametrize("dialled", ["02120", "02-120", "02 120", "+8202120", "+822120", HELPLINE])
def test_every_way_of_dialling_the_helpline_reaches_it(dialled: str) -> None:
    stage = Stage()
    stage.exchange.dial(stage.phone(), dialled)
    stage.run(1)
    assert stage.asked("/ivr/voice")[0]["To"] == HELPLINE
