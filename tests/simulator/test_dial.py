"""`<Dial>` with its nouns, on the virtual clock."""

from __future__ import annotations

import pytest

from simulator.settings import Oddities
from simulator.sounds import Bridge, HoldMusic, Ringback, Silence
from tests.simulator.stage import CITIZEN, HELPLINE, Stage

AGENT = "+821099998888"


def bridge_of(phone: object) -> Bridge:
    sound = phone.hears  # type: ignore[attr-defined]
    assert isinstance(sound, Bridge)
    return sound


def test_a_number_is_rung_bridged_and_reported() -> None:
    stage = Stage()
    agent = stage.phone(AGENT, answer_after=2)
    stage.answers["/ivr/after"] = "<Hangup/>"
    phone, leg = stage.call(
        f'<Dial action="after" callerId="{HELPLINE}"><Number statusCallback="/ivr/legs" '
        f'statusCallbackEvent="initiated ringing answered completed">{AGENT}</Number></Dial>'
    )
    stage.run(1)
    assert phone.hears == Ringback()
    stage.run(2)
    assert bridge_of(phone).room_id == bridge_of(agent).room_id
    assert agent.legs[0].from_ == HELPLINE
    assert agent.legs[0].direction == "outbound-dial"
    stage.run(58)
    agent.legs[0].hang_up()
    stage.run(1)
    after = stage.asked("/ivr/after")[0]
    assert after["DialCallStatus"] == "completed"
    assert after["DialBridged"] == "true"
    assert after["DialCallSid"] == agent.legs[0].sid
    assert after["DialCallDuration"] == "59"
    assert leg.status == "completed"
    legs = stage.asked("/ivr/legs")
    events = [(params["SequenceNumber"], params["CallStatus"]) for params in legs]
    assert events == [
        ("0", "initiated"),
        ("1", "ringing"),
        ("2", "in-progress"),
        ("3", "completed"),
    ]
    assert (legs[3]["Duration"], legs[3]["CallDuration"]) == ("1", "59")
    assert legs[3]["ParentCallSid"] == leg.sid


def test_dial_always_rings_five_seconds_longer() -> None:
    stage = Stage()
    stage.phone(AGENT, answer_after=None)
    stage.call(f'<Dial timeout="10" action="after">{AGENT}</Dial>')
    stage.run(14.9)
    assert stage.asked("/ivr/after") == []
    stage.run(1)
    assert stage.asked("/ivr/after")[0]["DialCallStatus"] == "no-answer"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "busy")])
def test_a_refusal_ends_the_dial_at_once_and_falls_through(reason: str, status: str) -> None:
    stage = Stage()
    stage.phone(AGENT).refuses = reason
    phone, _ = stage.call(f"<Dial>{AGENT}</Dial><Say>통화 중</Say>")
    stage.run(3)
    assert phone.words == ["통화 중"]


def test_of_several_the_first_to_answer_wins_and_the_rest_are_canceled() -> None:
    stage = Stage()
    slow, fast = stage.phone(AGENT, answer_after=5), stage.phone("client:lee", answer_after=2)
    stage.call(f"<Dial><Number>{AGENT}</Number><Client>lee</Client></Dial>")
    stage.run(6)
    assert isinstance(fast.hears, Bridge)
    assert [status for _, status in slow.over] == ["canceled"]


def test_tabs_of_one_identity_all_ring_and_one_answers() -> None:
    stage = Stage()
    tabs = [stage.phone("client:lee", answer_after=after) for after in (4, 2, None)]
    stage.call("<Dial><Client>lee</Client></Dial>")
    stage.run(5)
    assert [status for _, status in tabs[0].over] == ["canceled"]
    assert isinstance(tabs[1].hears, Bridge)
    assert [status for _, status in tabs[2].over] == ["canceled"]


def test_sequential_rings_one_after_another() -> None:
    stage = Stage()
    first, second = stage.phone(AGENT, answer_after=None), stage.phone("+821077", answer_after=1)
    stage.call(
        f'<Dial sequential="true" timeout="5"><Number>{AGENT}</Number>'
        "<Number>+821077</Number></Dial>"
    )
    stage.run(5)
    assert (len(first.legs), len(second.legs)) == (1, 0)
    stage.run(8)
    assert isinstance(second.hears, Bridge)


