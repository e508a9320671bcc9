"""The whole line as a stranger starts it, walked by a caller, counselors and a supervisor."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import listening_page, picture
from tests.browser.people import (
    CALLER_HZ,
    COUNSELOR_HZ,
    Caller,
    Counselor,
    Supervisor,
    hears,
)
from tests.stranger import Stranger

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Closed tab to another counselor's offer: the carrier's notice, three seconds of patience for the
# same counselor to come back, and a slow machine.
ANOTHER_SECONDS_MAX = 12

Speaking = Callable[[float], Page]


@pytest.fixture
def supervisor(browser: Browser, machine: Stranger) -> Iterator[Supervisor]:
    page = listening_page(browser.new_context(locale="ko-KR"))
    yield Supervisor(page, machine)
    assert page.errors == []  # type: ignore[attr-defined]


def test_from_five_to_a_recorded_outcome(
    page_speaking: Speaking, supervisor: Supervisor, machine: Stranger
) -> None:
    caller = Caller(page_speaking(CALLER_HZ), machine)
    counselor = Counselor(page_speaking(COUNSELOR_HZ), machine, "haneul")
    caller.dial()
    picture(caller.page, "phones-dialling")

    counselor.page.locator("#microphone-check").click()
    expect(counselor.page.locator("#microphone-result")).to_have_attribute("data-kind", "busy")
    expect(caller.captions).to_contain_text("외로움안녕 일이공입니다")
    caller.choose_talk()
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


def test_the_caller_hangs_up_and_the_draft_survives_a_reload(
    page_speaking: Speaking, machine: Stranger
) -> None:
    caller = Caller(page_speaking(CALLER_HZ), machine)
    caller.dial()
    counselor = Counselor(page_speaking(COUNSELOR_HZ), machine, "sora")
    counselor.go_ready()
    caller.choose_talk()
    counselor.accept()
    expect(caller.captions).to_contain_text("상담사와 연결되었습니다")
    caller.hang_up()

    page = counselor.page
    expect(page.locator("#wrap-left")).to_be_visible()
    expect(page.locator("#wrap-over")).to_have_text(re.compile("먼저|끊"))
    counselor.tick("contact_kind", "loneliness_talk")
    counselor.tick("reasons", "loneliness")
    page.locator("#field-notes").fill("저녁이 길다고 하심")
    expect(page.locator("#draft-state")).to_contain_text("임시 저장됨")
    page.reload()
    expect(page.locator("#wrap-left")).to_be_visible()
    expect(page.locator("#field-notes")).to_have_value("저녁이 길다고 하심")
    expect(page.locator('input[name="reasons"][value="loneliness"]')).to_be_checked()
    counselor.tick("risk", "none")
    counselor.tick("outcome", "caller_ended")
    counselor.save_outcome()
    counselor.choose("off")
    assert page.errors == []  # type: ignore[attr-defined]


def test_a_closed_tab_brings_the_next_counselor(page_speaking: Speaking, machine: Stranger) -> None:
    caller = Caller(page_speaking(CALLER_HZ), machine)
    caller.dial()
    first = Counselor(page_speaking(COUNSELOR_HZ / 2 + 220), machine, "haneul")
    first.go_ready()
    caller.choose_talk()
    first.accept()
    expect(caller.captions).to_contain_text("상담사와 연결되었습니다")
    second = Counselor(page_speaking(COUNSELOR_HZ), machine, "bada")
    second.go_ready()

    began = time.monotonic()
    first.page.close()
    expect(caller.captions).to_contain_text("연결이 잠시 끊어졌습니다")
    told = time.monotonic() - began
    expect(second.page.locator("#offer")).to_be_visible(timeout=1000 * ANOTHER_SECONDS_MAX)
    offered = time.monotonic() - began
    second.accept()
    expect(caller.page.locator("#hearing")).to_have_text("상대방과 연결됨")
    assert hears(caller.page, COUNSELOR_HZ, CALLER_HZ)
    assert hears(second.page, CALLER_HZ, COUNSELOR_HZ)
    print(f"told after {told:.1f} s, offered after {offered:.1f} s")  # noqa: T201
    second.end()
    second.write_outcome()
