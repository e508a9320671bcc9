"""The SDK's websocket, spoken by a twin of the SDK that has a real media connection."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from simulator import signalling
from simulator.media.pcm import frames_of, tone
from simulator.media.peer import Peer
from simulator.phones.routes import e164
from simulator.signalling_token import mint
from tests.simulator.goertzel import loudness
from tests.simulator.phone_exchange import Answers, RunningExchange, running


class Twin:
    """What the SDK does in a tab: frames over the socket, sound over WebRTC."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard = bytearray()
        self.captions: list[dict[str, Any]] = []
        self.connected = asyncio.Event()
        self.peer = Peer(self.heard.extend, self.connected.set, lambda: None)

    async def send(self, kind: str, **payload: Any) -> None:
        await self.socket.send_json({"type": kind, "payload": payload, "version": "1.6"})

    async def expect(self, kind: str) -> dict[str, Any]:
        """Return the payload of the next frame of that kind; captions are kept on the way."""
        async with asyncio.timeout(10):
            while True:
                text = await self.socket.receive_str()
                if not text.strip():
                    continue
                frame = json.loads(text)
                if frame["type"] == "message":
                    self.captions.append(frame["payload"]["content"])
                if frame["type"] == kind:
                    return dict(frame["payload"])

    async def expect_caption(self, kind: str) -> dict[str, Any]:
        while True:
            content = (await self.expect("message"))["content"]
            if content["kind"] == kind:
                return dict(content)

    async def switch_on(self, token: str) -> dict[str, Any]:
        await self.send("listen", token=token, browserinfo={}, reconnectTimeout=0)
        connected = await self.expect("connected")
        await self.send("register", media={"audio": True})
        await self.expect("ready")
        return connected

    async def dial(self, params: str) -> str:
        """Call; return the call SID once the line has answered."""
        await self.send(
            "invite", callsid="TJSone", sdp=await self.peer.offer(), twilio={"params": params}
        )
        ringing = await self.expect("ringing")
        await self.peer.accept(ringing["sdp"])
        answer = await self.expect("answer")
        assert answer["callsid"] == ringing["callsid"]
        return str(answer["callsid"])

    async def pick_up(self) -> dict[str, Any]:
        invite = await self.expect("invite")
        await self.send(
            "answer", callsid=invite["callsid"], sdp=await self.peer.answer(invite["sdp"])
        )
        return invite

    async def say(self, hz: float, seconds: float) -> None:
        await self.connected.wait()
        for frame in frames_of(tone((hz,), seconds)):
            self.peer.send(frame)
            await asyncio.sleep(0.02)


class Scene:
    """One running exchange and the tabs that talk to it."""

    def __init__(self, exchange: RunningExchange, http: aiohttp.ClientSession) -> None:
        self.running, self.http = exchange, http
        self.twins: list[Twin] = []

    @property
    def line(self) -> Any:
        return self.running.line

    async def tab(self) -> Twin:
        twin = Twin(await self.http.ws_connect(f"http://{self.running.host}/signal"))
        self.twins.append(twin)
        return twin

    def token(self, identity: str) -> str:
        return mint(self.running.keys, identity, int(time.time()))

    async def phone(self, identity: str) -> Twin:
        twin = await self.tab()
        await twin.switch_on(self.token(identity))
        return twin


def play(answers: Answers, act: Callable[[Scene], Awaitable[None]]) -> None:
    """Run `act` against an exchange whose line gives `answers`."""

    async def scene() -> None:
        async with running(answers) as exchange, aiohttp.ClientSession() as http:
            stage = Scene(exchange, http)
            try:
                await act(stage)
            finally:
                for twin in stage.twins:
                    await twin.peer.close()

    asyncio.run(scene())


PHONE = "phone_821000001234"
MENU = '<Gather numDigits="1" action="/ivr/menu"><Say language="ko-KR">메뉴입니다</Say></Gather>'
WAIT = "<Pause length='60'/>"


def test_a_phone_dials_hears_presses_and_is_hung_up() -> None:
    async def act(scene: Scene) -> None:
        phone = await scene.phone(PHONE)
        sid = await phone.dial("To=02-120")
        assert (await phone.expect_caption("speech"))["text"] == "메뉴입니다"
        await phone.connected.wait()
        await phone.send("dtmf", callsid=sid, dtmf="5")
        assert (await phone.expect_caption("speech"))["text"] == "상담사를 찾습니다"
        assert (await phone.expect("hangup"))["callsid"] == sid
        first, *_ = scene.line.asked("/ivr/voice")
        assert first["From"] == "+821000001234"
        assert first["To"] == scene.running.exchange.settings.helpline_number
        assert [form["Digits"] for form in scene.line.asked("/ivr/menu")] == ["5"]

    play({"/ivr/voice": MENU, "/ivr/menu": "<Say language='ko-KR'>상담사를 찾습니다</Say>"}, act)