def test_an_unregistered_client_ends_at_once() -> None:
    stage = Stage()
    stage.call('<Dial action="after"><Client>nobody</Client></Dial>')
    stage.run(1)
    assert stage.asked("/ivr/after")[0]["DialCallStatus"] == "no-answer"


def test_client_parameters_reach_the_browser() -> None:
    stage = Stage()
    agent = stage.phone("client:lee")
    stage.call(
        '<Dial><Client><Identity>lee</Identity><Parameter name="offer" value="o-1"/>'
        "</Client></Dial>"
    )
    stage.run(1)
    assert agent.legs[0].custom_parameters == {"offer": "o-1"}
    assert agent.legs[0].to == "client:lee"


def test_a_sip_address_is_rung() -> None:
    stage = Stage()
    agent = stage.phone("sip:kim@127.0.0.1")
    stage.call("<Dial><Sip>sip:kim@127.0.0.1</Sip></Dial>")
    stage.run(1)
    assert isinstance(agent.hears, Bridge)


def test_a_whisper_asks_the_callee_first() -> None:
    stage = Stage()
    agent = stage.phone(AGENT)
    stage.answers["/ivr/whisper"] = (
        '<Gather numDigits="1" action="accept"><Say>1번</Say></Gather><Hangup/>'
    )
    phone, _ = stage.call(f'<Dial action="after"><Number url="whisper">{AGENT}</Number></Dial>')
    stage.run(2)
    assert phone.hears == Ringback()
    agent.legs[0].press("1")
    stage.run(1)
    assert bridge_of(phone) == bridge_of(agent)
    assert stage.asked("/ivr/accept")[0]["Digits"] == "1"


def test_a_whisper_that_hangs_up_never_bridges() -> None:
    stage = Stage()
    stage.phone(AGENT)
    stage.answers["/ivr/whisper"] = '<Gather timeout="1"/><Hangup/>'
    stage.call(f'<Dial action="after"><Number url="whisper">{AGENT}</Number></Dial>')
    stage.run(5)
    after = stage.asked("/ivr/after")[0]
    assert after["DialBridged"] == "false"


def test_answer_on_bridge_keeps_the_caller_ringing_until_the_bridge() -> None:
    stage = Stage()
    stage.phone(AGENT, answer_after=5)
    _, leg = stage.call(f'<Dial answerOnBridge="true">{AGENT}</Dial>')
    stage.run(4)
    assert leg.status == "ringing"
    stage.run(2)
    assert leg.status == "in-progress"


def test_the_caller_hanging_up_ends_the_other_side_and_the_action_is_asked_in_vain() -> None:
    stage = Stage()
    agent = stage.phone(AGENT)
    stage.answers["/ivr/after"] = "<Say>아무도 듣지 않습니다</Say>"
    phone, leg = stage.call(f'<Dial action="after">{AGENT}</Dial>')
    stage.run(5)
    leg.hang_up()
    stage.run(5)
    assert agent.legs[0].status == "completed"
    assert stage.asked("/ivr/after")[0]["CallStatus"] == "completed"
    assert phone.words == []


def test_hangup_on_star_and_time_limit_end_the_bridge() -> None:
    stage = Stage()
    agent = stage.phone(AGENT)
    phone, leg = stage.call(
        f'<Dial hangupOnStar="true" timeLimit="60">{AGENT}</Dial><Pause length="300"/>'
    )
    stage.run(5)
    leg.press("*")
    assert isinstance(phone.hears, Silence)
    assert agent.legs[0].status == "completed"
    other, _ = stage.call(phone=stage.phone("+821000"))
    stage.run(62)
    assert isinstance(other.hears, Silence)


def test_a_withheld_caller_id_may_not_be_used_to_call_a_telephone() -> None:
    stage = Stage()
    stage.phone(AGENT)
    stage.call(f'<Dial action="after" callerId="anonymous">{AGENT}</Dial>')
    stage.run(2)
    assert stage.asked("/ivr/after")[0]["DialCallStatus"] == "failed"
    assert 13214 in stage.complaints()


def test_a_recorded_dial_reports_its_recording() -> None:
    stage = Stage()
    agent = stage.phone(AGENT)
    stage.call(
        '<Dial action="after" record="record-from-answer" recordingStatusCallback="rec">'
        f"{AGENT}</Dial>"
    )
    stage.run(30)
    agent.legs[0].hang_up()
    stage.run(1)
    assert stage.asked("/ivr/after")[0]["RecordingUrl"]
    assert stage.asked("/ivr/rec")[0]["RecordingStatus"] == "completed"


