"""Webhooks: what they carry, how they fail, the fallback URL, retries, what may be answered."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from simulator.overrides import Overrides, read_overrides
from simulator.run import APPLICATION_ERROR
from simulator.settings import Oddities
from simulator.sounds import Recording
from simulator.transport import Done, Failure, Fate, FaultyTransport, Request, Response
from simulator.transport_wsgi import WsgiTransport
from tests.simulator.stage import BASE, CITIZEN, HELPLINE, Stage

XML = (200, "text/xml", "<Response><Say>네</Say></Response>")


class Scripted:
    """A transport that gives prepared outcomes, then plays the application."""

    def __init__(self, stage: Stage, *outcomes: Response | Failure) -> None:
        self.stage = stage
        self.outcomes = list(outcomes)
        self.requests: list[Request] = []
        self.inner = stage.exchange.webhooks.transport
        stage.exchange.webhooks.transport = self

    def request(self, request: Request, done: Done) -> None:
        self.requests.append(request)
        if self.outcomes:
            outcome = self.outcomes.pop(0)
            self.stage.kernel.at(0.01, lambda: done(outcome))
        else:
            self.inner.request(request, done)


def test_a_voice_request_carries_what_the_carrier_sends_blanks_included() -> None:
    stage = Stage()
    stage.call("<Say>a</Say>")
    stage.run(1)
    params = stage.asked("/ivr/voice")[0]
    assert params["CallSid"].startswith("CA")
    assert len(params["CallSid"]) == 34
    assert (params["From"], params["Caller"]) == (CITIZEN, CITIZEN)
    assert (params["To"], params["Called"]) == (HELPLINE, HELPLINE)
    assert (params["CallStatus"], params["Direction"]) == ("ringing", "inbound")
    assert params["ApiVersion"] == "2010-04-01"
    assert params["ToZip"] == params["CalledCity"] == params["FromState"] == ""
    assert params["FromCountry"] == "KR"
    assert len(params["CallToken"]) > 255


def test_a_request_is_signed_and_headed_as_the_carrier_does() -> None:
    stage = Stage()
    stage.call("<Redirect>http://server.example/ivr/n?b=%2F&amp;n=%ED%95%9C</Redirect>")
    stage.run(1)
    validator = RequestValidator(stage.settings.auth_token)
    for environ, (_, _, params) in zip(stage.environs, stage.requests, strict=True):
        url = BASE + environ["RAW_URI"]
        query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        form = {name: value for name, value in params.items() if name not in query}
        assert validator.validate(url, form, environ["HTTP_X_TWILIO_SIGNATURE"])
        assert environ["HTTP_USER_AGENT"] == "TwilioProxy/1.1"
        assert environ["CONTENT_TYPE"].startswith("application/x-www-form-urlencoded")
        assert "HTTP_I_TWILIO_IDEMPOTENCY_TOKEN" not in environ


def test_a_get_puts_the_parameters_into_the_query() -> None:
    stage = Stage()
    stage.call('<Redirect method="GET">next?a=1</Redirect>')
    stage.run(1)
    method, path, params = stage.requests[1]
    assert (method, path, params["a"], params["ToZip"]) == ("GET", "/ivr/next", "1", "")
    validator = RequestValidator(stage.settings.auth_token)
    environ = stage.environs[1]
    signature = environ["HTTP_X_TWILIO_SIGNATURE"]
    assert validator.validate(BASE + environ["RAW_URI"], {}, signature)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, "text/html", "oops"), 11200),
        ((403, "text/xml", ""), 11200),
        ((200, "text/xml", "<Response><Say>"), 12100),
        ((200, "text/xml", "<html/>"), 12100),
        ((200, "text/html", "<!doctype html><p>Error"), 12100),
        ((200, "text/xml", ""), 12100),
        ((200, "", "<Response/>"), 12300),
        ((200, "application/json", "{}"), 12300),
        ((200, "text/xml", "<Response>" + " " * 65_536 + "</Response>"), 11750),
    ],
)
def test_what_cannot_be_run_goes_to_the_fallback_url(
    answer: tuple[int, str, str], code: int
) -> None:
    stage = Stage()
    stage.answers["/ivr/voice"] = answer
    stage.answers["/ivr/fallback"] = "<Say>잠시 후 다시 걸어 주세요</Say>"
    phone, leg = stage.call()
    stage.run(10)
    fallback = stage.asked("/ivr/fallback")[0]
    assert fallback["ErrorCode"] == str(code)
    assert fallback["ErrorUrl"] == f"{BASE}/ivr/voice"
    assert phone.words == ["잠시 후 다시 걸어 주세요"]
    assert leg.status == "completed"


def test_the_fallback_serves_at_any_point_of_the_call() -> None:
    stage = Stage()
    stage.answers["/ivr/menu"] = (500, "text/html", "")
    stage.answers["/ivr/fallback"] = "<Say>도움</Say>"
    phone, leg = stage.call('<Gather numDigits="1" action="menu"/>')
    stage.run(1)
    leg.press("5")
    stage.run(5)
    assert phone.words == ["도움"]


def test_a_failing_fallback_is_an_application_error() -> None:
    stage = Stage()
    stage.answers["/ivr/voice"] = stage.answers["/ivr/fallback"] = (500, "text/html", "")
    phone, leg = stage.call()
    stage.run(20)
    assert APPLICATION_ERROR in [sound for _, sound in phone.heard]
    assert leg.status == "completed"
    busy = Stage(Oddities(first_fetch_failure="busy"))
    busy.answers = stage.answers
    _, leg = busy.call()
    busy.run(20)
    assert leg.status == "busy"


def test_plain_text_is_read_aloud_and_audio_is_played() -> None:
    stage = Stage()
    stage.answers["/ivr/voice"] = (200, "text/plain", "Forbidden")
    phone, leg = stage.call()
    stage.run(10)
    assert phone.words == ["Forbidden"]
    assert leg.status == "completed"
    stage.answers["/ivr/voice"] = (200, "text/plain", "<Response><Say>네</Say></Response>")
    phone, _ = stage.call(phone=stage.phone("+82101"))
    stage.run(10)
    assert phone.words == ["네"]
    stage.answers["/ivr/voice"] = (200, "audio/mpeg", "ID3")
    phone, _ = stage.call(phone=stage.phone("+82102"))
    stage.run(10)
    assert Recording(f"{BASE}/ivr/voice") in [sound for _, sound in phone.heard]


def test_by_default_only_a_failed_connection_is_tried_again() -> None:
    stage = Stage()
    scripted = Scripted(stage, Failure("connect"))
    phone, _ = stage.call("<Say>네</Say>")
    stage.run(5)
    assert [request.url for request in scripted.requests[:2]] == [f"{BASE}/ivr/voice"] * 2
    assert phone.words == ["네"]
    stage = Stage()
    scripted = Scripted(stage, Failure("timeout"))
    stage.call("<Say>네</Say>")
    stage.run(5)
    assert [request.url for request in scripted.requests[:2]] == [
        f"{BASE}/ivr/voice",
        f"{BASE}/ivr/fallback",
    ]


def test_overrides_ask_for_more_and_the_token_tells_retries_apart() -> None:
    stage = Stage(Oddities(idempotency_token=True), voice_path="/ivr/voice#rc=2&rp=all&rt=4000")
    error = Response(500, {}, b"")
    scripted = Scripted(stage, error, Failure("timeout"))
    phone, _ = stage.call()
    stage.answers["/ivr/voice"] = "<Say>네</Say>"
    stage.run(5)
    assert phone.words == ["네"]
    tries = scripted.requests[:3]
    assert {request.url for request in tries} == {f"{BASE}/ivr/voice"}
    assert {request.timeout_seconds for request in tries} == {4.0}
    tokens = [request.headers["I-Twilio-Idempotency-Token"] for request in scripted.requests]
    assert len(set(tokens[:3])) == 1
    assert tokens[3] != tokens[0]


def test_overrides_are_kept_in_their_ranges() -> None:
    assert read_overrides("http://a/b") == Overrides()
    assert read_overrides("http://a/b#rc=9&ct=1&rt=99999&tt=x") == Overrides(
        connect_seconds=0.1, retries=5
    )
    assert read_overrides("http://a/b#rp=5xx").retried(Response(503, {}, b""))
    assert not read_overrides("http://a/b#rp=5xx").retried(Response(404, {}, b""))
    assert not Overrides().retried(Failure("timeout"))


def test_redirects_are_followed_ten_times() -> None:
    stage = Stage()
    moved = Response(302, {"location": "/ivr/moved?a=1"}, b"")
    scripted = Scripted(stage, moved)
    stage.answers["/ivr/moved"] = "<Say>네</Say>"
    phone, _ = stage.call()
    stage.run(5)
    assert phone.words == ["네"]
    assert scripted.requests[1].method == "GET"
    stage = Stage()
    Scripted(stage, *[moved] * 11)
    stage.call()
    stage.run(5)
    assert stage.asked("/ivr/fallback")[0]["ErrorCode"] == "11215"


def test_cookies_persist_within_a_call_only() -> None:
    stage = Stage()
    body = b"<Response><Redirect>next</Redirect></Response>"
    headers = {"content-type": "text/xml"}
    scripted = Scripted(stage, Response(200, headers, body, (("sid", "1"), ("b", "2"))))
    stage.call()
    stage.run(1)
    stage.call(phone=stage.phone("+82103"))
    stage.run(1)
    cookies = [request.headers.get("Cookie") for request in scripted.requests]
    assert cookies[:2] == [None, "sid=1; b=2"]
    assert None in cookies[2:]


def test_credentials_are_sent_only_when_asked_for_and_never_signed() -> None:
    stage = Stage(public_base_url="http://user:secret@server.example")
    challenge = Response(401, {"www-authenticate": 'Basic realm="x"'}, b"")
    scripted = Scripted(stage, challenge)
    phone, _ = stage.call("<Say>네</Say>")
    stage.run(5)
    first, second = scripted.requests[:2]
    assert first.url == second.url == "http://server.example/ivr/voice"
    assert "Authorization" not in first.headers
    assert second.headers["Authorization"] == "Basic dXNlcjpzZWNyZXQ="
    validator = RequestValidator(stage.settings.auth_token)
    signature = first.headers["X-Twilio-Signature"]
    assert validator.validate(first.url, dict(first.params), signature)
    assert phone.words == ["네"]


def test_an_application_that_raises_answers_500() -> None:
    stage = Stage()

    def fail(params: dict[str, str]) -> str:
        raise RuntimeError("on purpose")

    stage.answers["/ivr/voice"] = fail
    stage.answers["/ivr/fallback"] = "<Say>도움</Say>"
    phone, _ = stage.call()
    stage.run(5)
    assert phone.words == ["도움"]


def faulty(stage: Stage, fate: Fate, path: str = "/ivr/voice") -> None:
    inner = stage.exchange.webhooks.transport
    assert isinstance(inner, WsgiTransport)
    stage.exchange.webhooks.transport = FaultyTransport(
        inner, stage.kernel, lambda request: fate if path in request.url else Fate()
    )


def test_faults_duplicate_lose_delay_and_swallow_answers() -> None:
    stage = Stage()
    faulty(stage, Fate(deliveries=(0.0, 0.5)))
    phone, _ = stage.call("<Say>네</Say>")
    stage.run(5)
    assert (len(stage.asked("/ivr/voice")), phone.words) == (2, ["네"])
    for fate, reached in [
        (Fate(deliveries=()), 0),
        (Fate(deliveries=(16.0,)), 1),
        (Fate(answer_lost=True), 1),
        (Fate(answer_delay_seconds=15.0), 1),
    ]:
        stage = Stage()
        faulty(stage, fate)
        stage.answers["/ivr/fallback"] = "<Say>도움</Say>"
        phone, _ = stage.call("<Say>네</Say>")
        stage.run(14.9)
        assert phone.words == []
        stage.run(5)
        assert phone.words == ["도움"]
        assert len(stage.asked("/ivr/voice")) == reached
