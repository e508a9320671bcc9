"""The phones page as people use it: by keys, in two languages, without a microphone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.local_exchange import exchange_in_thread
from tests.simulator.phone_exchange import RunningExchange

pytestmark = pytest.mark.browser

AXE = next(Path(__file__).parent.joinpath("vendor").rglob("axe.min.js"), None)
SAY = '<Say language="ko-KR">안녕하세요.</Say><Pause length="20"/>'
NO_MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); };
"""
SLOW_MICROPHONE = """
const quick = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  await new Promise((done) => setTimeout(done, 1000));
  return quick(wanted);
};
"""
# A voice of the browser's own that only notes what it was asked to say.
NOTING_VOICE = """
window.saidAloud = [];
Object.defineProperty(window, 'speechSynthesis', {
  value: {cancel() {}, speak(utterance) { saidAloud.push([utterance.text, utterance.lang]); }},
});
"""


@pytest.fixture
def running() -> Iterator[RunningExchange]:
    """An exchange whose line greets and waits."""
    with exchange_in_thread({"/ivr/voice": SAY}) as started:
        yield started


def switch_on(page: Page, running: RunningExchange) -> None:
    page.goto(f"http://{running.host}/")
    expect(page.locator("body")).to_have_attribute("data-state", "ready")


def test_a_call_by_keyboard_alone(page: Page, running: RunningExchange) -> None:
    switch_on(page, running)
    page.keyboard.type("021200")
    page.keyboard.press("Backspace")
    expect(page.locator("#number")).to_have_value("02-120")
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_contain_text("안녕하세요.")
    expect(page.locator("#timer")).to_have_text(re.compile("00:0[1-9]"))  # 1 may pass unseen
    page.keyboard.press("Escape")
    expect(page.locator("#log")).to_contain_text("통화가 끝났습니다")
    expect(page.locator("#state")).to_have_text("걸 수 있습니다")


def test_nothing_is_fetched_from_elsewhere(page: Page, running: RunningExchange) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    switch_on(page, running)
    page.locator("#call").click()
    expect(page.locator("#state")).to_have_text("통화 중")
    page.locator('[data-key="5"]').click()
    page.locator("#call").click()
    expect(page.locator("#state")).to_have_text("걸 수 있습니다")
    assert {host for host in hosts if host} == {running.host}


def test_a_number_of_ones_own_is_checked_kept_and_used(
    page: Page, running: RunningExchange
) -> None:
    switch_on(page, running)
    page.locator("#change").click()
    page.locator("#new-number").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator("#new-number-wrong")).to_contain_text("010-1234-5678")
    page.locator("#new-number").fill("010-0000-7777")
    page.keyboard.press("Enter")
    expect(page.locator("#my-number")).to_have_text("010-0000-7777")
    page.reload()
    expect(page.locator("#my-number")).to_have_text("010-0000-7777")
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    page.locator("#call").click()
    expect(page.locator("#state")).to_have_text("통화 중")
    assert running.line.asked("/ivr/voice")[0]["From"] == "+821000007777"


def test_a_withheld_number(page: Page, running: RunningExchange) -> None:
    switch_on(page, running)
    page.locator("#withhold").check()
    page.locator("#call").click()
    expect(page.locator("#log")).to_contain_text("안녕하세요.")
    assert running.line.asked("/ivr/voice")[0]["From"] == "anonymous"
    page.locator("#call").click()
    expect(page.locator("#state")).to_have_text("걸 수 있습니다")


def test_a_number_that_is_nobodys(page: Page, running: RunningExchange) -> None:
    switch_on(page, running)
    page.locator("#number").fill("0311234567")
    page.locator("#call").click()
    expect(page.locator("#log")).to_contain_text("연결할 수 없는 번호입니다")


def test_without_a_microphone_the_call_still_works(page: Page, running: RunningExchange) -> None:
    page.add_init_script(NO_MICROPHONE)
    switch_on(page, running)
    page.locator("#call").click()
    expect(page.locator("#log")).to_contain_text("안녕하세요.")
    expect(page.locator("#notice")).to_contain_text("마이크를 쓸 수 없어")


def test_hanging_up_while_the_microphone_is_asked_for(page: Page, running: RunningExchange) -> None:
    page.add_init_script(SLOW_MICROPHONE)
    switch_on(page, running)
    page.locator("#call").click()
    expect(page.locator("#state")).to_have_text("거는 중입니다")
    page.keyboard.press("Escape")
    expect(page.locator("#state")).to_have_text("걸 수 있습니다")
    assert not [leg for leg in running.exchange.legs.values() if leg.live]


def test_where_the_exchange_cannot_speak_the_browser_does(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.phones.routes.espeak_path", lambda: None)
    page.add_init_script(NOTING_VOICE)
    with exchange_in_thread({"/ivr/voice": SAY}) as running:
        switch_on(page, running)
        page.locator("#call").click()
        expect(page.locator("#log")).to_contain_text("안녕하세요.")
        assert page.evaluate("saidAloud") == [["안녕하세요.", "ko-KR"]]
        page.locator("#call").click()


def test_english_and_back(page: Page, running: RunningExchange) -> None:
    switch_on(page, running)
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#state")).to_have_text("Ready to call")
    missing = page.evaluate(
        "[...document.querySelectorAll('[data-word]')].filter((e) => !e.textContent).length"
    )
    assert missing == 0
    page.locator("#language").click()
    expect(page.locator("#state")).to_have_text("걸 수 있습니다")


@pytest.mark.skipif(AXE is None, reason="needs axe-core under tests/browser/vendor")
@pytest.mark.parametrize("width", [1120, 360])
def test_accessibility_and_no_sideways_scrolling(
    page: Page, running: RunningExchange, width: int
) -> None:
    assert AXE is not None
    page.set_viewport_size({"width": width, "height": 800})
    switch_on(page, running)
    page.locator("#call").click()
    expect(page.locator("#log")).to_contain_text("안녕하세요.")
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run()")["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