# -- queue -------------------------------------------------------------------------------------


def queue_scene(stage: Stage, queue_attributes: str = "") -> tuple[object, object]:
    """A caller waits in the queue "help"; an agent dials that queue from a browser."""
    stage.answers["/ivr/voice"] = (
        '<Enqueue waitUrl="" action="served">help</Enqueue><Say>안녕히</Say>'
    )
    caller = stage.phone(CITIZEN)
    caller_leg = stage.exchange.dial(caller, HELPLINE)
    stage.run(10)
    stage.answers["/ivr/client"] = (
        f'<Dial action="dialed"><Queue {queue_attributes}>help</Queue></Dial>'
    )
    agent = stage.phone("client:lee")
    agent_leg = stage.exchange.dial(agent, "", {"want": "next"})
    stage.run(1)
    return (caller, caller_leg), (agent, agent_leg)


def test_dial_queue_takes_the_front_and_the_enqueue_action_comes_when_the_bridge_ends() -> None:
    stage = Stage()
    (caller, _), (agent, agent_leg) = queue_scene(stage)  # type: ignore[misc]
    assert bridge_of(caller) == bridge_of(agent)
    assert stage.asked("/ivr/client")[0]["want"] == "next"
    stage.run(60)
    assert stage.asked("/ivr/served") == []
    agent_leg.hang_up()
    stage.run(1)
    served = stage.asked("/ivr/served")[0]
    assert (served["QueueResult"], served["QueueTime"]) == ("bridged", "10")


def test_dial_queue_ends_when_the_caller_hangs_up() -> None:
    stage = Stage()
    (_, caller_leg), _ = queue_scene(stage)  # type: ignore[misc]
    caller_leg.hang_up()
    stage.run(1)
    dialed = stage.asked("/ivr/dialed")[0]
    assert (dialed["DialCallStatus"], dialed["QueueResult"]) == ("completed", "bridged")
    assert dialed["DialCallSid"] == caller_leg.sid


def test_a_queue_whisper_is_heard_by_the_caller_before_the_bridge() -> None:
    stage = Stage()
    stage.answers["/ivr/connecting"] = "<Say>연결해 드립니다</Say>"
    (caller, caller_leg), (agent, agent_leg) = queue_scene(stage, 'url="connecting"')  # type: ignore[misc]
    assert caller.words == ["연결해 드립니다"]
    assert isinstance(agent.hears, Ringback)
    asked = stage.asked("/ivr/connecting")[0]
    assert (asked["DequeingCallSid"], asked["CallSid"]) == (agent_leg.sid, caller_leg.sid)
    stage.run(3)
    assert bridge_of(caller) == bridge_of(agent)


def test_an_empty_queue_is_waited_for_and_an_unknown_one_is_an_error() -> None:
    stage = Stage()
    stage.answers["/ivr/client"] = '<Dial timeout="20" action="dialed"><Queue>help</Queue></Dial>'
    agent = stage.phone("client:lee")
    stage.exchange.dial(agent, "")
    stage.run(1)
    assert stage.asked("/ivr/dialed")[0]["QueueResult"] == "error"
    stage.exchange.queues.create("help")
    stage.exchange.dial(agent, "")
    stage.run(10)
    caller, _ = stage.call("<Enqueue>help</Enqueue>")
    stage.run(1)
    assert isinstance(caller.hears, Bridge)
    stage.exchange.dial(agent, "")
    stage.run(26)
    assert stage.asked("/ivr/dialed")[-1]["DialCallStatus"] == "no-answer"


# -- conference --------------------------------------------------------------------------------

ROOM = (
    '<Dial action="left"><Conference waitUrl="{wait}" endConferenceOnExit="{ends}" {more}'
    ' statusCallback="{callback}" statusCallbackEvent="start end join leave mute hold">'
    "room</Conference></Dial><Say>끝</Say>"
)


def room(
    wait: str = "", ends: str = "false", more: str = "", callback: str = "/ivr/conference"
) -> str:
    return ROOM.format(wait=wait, ends=ends, more=more, callback=callback)


