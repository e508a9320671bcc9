"""The REST face: each resource, its errors and pages, and Twilio's own description of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from simulator.journal import RestRequested
from simulator.rest import Rest
from simulator.rest_values import RestAnswer
from simulator.sounds import Bridge, HoldMusic, Recording
from tests.simulator.stage import BASE, CITIZEN, HELPLINE, Stage

DESCRIPTION = Path(__file__).parents[3] / "shared/reference/twilio_oai_excerpt.json"
AGENT = "+821099998888"


class Carrier:
    """A REST client of a stage, checking every answer against the description when it is there."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rest = Rest(stage.exchange)
        self.account = stage.settings.account_sid
        self.auth = (self.account, stage.settings.auth_token)

    def __call__(self, method: str, path: str, *pairs: tuple[str, str]) -> RestAnswer:
        full = f"/2010-04-01/Accounts/{self.account}/{path}.json"
        query, form = ((), pairs) if method == "POST" else (pairs, ())
        answer = self.rest.handle(method, full, query, form, self.auth)
        if answer.status < 400:
            check(method, path, answer)
        return answer

    def get(self, path: str, *pairs: tuple[str, str]) -> Any:
        answer = self("GET", path, *pairs)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, **params: str) -> Any:
        answer = self("POST", path, *params.items())
        assert answer.status in (200, 201), answer
        return answer.json

    def refused(self, method: str, path: str, **params: str) -> tuple[int, int]:
        answer = self(method, path, *params.items())
        assert answer.json is not None
        assert answer.json["status"] == answer.status
        assert answer.json["more_info"].endswith(str(answer.json["code"]))
        return answer.status, answer.json["code"]


