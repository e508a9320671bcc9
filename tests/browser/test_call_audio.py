"""Two people talk through the unmodified browser SDK; what each hears is measured as sound."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from simulator.phones.speech import espeak_path
from simulator.signalling_token import mint
from tests.browser.conftest import loudness
from tests.browser.local_exchange import exchange_in_thread
from tests.simulator.phone_exchange import RunningExchange

pytestmark = pytest.mark.browser

CITIZEN_HZ, COUNSELOR_HZ = 440.0, 880.0
# Noise suppression takes some 20 dB off steady tones, so only the two are compared.
CLEARLY_LOUDER_DB = 15
AUDIBLE_DB = -70
# Where a speaking voice is, away from both tones.
VOICE_HZ = range(100, 400, 20)

MENU = (
    '<Gather numDigits="1" timeout="10" action="/ivr/menu">'
    '<Say language="ko-KR">외로움안녕 일이공입니다. 상담을 원하시면 오번을 눌러 주세요.</Say>'
    "</Gather>"
)
ROOM = '<Dial><Conference beep="false" endConferenceOnExit="true">session</Conference></Dial>'
LINE = {"/ivr/voice": MENU, "/ivr/menu": ROOM, "/ivr/client": ROOM}

# The desk, reduced to its telephone; on the exchange's origin, with the module the desk uses.
DESK = """
async ([token, host, next]) => {
  document.body.innerHTML = '<output id="state"></output>';
  const { createSoftphone } = await import('/phones/softphone.js');
  window.softphone = createSoftphone({
    token,
    edgeHost: host,
    onState: (state) => { document.getElementById('state').textContent = state; },
    refreshToken: async () => { window.renewed = (window.renewed ?? 0) + 1; return next; },
    onError: (error) => { window.softphoneError = error; },
  });
}
"""


def counselor_token(running: RunningExchange, identity: str) -> str:
    """A token as the server makes it, by the carrier's own library."""
    keys, settings = running.keys, running.exchange.settings
    token = AccessToken(keys.account_sid, keys.key_sid, keys.key_secret, identity=identity)
    token.add_grant(
        VoiceGrant(outgoing_application_sid=settings.twiml_app_sid, incoming_allow=True)
    )
    return str(token.to_jwt())


def open_phone(page: Page, running: RunningExchange) -> None:
    page.goto(f"http://{running.host}/")
    expect(page.locator("body")).to_have_attribute("data-state", "ready")


def open_desk(page: Page, running: RunningExchange) -> None:
    # Any page of the origin will do; its own telephone is not started.
    page.goto(f"http://{running.host}/phones/page.css")
    page.evaluate(DESK, [counselor_token(running, "lee"), running.host, ""])
    expect(page.locator("#state")).to_have_text("ready")


def hears(page: Page, wanted_hz: float, other_hz: float) -> bool:
    wanted, other = loudness(page, wanted_hz, other_hz)
    return wanted > AUDIBLE_DB and wanted > other + CLEARLY_LOUDER_DB


def test_each_hears_the_other_after_key_five(page_speaking: Callable[[float], Page]) -> None:
    with exchange_in_thread(LINE) as running:
        citizen, counselor = page_speaking(CITIZEN_HZ), page_speaking(COUNSELOR_HZ)
        open_phone(citizen, running)
        open_desk(counselor, running)

        citizen.locator("#call").click()
        log = citizen.locator("#log")
        expect(log).to_contain_text("오번을 눌러 주세요")
        if espeak_path() is not None:
            assert max(loudness(citizen, *VOICE_HZ)) > AUDIBLE_DB
        citizen.locator('[data-key="5"]').click()
        expect(citizen.locator("#state")).to_have_text("통화 중")
        counselor.evaluate("softphone.connect({To: '', join: 'once'})")
        expect(counselor.locator("#state")).to_have_text("open")
        expect(citizen.locator("#hearing")).to_have_text("상대방과 연결됨")

        assert hears(citizen, COUNSELOR_HZ, CITIZEN_HZ)
        assert hears(counselor, CITIZEN_HZ, COUNSELOR_HZ)
        assert [form["Digits"] for form in running.line.asked("/ivr/menu")] == ["5"]
        assert running.line.asked("/ivr/client")[0]["From"] == "client:lee"

        citizen.locator("#mute").click()
        counselor.wait_for_timeout(500)  # what was said before is still on its way
        assert not hears(counselor, CITIZEN_HZ, COUNSELOR_HZ)

        citizen.locator("#call").click()
        expect(counselor.locator("#state")).to_have_text("ready")
        expect(log).to_contain_text("통화가 끝났습니다")
        assert counselor.errors == citizen.errors == []  # type: ignore[attr-defined]


def test_a_rung_phone_answers_and_hears(page: Page, page_speaking: Callable[[float], Page]) -> None:
    ring = "<Dial callerId='+8225550120'><Number>+821000000119</Number></Dial>"
    with exchange_in_thread({"/ivr/client": ring}) as running:
        counselor = page_speaking(COUNSELOR_HZ)
        page.add_init_script("sessionStorage.setItem('number', '01000000119')")
        open_phone(page, running)
        open_desk(counselor, running)

        counselor.evaluate("softphone.connect({To: ''})")
        expect(page.locator("#incoming")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("#state")).to_have_text("통화 중")
        expect(page.locator("#hearing")).to_have_text("상대방과 연결됨")
        assert hears(page, COUNSELOR_HZ, CITIZEN_HZ)

        counselor.evaluate("softphone.hangUp()")
        expect(page.locator("#state")).to_have_text("걸 수 있습니다")


def test_a_rung_phone_declines(page: Page, page_speaking: Callable[[float], Page]) -> None:
    ring = (
        "<Dial callerId='+8225550120' action='/ivr/dialled'><Number>+821000000119</Number></Dial>"
    )
    with exchange_in_thread({"/ivr/client": ring}) as running:
        counselor = page_speaking(COUNSELOR_HZ)
        page.add_init_script("sessionStorage.setItem('number', '01000000119')")
        open_phone(page, running)
        open_desk(counselor, running)
        counselor.evaluate("softphone.connect({To: ''})")
        page.locator("#reject").click()
        expect(counselor.locator("#state")).to_have_text("ready")
        expect(page.locator("#incoming")).to_be_hidden()
        assert running.line.asked("/ivr/dialled")[0]["DialCallStatus"] == "busy"


def test_a_token_is_renewed_before_it_ends(page: Page) -> None:
    with exchange_in_thread({}) as running:
        page.goto(f"http://{running.host}/phones/page.css")
        # The SDK asks ten seconds before the end.
        short = mint(running.keys, "lee", int(time.time()), ttl_seconds=12)
        page.evaluate(DESK, [short, running.host, counselor_token(running, "lee")])
        expect(page.locator("#state")).to_have_text("ready")
        page.wait_for_function("window.renewed === 1")
        page.wait_for_timeout(500)
        expect(page.locator("#state")).to_have_text("ready")
        assert page.evaluate("window.softphoneError ?? null") is None


def test_the_phone_comes_back_when_the_exchange_does(page: Page) -> None:
    with exchange_in_thread({}) as running:
        port = int(running.host.split(":")[1])
        open_phone(page, running)
    expect(page.locator("body")).to_have_attribute("data-state", "offline")
    with exchange_in_thread({}, port) as again:
        expect(page.locator("body")).to_have_attribute("data-state", "ready", timeout=30_000)
        number = page.evaluate("sessionStorage.getItem('number')")
        assert len(again.exchange.endpoints_at("+82" + number[1:])) == 1