def test_a_withheld_number_is_not_passed_on() -> None:
    async def act(scene: Scene) -> None:
        phone = await scene.phone(PHONE)
        sid = await phone.dial("To=02120&Withheld=1")
        assert scene.line.asked("/ivr/voice")[0]["From"] == "anonymous"
        assert "821000001234" not in json.dumps(scene.line.requests)
        await phone.send("hangup", callsid=sid)

    play({"/ivr/voice": WAIT.replace("60", "1") + "<Say>a</Say>"}, act)


def test_a_client_reaches_the_app_with_its_parameters_and_an_empty_to() -> None:
    async def act(scene: Scene) -> None:
        desk = await scene.phone("lee")
        await desk.dial("To=&join=a%20b%2Bc")
        form = scene.line.asked("/ivr/client")[0]
        assert form["From"] == "client:lee"
        assert form["To"] == ""
        assert form["join"] == "a b+c"

    play({"/ivr/client": "<Say>a</Say>"}, act)


def test_two_legs_in_a_conference_hear_each_other() -> None:
    async def act(scene: Scene) -> None:
        citizen, counselor = await scene.phone(PHONE), await scene.phone("lee")
        await citizen.dial("To=02120")
        await counselor.dial("To=")
        await citizen.expect_caption("bridge")
        await counselor.expect_caption("bridge")
        citizen.heard.clear()
        counselor.heard.clear()
        await asyncio.gather(citizen.say(440, 1.0), counselor.say(880, 1.0))
        assert loudness(bytes(citizen.heard), 880) > 0.05 > loudness(bytes(citizen.heard), 440)
        assert loudness(bytes(counselor.heard), 440) > 0.05 > loudness(bytes(counselor.heard), 880)
        await citizen.send("hangup", callsid="TJSone")
        await counselor.expect("hangup")

    room = '<Dial><Conference beep="false" endConferenceOnExit="true">r</Conference></Dial>'
    play({"/ivr/voice": room, "/ivr/client": room}, act)


def test_a_dialled_client_is_invited_answers_and_is_told_the_end() -> None:
    async def act(scene: Scene) -> None:
        citizen, counselor = await scene.phone(PHONE), await scene.phone("lee")
        dialling = asyncio.create_task(citizen.dial("To=02120"))
        invite = await counselor.pick_up()
        assert invite["parameters"]["From"] == "+821000001234"
        assert invite["parameters"]["Params"] == "need=%EC%99%B8%EB%A1%9C%EC%9B%80"
        sid = await dialling
        await counselor.expect_caption("bridge")
        await citizen.send("hangup", callsid=sid)
        assert (await counselor.expect("hangup"))["callsid"] == invite["callsid"]

    client = "<Client><Identity>lee</Identity><Parameter name='need' value='외로움'/></Client>"
    play({"/ivr/voice": f"<Dial>{client}</Dial>"}, act)


def test_of_two_tabs_of_one_client_the_first_to_answer_gets_the_call() -> None:
    async def act(scene: Scene) -> None:
        citizen = await scene.phone(PHONE)
        one, other = await scene.phone("lee"), await scene.phone("lee")
        dialling = asyncio.create_task(citizen.dial("To=02120"))
        late = await other.expect("invite")
        await one.pick_up()
        assert (await other.expect("cancel"))["callsid"] == late["callsid"]
        await one.expect_caption("bridge")
        await dialling

    play({"/ivr/voice": "<Dial><Client>lee</Client></Dial>"}, act)


def test_a_closed_tab_hangs_up_its_call() -> None:
    async def act(scene: Scene) -> None:
        phone = await scene.phone(PHONE)
        sid = await phone.dial("To=02120")
        await phone.socket.close()
        async with asyncio.timeout(5):
            while scene.running.exchange.legs[sid].live:
                await asyncio.sleep(0.02)
        assert not scene.running.exchange.endpoints_at("+821000001234")

    play({"/ivr/voice": "<Say>a</Say>" + WAIT}, act)


def test_a_number_that_is_not_ours_fails() -> None:
    async def act(scene: Scene) -> None:
        phone = await scene.phone(PHONE)
        await phone.send(
            "invite", callsid="TJSx", sdp=await phone.peer.offer(), twilio={"params": "To=0101"}
        )
        await phone.expect("hangup")
        assert phone.captions[-1] == {"kind": "ended", "status": "failed"}

    play({}, act)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type":"listen","payload":{"token":"a.b.c"}}', 31204),
        ('{"type":"register","payload":{"media":{"audio":true}}}', 31204),
        ("not json", 31100),
        ("[]", 31100),
        ('{"payload":{}}', 31100),
    ],
)
def test_what_is_refused_before_a_token(frame: str, code: int) -> None:
    async def act(scene: Scene) -> None:
        tab = await scene.tab()
        await tab.socket.send_str(frame)
        assert (await tab.expect("error"))["error"]["code"] == code

    play({}, act)