def nullable(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema; formats need no network."""
    if isinstance(node, list):
        return [nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: nullable(value) for key, value in node.items()}
    if node.pop("nullable", False) and "type" in node:
        node["type"] = [node["type"], "null"]
    return node


def _load() -> Any:
    if not DESCRIPTION.exists():
        return None
    spec = json.loads(DESCRIPTION.read_text())
    # The description forbids null here, and its own examples hold it sixteen times.
    reason = spec["components"]["schemas"]["conference_enum_reason_conference_ended"]
    reason["nullable"] = True
    reason["enum"].append(None)
    return nullable(spec)


SPEC = _load()
DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000")


def operation(method: str, path: str) -> tuple[str, Any]:
    for template, item in SPEC["paths"].items():
        pattern = re.escape(template).replace(r"\{AccountSid\}", "AC[0-9a-f]{32}")
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        if re.fullmatch(pattern, f"/2010-04-01/Accounts/AC{'0' * 32}/{path}.json"):
            return template, item[method.lower()]
    raise AssertionError(f"{method} {path} is not in the description")


def check(method: str, path: str, answer: RestAnswer) -> None:
    if SPEC is None:
        return
    _, described = operation(method, path)
    response = described["responses"][str(answer.status)]
    if answer.status == 204:
        assert answer.json is None
        return
    schema = response["content"]["application/json"]["schema"]
    registry: Any = Registry().with_resource(
        "urn:spec", Resource(contents=SPEC, specification=DRAFT202012)
    )
    text = json.dumps(schema).replace('"#/', '"urn:spec#/')
    validator = Draft202012Validator(json.loads(text), registry=registry)
    errors = list(validator.iter_errors(answer.json))
    assert errors == [], [f"{list(error.path)}: {error.message}" for error in errors]
    required = set(SPEC["components"]["schemas"][_reference(schema)]["properties"])
    for body in _bodies(schema, answer.json):
        missing = required - set(body)
        assert not missing, f"{method} {path} lacks {missing}"
        for name, value in body.items():
            if name.startswith("date_") and value is not None:
                assert DATE.fullmatch(value), value


def _reference(schema: Any) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    items = next(value for value in schema["properties"].values() if value.get("type") == "array")
    return str(items["items"]["$ref"].rsplit("/", 1)[1])


def _bodies(schema: Any, body: Any) -> list[Any]:
    if "$ref" in schema:
        return [body]
    return next(value for value in body.values() if isinstance(value, list))


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def carrier(stage: Stage) -> Carrier:
    return Carrier(stage)


@pytest.mark.skipif(SPEC is None, reason="needs ../shared/reference/twilio_oai_excerpt.json")
def test_the_description_is_used_and_catches_a_wrong_body(carrier: Carrier) -> None:
    body = carrier.post("Queues", FriendlyName="q")
    with pytest.raises(AssertionError):
        check("GET", f"Queues/{body['sid']}", RestAnswer(200, body | {"sid": "QU1"}))
    del body["max_size"]
    with pytest.raises(AssertionError):
        check("GET", f"Queues/{body['sid']}", RestAnswer(200, body))


# -- authentication and shape ------------------------------------------------------------------


def test_authentication_by_token_or_api_key(stage: Stage, carrier: Carrier) -> None:
    path = f"/2010-04-01/Accounts/{carrier.account}/Calls.json"
    settings = stage.settings
    for auth, status in [
        (None, 401),
        ((settings.account_sid, "wrong"), 401),
        (("", ""), 401),
        ((settings.account_sid, settings.auth_token), 200),
        ((settings.api_key_sid, settings.api_key_secret), 200),
    ]:
        answer = carrier.rest.handle("GET", path, auth=auth)
        assert answer.status == status
        if status == 401:
            assert answer.json is not None
            assert answer.json["code"] == 20003


def test_what_does_not_exist_is_20404(carrier: Carrier) -> None:
    nobody = "0" * 32
    for path in (f"Calls/CA{nobody}", f"Queues/QU{nobody}", f"Conferences/CF{nobody}", "Faxes"):
        assert carrier.refused("GET", path) == (404, 20404)
    foreign = carrier.rest.handle("GET", "/2010-04-01/Accounts/AC1/Calls.json", auth=carrier.auth)
    assert foreign.status == 404


def test_lists_come_in_pages_with_relative_links(carrier: Carrier) -> None:
    for number in range(5):
        carrier.post("Queues", FriendlyName=f"q{number}")
    first = carrier.get("Queues", ("PageSize", "2"))
    assert [queue["friendly_name"] for queue in first["queues"]] == ["q0", "q1"]
    assert (first["page"], first["start"], first["end"]) == (0, 0, 1)
    assert first["next_page_uri"].endswith("/Queues.json?PageSize=2&Page=1")
    assert first["previous_page_uri"] is None
    last = carrier.get("Queues", ("PageSize", "2"), ("Page", "2"))
    assert [queue["friendly_name"] for queue in last["queues"]] == ["q4"]
    assert last["next_page_uri"] is None
    assert carrier.refused("GET", "Queues", PageSize="1001") == (400, 20001)


# -- calls -------------------------------------------------------------------------------------


def place(carrier: Carrier, **params: str) -> Any:
    defaults = {"To": AGENT, "From": HELPLINE, "Url": f"{BASE}/ivr/ring"}
    return carrier.post("Calls", **{**defaults, **params})


def test_a_call_is_placed_rings_and_runs_its_document(stage: Stage, carrier: Carrier) -> None:
    stage.answers["/ivr/ring"] = "<Say>안녕하세요</Say>"
    agent = stage.phone(AGENT, answer_after=3)
    body = place(carrier, StatusCallback=f"{BASE}/ivr/legs")
    assert body["status"] == "queued"
    assert (body["direction"], body["duration"]) == ("outbound-api", None)
    stage.run(20)
    assert stage.asked("/ivr/ring")[0]["CallStatus"] == "in-progress"
    assert agent.words == ["안녕하세요"]
    done = carrier.get(f"Calls/{body['sid']}")
    assert (done["status"], done["duration"]) == ("completed", "1")
    assert [params["CallStatus"] for params in stage.asked("/ivr/legs")] == ["completed"]


def test_one_call_a_second_the_rest_are_queued(stage: Stage, carrier: Carrier) -> None:
    phones = [stage.phone(f"+82109000000{number}", None) for number in range(3)]
    sids = [place(carrier, To=phone.address)["sid"] for phone in phones]
    stage.run(0.5)
    assert [carrier.get(f"Calls/{sid}")["status"] for sid in sids] == [
        "ringing",
        "queued",
        "queued",
    ]
    stage.run(1)
    assert [len(phone.legs) for phone in phones] == [1, 1, 0]
    stage.run(1)
    third = carrier.get(f"Calls/{sids[2]}")
    assert (third["status"], third["queue_time"]) == ("ringing", "2000")


def test_status_events_are_repeated_not_joined(stage: Stage, carrier: Carrier) -> None:
    stage.phone(AGENT)
    pairs = [("To", AGENT), ("From", HELPLINE), ("Twiml", "<Response/>")]
    pairs.append(("StatusCallback", f"{BASE}/ivr/legs"))
    events = ["initiated", "ringing", "answered", "completed"]
    carrier("POST", "Calls", *pairs, *(("StatusCallbackEvent", event) for event in events))
    stage.run(2)
    assert [params["SequenceNumber"] for params in stage.asked("/ivr/legs")] == list("0123")
    stage.requests.clear()
    answer = carrier("POST", "Calls", *pairs, ("StatusCallbackEvent", "ringing answered"))
    stage.run(2)
    assert answer.status == 201
    assert stage.asked("/ivr/legs") == []
    assert 21626 in stage.complaints()


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"To": ""}, (400, 21201)),
        ({"From": ""}, (400, 21213)),
        ({"To": "hello"}, (400, 21211)),
        ({"From": "anonymous"}, (400, 21210)),
        ({"Url": "/ivr/ring"}, (400, 21205)),
        ({"Url": ""}, (400, 21205)),
        ({"Url": "", "FallbackUrl": BASE + "/f"}, (400, 21405)),
        ({"Url": "", "Twiml": "x" * 4001}, (400, 32018)),
        ({"StatusCallback": "http://my_host/x"}, (400, 21609)),
        ({"Timeout": "601"}, (400, 20001)),
        ({"ApplicationSid": "AP1"}, (400, 21218)),
    ],
)
def test_a_call_that_cannot_be_placed(
    carrier: Carrier, params: dict[str, str], refusal: tuple[int, int]
) -> None:
    given = {"To": AGENT, "From": HELPLINE, "Url": f"{BASE}/ivr/ring"} | params
    assert carrier.refused("POST", "Calls", **given) == refusal


def test_an_application_call_uses_the_apps_urls_and_ignores_the_rest(
    stage: Stage, carrier: Carrier
) -> None:
    stage.phone("client:lee")
    app = stage.settings.twiml_app_sid
    carrier.post(
        "Calls", To="client:lee", From=HELPLINE, ApplicationSid=app, StatusCallback=f"{BASE}/s"
    )
    stage.run(2)
    assert stage.asked("/ivr/client")[0]["ApplicationSid"] == app
    assert stage.asked("/s") == []


def test_a_call_is_ended_and_canceled(stage: Stage, carrier: Carrier) -> None:
    stage.phone(AGENT, answer_after=None)
    callback = f"{BASE}/ivr/legs"
    ringing = place(carrier, StatusCallback=callback)["sid"]
    queued = place(carrier, StatusCallback=callback)["sid"]
    stage.run(0.5)
    carrier.post(f"Calls/{queued}", Status="canceled")
    carrier.post(f"Calls/{ringing}", Status="canceled")
    stage.run(0.1)
    assert carrier.get(f"Calls/{ringing}")["status"] == "canceled"
    assert [params["CallSid"] for params in stage.asked("/ivr/legs")] == [ringing]
    assert carrier.refused("POST", f"Calls/{ringing}", Status="completed") == (400, 21220)
    _, leg = stage.call("<Say>a</Say><Pause length='60'/>", stage.phone())
    stage.run(2)
    assert carrier.refused("POST", f"Calls/{leg.sid}", Status="canceled") == (400, 21220)
    carrier.post(f"Calls/{leg.sid}", Status="completed")
    stage.run(0.1)
    assert leg.status == "completed"


def test_a_redirect_needs_a_call_in_progress_and_an_absolute_url(
    stage: Stage, carrier: Carrier
) -> None:
    stage.phone(AGENT, answer_after=None)
    sid = place(carrier)["sid"]
    stage.run(1)
    assert carrier.refused("POST", f"Calls/{sid}", Url=f"{BASE}/x") == (400, 21220)
    _, leg = stage.call("<Say>a</Say><Pause length='60'/>")
    stage.run(2)
    assert carrier.refused("POST", f"Calls/{leg.sid}", Url="/x") == (400, 21205)
    assert carrier.refused("POST", f"Calls/{leg.sid}", Url=f"{BASE}/x", Status="completed") == (
        400,
        20001,
    )


def test_calls_are_listed_newest_first_and_filtered(stage: Stage, carrier: Carrier) -> None:
    one, first = stage.call("<Say>a</Say>")
    stage.run(5)
    _, second = stage.call("<Say>a</Say><Pause length='90'/>", stage.phone("+82101"))
    stage.run(5)
    assert [call["sid"] for call in carrier.get("Calls")["calls"]] == [second.sid, first.sid]

    def sids(*pairs: tuple[str, str]) -> list[str]:
        return [call["sid"] for call in carrier.get("Calls", *pairs)["calls"]]

    assert sids(("Status", "completed")) == [first.sid]
    assert sids(("From", one.address)) == [first.sid]
    assert sids(("To", HELPLINE)) == [second.sid, first.sid]
    assert sids(("StartTime", "2026-11-22")) == [second.sid, first.sid]
    assert sids(("StartTime>", "2026-11-22T00:00:04Z")) == [second.sid]
    assert sids(("EndTime<", "2026-11-21")) == []
    assert carrier.refused("GET", "Calls", StartTime="yesterday") == (400, 20001)


def test_only_the_record_of_an_ended_call_can_be_deleted(stage: Stage, carrier: Carrier) -> None:
    _, leg = stage.call("<Say>a</Say><Pause/>")
    stage.run(0.5)
    assert carrier.refused("DELETE", f"Calls/{leg.sid}")[0] == 409
    stage.run(10)
    assert carrier("DELETE", f"Calls/{leg.sid}").status == 204
    assert carrier.refused("GET", f"Calls/{leg.sid}") == (404, 20404)


def test_answering_machine_detection_holds_the_document_or_reports_later(
    stage: Stage, carrier: Carrier
) -> None:
    machine = stage.phone(AGENT)
    machine.answered_by = "machine_start"  # type: ignore[attr-defined]
    sid = place(carrier, MachineDetection="Enable")["sid"]
    stage.run(2)
    assert stage.asked("/ivr/ring") == []
    stage.run(2)
    assert stage.asked("/ivr/ring")[0]["AnsweredBy"] == "machine_start"
    assert carrier.get(f"Calls/{sid}")["answered_by"] == "machine_start"
    stage.answers["/ivr/ring"] = "<Pause length='9'/>"
    place(carrier, MachineDetection="Enable", AsyncAmd="true", AsyncAmdStatusCallback=f"{BASE}/amd")
    stage.run(6)
    assert stage.asked("/amd")[0]["AnsweredBy"] == "machine_start"


# -- queues and members ------------------------------------------------------------------------


def test_queues_are_made_changed_and_deleted_only_when_empty(
    stage: Stage, carrier: Carrier
) -> None:
    queue = carrier.post("Queues", FriendlyName="help")
    assert queue["max_size"] == 1000
    assert carrier.refused("POST", "Queues", FriendlyName="help")[0] == 400
    assert carrier.refused("POST", "Queues", FriendlyName="x" * 65)[0] == 400
    assert carrier.post(f"Queues/{queue['sid']}", MaxSize="5000")["max_size"] == 5000
    assert carrier.refused("POST", f"Queues/{queue['sid']}", MaxSize="5001") == (400, 20001)
    _, leg = stage.call("<Enqueue>help</Enqueue>")
    stage.run(1)
    assert carrier.get(f"Queues/{queue['sid']}")["current_size"] == 1
    assert carrier.refused("DELETE", f"Queues/{queue['sid']}")[0] == 400
    leg.hang_up()
    assert carrier("DELETE", f"Queues/{queue['sid']}").status == 204


def test_members_are_listed_and_dequeued_by_sid_or_front(stage: Stage, carrier: Carrier) -> None:
    stage.answers["/ivr/come"] = "<Say>연결합니다</Say>"
    phones = [stage.phone(f"+8210500000{number}") for number in range(3)]
    voice = '<Enqueue waitUrl="" action="after">help</Enqueue>'
    legs = []
    for phone in phones:
        legs.append(stage.call(voice, phone)[1])
        stage.run(10)
    path = f"Queues/{carrier.get('Queues')['queues'][0]['sid']}/Members"
    members = carrier.get(path)["queue_members"]
    assert [member["position"] for member in members] == [1, 2, 3]
    assert members[0]["wait_time"] == 29
    body = carrier.post(f"{path}/Front", Url=f"{BASE}/ivr/come")
    assert body["call_sid"] == legs[0].sid
    carrier.post(f"{path}/{legs[2].sid}", Url=f"{BASE}/ivr/come")
    assert carrier.refused("POST", f"{path}/{legs[0].sid}", Url=f"{BASE}/x") == (404, 20404)
    stage.run(1)
    assert phones[0].words == phones[2].words == ["연결합니다"]
    assert [params["QueueResult"] for params in stage.asked("/ivr/after")] == ["redirected"] * 2
    assert carrier.get(f"{path}/Front")["call_sid"] == legs[1].sid
    assert carrier.refused("POST", f"{path}/Front", Url="come") == (400, 21205)


# -- conferences and participants --------------------------------------------------------------


def conference_of(stage: Stage, carrier: Carrier, **options: str) -> tuple[Any, str]:
    """A caller sits in the room "room"; returns the phone and the conference's SID."""
    attributes = " ".join(f'{name}="{value}"' for name, value in options.items())
    caller, _ = stage.call(
        f'<Dial action="left"><Conference {attributes} statusCallback="/events" '
        'statusCallbackEvent="start end join leave mute hold modify announcement">'
        "room</Conference></Dial>"
    )
    stage.run(1)
    body = carrier.get("Conferences", ("FriendlyName", "room"), ("Status", "init"))
    return caller, body["conferences"][0]["sid"]


def events(stage: Stage) -> list[str]:
    return [params["StatusCallbackEvent"] for params in stage.asked("/events")]


def test_somebody_is_called_into_a_conference(stage: Stage, carrier: Carrier) -> None:
    caller, sid = conference_of(stage, carrier)
    agent = stage.phone(AGENT, answer_after=4)
    body = carrier.post(
        f"Conferences/{sid}/Participants", To=AGENT, From=HELPLINE, Label="agent", Muted="true"
    )
    assert (body["status"], body["label"], body["muted"]) == ("queued", "agent", True)
    stage.run(2)
    path = f"Conferences/{sid}/Participants/agent"
    assert carrier.get(path)["status"] == "ringing"
    stage.run(3)
    assert carrier.get(path)["status"] == "connected"
    assert isinstance(caller.hears, Bridge)
    assert agent.hears == Bridge(sid, muted=True)
    agent.legs[0].hang_up()
    stage.run(1)
    assert carrier.refused("GET", path) == (404, 20404)
    assert carrier.get(f"Conferences/{sid}")["status"] == "in-progress"


def test_a_friendly_name_makes_the_room_and_a_failed_call_leaves_none(
    stage: Stage, carrier: Carrier
) -> None:
    stage.phone(AGENT).refuses = "busy"
    body = carrier.post("Conferences/new%20room/Participants", To=AGENT, From=HELPLINE)
    sid = body["conference_sid"]
    assert carrier.get(f"Conferences/{sid}")["friendly_name"] == "new room"
    stage.run(2)
    assert carrier.get(f"Conferences/{sid}")["status"] == "completed"
    assert carrier.get(f"Conferences/{sid}/Participants")["participants"] == []
    assert carrier.refused("POST", f"Conferences/{sid}/Participants", To=AGENT, From=HELPLINE) == (
        404,
        20404,
    )


def test_a_participant_rings_for_its_timeout_and_five_seconds(
    stage: Stage, carrier: Carrier
) -> None:
    agent = stage.phone(AGENT, answer_after=None)
    carrier.post("Conferences/r/Participants", To=AGENT, From=HELPLINE, Timeout="10")
    stage.run(14.9)
    assert agent.legs[0].live
    stage.run(0.2)
    assert agent.legs[0].status == "no-answer"


def test_mute_hold_modify_and_announcements(stage: Stage, carrier: Carrier) -> None:
    caller, sid = conference_of(stage, carrier)
    stage.phone(AGENT)
    stage.answers["/ivr/say"] = "<Say>알립니다</Say><Play>http://a.example/x.wav</Play>"
    carrier.post(f"Conferences/{sid}/Participants", To=AGENT, From=HELPLINE)
    stage.run(2)
    leg = caller.stage.exchange.conferences.by_sid[sid].connected[0].leg
    path = f"Conferences/{sid}/Participants/{leg.sid}"
    assert carrier.post(path, Muted="yes")["muted"] is False
    carrier.post(path, Muted="true")
    assert caller.hears == Bridge(sid, muted=True)
    carrier.post(path, Hold="true")
    assert caller.hears == HoldMusic()
    assert carrier.post(path, EndConferenceOnExit="true")["end_conference_on_exit"] is False
    carrier.post(path, Hold="false", EndConferenceOnExit="true")
    carrier.post(f"Conferences/{sid}", AnnounceUrl=f"{BASE}/ivr/say")
    stage.run(1)
    assert caller.words == ["알립니다"]
    stage.run(9)
    assert Recording("http://a.example/x.wav") in [sound for _, sound in caller.heard]
    assert caller.hears == Bridge(sid, muted=True)
    assert events(stage)[3:] == [
        "participant-mute",
        "participant-hold",
        "participant-unhold",
        "participant-modify",
        "announcement-end",
    ]


def test_kicking_lets_a_caller_go_on_and_hangs_up_a_called_one(
    stage: Stage, carrier: Carrier
) -> None:
    _, sid = conference_of(stage, carrier)
    agent = stage.phone(AGENT)
    called = carrier.post(f"Conferences/{sid}/Participants", To=AGENT, From=HELPLINE)["call_sid"]
    stage.run(2)
    assert carrier("DELETE", f"Conferences/{sid}/Participants/{called}").status == 204
    assert agent.legs[0].status == "completed"
    leg = stage.exchange.conferences.by_sid[sid].connected[0].leg
    assert carrier("DELETE", f"Conferences/{sid}/Participants/{leg.sid}").status == 204
    stage.run(1)
    assert stage.asked("/ivr/left")[0]["DialCallStatus"] == "answered"
    ended = carrier.get(f"Conferences/{sid}")
    assert ended["reason_conference_ended"] == "last-participant-kicked"
    assert ended["call_sid_ending_conference"] == leg.sid


def test_a_conference_is_ended_by_rest(stage: Stage, carrier: Carrier) -> None:
    _, sid = conference_of(stage, carrier)
    carrier.post(f"Conferences/{sid}", Status="completed")
    stage.run(1)
    ended = carrier.get(f"Conferences/{sid}")
    assert ended["reason_conference_ended"] == "conference-ended-via-api"
    assert stage.asked("/events")[-1]["Reason"] == "Conference ended via API"
    assert stage.asked("/ivr/left")[0]["DialCallStatus"] == "answered"


def test_every_route_of_the_table_is_described_by_the_carrier() -> None:
    if SPEC is None:
        pytest.skip("needs ../shared/reference/twilio_oai_excerpt.json")
    samples = ["Calls", "Calls/CA1", "Queues", "Queues/QU1", "Queues/QU1/Members"]
    samples += ["Queues/QU1/Members/Front", "Conferences", "Conferences/CF1"]
    samples += ["Conferences/CF1/Participants", "Conferences/CF1/Participants/CA1"]
    described = {operation("GET", sample)[0] for sample in samples}
    assert len(described) == len(samples)


def test_requests_are_in_the_journal(stage: Stage, carrier: Carrier) -> None:
    carrier.refused("POST", "Queues", FriendlyName="")
    entry = stage.exchange.journal.of(RestRequested)[0]
    assert (entry.method, entry.status, entry.code) == ("POST", 400, 20001)
    assert stage.seconds == 0
    assert CITIZEN not in entry.path


def test_whoever_leaves_in_the_middle_of_an_announcement_hears_no_more_of_it(
    stage: Stage, carrier: Carrier
) -> None:
    caller, sid = conference_of(stage, carrier)
    stage.phone(AGENT)
    stage.answers["/ivr/say"] = "<Say>하나</Say><Pause length='5'/><Say>둘</Say>"
    stage.answers["/ivr/left"] = "<Pause length='60'/>"
    carrier.post(f"Conferences/{sid}/Participants", To=AGENT, From=HELPLINE)
    stage.run(2)
    leg = stage.exchange.conferences.by_sid[sid].connected[0].leg
    carrier.post(f"Conferences/{sid}", AnnounceUrl=f"{BASE}/ivr/say")
    stage.run(2)
    carrier("DELETE", f"Conferences/{sid}/Participants/{leg.sid}")
    stage.run(10)
    assert caller.words == ["하나"]
    assert events(stage)[-1] == "announcement-end"


def test_redirecting_a_called_participant_takes_it_out_of_the_room(
    stage: Stage, carrier: Carrier
) -> None:
    _, sid = conference_of(stage, carrier)
    agent = stage.phone(AGENT)
    called = carrier.post(f"Conferences/{sid}/Participants", To=AGENT, From=HELPLINE)["call_sid"]
    stage.run(2)
    stage.answers["/ivr/moved"] = "<Say>다른 방</Say><Pause length='60'/>"
    carrier.post(f"Calls/{called}", Url=f"{BASE}/ivr/moved")
    stage.run(3)
    assert agent.words == ["다른 방"]
    assert agent.legs[0].live
    leave = stage.asked("/events")[-1]
    assert leave["ReasonParticipantLeft"] == "participant_updated_via_api"
    assert carrier.get(f"Conferences/{sid}/Participants")["participants"][0]["call_sid"] != called
