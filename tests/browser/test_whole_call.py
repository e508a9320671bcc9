"""The whole line as a stranger starts it, walked by a caller, counselors and a supervisor."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import listening_page
from tests.browser.people import (
    CALLER_HZ,
    COUNSELOR_HZ,
    Caller,
    Counselor,
    Supervisor,
    hears,
    seconds_since,
)
from tests.stranger import STOP_SECONDS_MAX, Stranger

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BACK_IN_LINE_SECONDS_MAX = 15
PICTURES = os.environ.get("PICTURES")  # a directory: keep what each page showed on the way


@pytest.fixture(scope="module")
def machine(chromium: str) -> Iterator[Stranger]:
    with tempfile.TemporaryDirectory(prefix="helpline-call-") as directory:
        stranger = Stranger(Path(directory) / "var")
        try:
            stranger.start()
            yield stranger
        finally:
            stranger.give_up()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.fixture
def supervisor(browser: Browser, machine: Stranger) -> Iterator[Supervisor]:
    page = listening_page(browser.new_context(locale="ko-KR"))
    yield Supervisor(page, machine)
    assert page.errors == []  # type: ignore[attr-defined]


def test_from_five_to_a_recorded_outcome(
    page_speaking: Callable[[float], Page], supervisor: Supervisor, machine: Stranger
) -> None:
    caller = Caller(page_speaking(CALLER_HZ), machine)
    counselor = Counselor(page_speaking(COUNSELOR_HZ), machine, "haneul")
    caller.dial()
    picture(caller.page, "phones-dialling")

    counselor.page.locator("#microphone-check").click()
    expect(counselor.page.locator("#microphone-result")).to_have_attribute("data-kind", "busy")
    expect(caller.captions).to_contain_text("외로움안녕 일이공입니다")
    expect(caller.captions).to_contain_text("오 번", timeout=45_000)
    caller.press("5")
    expect(caller.captions).to_contain_text("상담사와 이어 드리겠습니다")
    expect(caller.captions).to_contain_text("다음 순서이십니다", timeout=20_000)
    picture(caller.page, "phones-waiting")
    expect(supervisor.now("waiting")).to_contain_text("1")
    expect(supervisor.page.locator("#queue tr[data-call-id]")).to_have_count(1)
    picture(supervisor.page, "board-waiting")
    picture(counselor.page, "desk-idle")

    expect(counselor.page.locator("#microphone-result")).to_have_attribute("data-kind", "good")
    counselor.go_ready()
    offer = counselor.page.locator("#offer")
    expect(offer).to_be_visible()
    expect(counselor.page.locator("#offer-left")).to_have_text(re.compile(r"\d+초"))
    expect(counselor.page.locator("#offer-reason")).not_to_be_empty()
    picture(counselor.page, "desk-offer")
    counselor.accept()
    expect(caller.captions).to_contain_text("상담사와 연결되었습니다")
    expect(caller.page.locator("#hearing")).to_have_text("상대방과 연결됨")
    assert hears(caller.page, COUNSELOR_HZ, CALLER_HZ)
    assert hears(counselor.page, CALLER_HZ, COUNSELOR_HZ)
    expect(supervisor.counselor("haneul")).to_contain_text("통화 중")
    picture(counselor.page, "desk-session")
    picture(caller.page, "phones-talking")
    picture(supervisor.page, "board-talking")

    counselor.end()
    expect(caller.captions).to_contain_text("언제든 다시 전화해 주세요")
    expect(counselor.page.locator("#wrap-left")).to_be_visible()
    picture(counselor.page, "desk-wrap")
    counselor.write_outcome()
    expect(supervisor.figure("offered")).to_have_text("1")
    expect(supervisor.figure("answered")).to_have_text("1")
    expect(supervisor.figure("abandoned")).to_have_text("0")
    expect(supervisor.counselor("haneul")).to_contain_text("대기")
    picture(supervisor.page, "board-after")
    picture(counselor.page, "desk-after")
    counselor.choose("off")
    expect(caller.page.locator("#state")).to_have_text("걸 수 있습니다", timeout=20_000)