def test_strange_frames_leave_the_telephone_working() -> None:
    async def act(scene: Scene) -> None:
        phone = await scene.phone(PHONE)
        await phone.send("invite", callsid="TJSbad", sdp="v=0 nonsense", twilio={"params": "To=1"})
        assert (await phone.expect("hangup"))["callsid"] == "TJSbad"
        assert (await phone.expect("error"))["callsid"] == "TJSbad"
        for kind in ("dtmf", "hangup", "reject", "answer", "unheard-of"):
            await phone.send(kind, callsid="CAnone", dtmf=7, sdp=None)
        await phone.send("reconnect", callsid="CAgone", sdp="x")
        assert (await phone.expect("hangup"))["callsid"] == "CAgone"
        await phone.dial("To=02120")

    play({"/ivr/voice": "<Say>a</Say>" + WAIT}, act)


def test_an_expired_token_is_told_and_the_phone_rings_no_more() -> None:
    async def act(scene: Scene) -> None:
        tab = await scene.tab()
        await tab.switch_on(mint(scene.running.keys, PHONE, int(time.time()), ttl_seconds=1))
        assert scene.running.exchange.endpoints_at("+821000001234")
        assert (await tab.expect("error"))["error"]["code"] == 31205
        assert not scene.running.exchange.endpoints_at("+821000001234")

    play({}, act)


def test_a_new_token_in_time_keeps_the_phone_on() -> None:
    async def act(scene: Scene) -> None:
        tab = await scene.tab()
        await tab.switch_on(mint(scene.running.keys, PHONE, int(time.time()), ttl_seconds=1))
        await tab.switch_on(scene.token(PHONE))
        await asyncio.sleep(1.2)
        assert scene.running.exchange.endpoints_at("+821000001234")

    play({}, act)


def test_a_token_without_incoming_calls_is_never_rung() -> None:
    async def act(scene: Scene) -> None:
        keys = scene.running.keys
        token = AccessToken(keys.account_sid, keys.key_sid, keys.key_secret, identity="lee")
        token.add_grant(VoiceGrant(outgoing_application_sid="AP" + "3" * 32))
        await (await scene.tab()).switch_on(str(token.to_jwt()))
        assert not scene.running.exchange.endpoints_at("client:lee")

    play({}, act)


def test_stopping_does_not_wait_for_open_tabs() -> None:
    async def scene() -> float:
        async with running({"/ivr/voice": "<Say>a</Say>" + WAIT}) as exchange:
            http = aiohttp.ClientSession()
            stage = Scene(exchange, http)
            phone = await stage.phone(PHONE)
            await phone.dial("To=02120")
            stopping = time.monotonic()
        took = time.monotonic() - stopping
        await phone.peer.close()
        await http.close()
        return took

    assert asyncio.run(scene()) < 5


def test_the_heartbeat_keeps_a_silent_socket_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signalling, "HEARTBEAT_SECONDS", 0.05)

    async def act(scene: Scene) -> None:
        tab = await scene.tab()
        async with asyncio.timeout(2):
            assert await tab.socket.receive_str() == "\n"
            await tab.socket.send_str("\n")
            assert await tab.socket.receive_str() == "\n"

    play({}, act)


def test_the_page_gets_a_token_for_its_number() -> None:
    async def act(scene: Scene) -> None:
        url = f"http://{scene.running.host}/phones/token"
        async with scene.http.post(url, json={"number": "010-0000-1234"}) as response:
            given = await response.json()
        assert given["number"] == "+821000001234"
        tab = await scene.tab()
        connected = await tab.switch_on(given["token"])
        assert connected["token"]["identity"] == PHONE
        for wrong in ({"number": "119"}, {"number": None}, [], {"number": "<b>"}):
            async with scene.http.post(url, json=wrong) as response:
                assert response.status == 400

    play({}, act)


@pytest.mark.parametrize("path", ["/", "/phones/page.js", "/phones/softphone.js"])
def test_the_page_and_its_files_are_served(path: str) -> None:
    async def act(scene: Scene) -> None:
        async with scene.http.get(f"http://{scene.running.host}{path}") as response:
            assert response.status == 200
            assert await response.text()

    play({}, act)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("010-1234-5678", "+821012345678"),
        ("02 731 2120", "+8227312120"),
        ("+82 10 1234 5678", "+821012345678"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("120", None),
        ("", None),
        ("010-abcd-5678", None),
    ],
)
def test_numbers_as_people_type_them(typed: str, number: str | None) -> None:
    assert e164(typed) == number