def test_a_conference_starts_with_two_and_ends_with_the_one_who_may_end_it() -> None:
    stage = Stage()
    caller, caller_leg = stage.call(room(ends="true"))
    stage.run(2)
    assert isinstance(caller.hears, Silence)
    stage.answers["/ivr/client"] = room(callback="/ivr/other")
    agent = stage.phone("client:lee")
    agent_leg = stage.exchange.dial(agent, "")
    stage.run(2)
    assert bridge_of(caller).room_id == bridge_of(agent).room_id
    caller_leg.hang_up()
    stage.run(1)
    events = stage.asked("/ivr/conference")
    assert [event["StatusCallbackEvent"] for event in events] == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ]
    assert [event["SequenceNumber"] for event in events] == list("123456")
    assert stage.asked("/ivr/other") == []
    end = events[-1]
    assert "CallSid" not in end
    assert "CallStatus" not in events[0]
    assert end["CallSidEndingConference"] == caller_leg.sid
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert events[3]["ReasonParticipantLeft"] == "participant_hung_up"
    assert events[4]["ReasonParticipantLeft"] == "moderator_ended_conference"
    left = stage.asked("/ivr/left")
    agents = next(params for params in left if params["CallSid"] == agent_leg.sid)
    assert agents["DialCallStatus"] == "answered"
    assert "DialCallSid" not in agents


def test_the_room_outlives_an_agent_who_drops_and_a_refilled_one_has_a_new_sid() -> None:
    stage = Stage()
    caller, caller_leg = stage.call(room(ends="true"))
    stage.answers["/ivr/client"] = room()
    agent = stage.phone("client:lee")
    agent_leg = stage.exchange.dial(agent, "")
    stage.run(2)
    first = bridge_of(caller).room_id
    agent_leg.hang_up()
    stage.run(1)
    assert caller_leg.live
    assert isinstance(caller.hears, Bridge)
    caller_leg.hang_up()
    stage.run(1)
    stage.call(room(), stage.phone("+821000"))
    stage.exchange.dial(agent, "")
    stage.run(1)
    assert bridge_of(agent).room_id != first


def test_no_start_on_enter_means_waiting_music_until_somebody_starts_it() -> None:
    stage = Stage()
    voice = '<Dial><Conference startConferenceOnEnter="false">room</Conference></Dial>'
    one, _ = stage.call(voice)
    two, _ = stage.call(voice, stage.phone("+821000"))
    stage.run(1)
    assert (one.hears, two.hears) == (HoldMusic(), HoldMusic())
    stage.call("<Dial><Conference>room</Conference></Dial>", stage.phone("+821001"))
    stage.run(1)
    assert isinstance(one.hears, Bridge)


def test_a_conference_wait_url_runs_once_and_then_is_silent() -> None:
    stage = Stage()
    stage.answers["/ivr/hold"] = "<Say>잠시만</Say>"
    caller, _ = stage.call(room(wait="hold"))
    stage.run(30)
    assert caller.words == ["잠시만"]
    assert "QueueSid" not in stage.asked("/ivr/hold")[0]


@pytest.mark.parametrize("mode", ["next-verb", "cut"])
def test_a_failing_conference_wait_url_means_no_conference(mode: str) -> None:
    stage = Stage(Oddities(conference_wait_failure=mode))
    stage.answers["/ivr/hold"] = (500, "text/html", "")
    _, leg = stage.call(room(wait="hold"))
    stage.run(2)
    if mode == "cut":
        assert leg.status == "completed"
    else:
        assert stage.asked("/ivr/left")[0]["DialCallStatus"] == "failed"


def test_a_duplicate_label_is_not_joined_and_goes_on_with_the_next_verb() -> None:
    stage = Stage()
    stage.call(room(more='participantLabel="caller"'))
    second, _ = stage.call(phone=stage.phone("+821000"))
    stage.run(2)
    assert second.words == ["끝"]
    assert 16025 in stage.complaints()


def test_coaching_names_a_leg_in_the_room_or_fails_to_the_action() -> None:
    stage = Stage()
    _, caller_leg = stage.call(room())
    stage.run(1)
    stage.answers["/ivr/client"] = room(more=f'coach="{caller_leg.sid}"')
    coach = stage.phone("client:boss")
    stage.exchange.dial(coach, "")
    stage.run(1)
    assert bridge_of(coach).coach == caller_leg.sid
    stage.answers["/ivr/client"] = room(more='coach="CA0"')
    stage.exchange.dial(stage.phone("client:other"), "")
    stage.run(1)
    assert stage.asked("/ivr/left")[0]["DialCallStatus"] == "failed"
    assert 13240 in stage.complaints()
