"""Promises kept, walked whole: a web request and a kept place, each to a talk that is heard."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from callbacks.holidays_kr import holidays_near
from core.clock import SEOUL
from tests.browser.conftest import listening_page, picture
from tests.browser.people import (
    CALLER_HZ,
    COUNSELOR_HZ,
    Caller,
    Counselor,
    hears,
    sign_in,
)
from tests.stranger import Stranger

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RING_MS_MAX = 20_000
TODAY = datetime.now(UTC).astimezone(SEOUL).date()

Speaking = Callable[[float], Page]


@pytest.fixture
def form(browser: Browser) -> Page:
    """A tab of somebody who asks by the public form."""
    return listening_page(browser.new_context(locale="ko-KR"))


def ask_for_a_call(form: Page, machine: Stranger, number: str) -> None:
    """Fill in the public form; at night too, since the test runs when it runs."""
    form.goto(f"http://127.0.0.1:{machine.port}/callback")
    form.locator("input[name=about][value=self]").check()
    form.locator("#number").fill(number)
    form.locator("input[name=contact_by_phone]").check()
    form.locator("input[name=night_calls]").check()
    form.locator("main button[type=submit]").click()
    expect(form.locator("#thanks")).to_be_visible()


class Citizen(Caller):
    """A citizen at the phones page who is also called."""

    @property
    def number(self) -> str:
        """The telephone's own number."""
        return self.page.inner_text("#my-number").strip()

    def answer(self) -> None:
        """It rings, from the helpline's number; pick it up and hear who it is."""
        expect(self.page.locator("#incoming")).to_be_visible(timeout=RING_MS_MAX)
        self.page.locator("#answer").click()
        expect(self.captions).to_contain_text("서울시입니다")


class Companion:
    """A companion at the worklist."""

    def __init__(self, page: Page, machine: Stranger, login: str = "maru") -> None:
        self.page = page
        sign_in(page, machine, login)
        page.wait_for_url("**/worklist")
        expect(page.locator("#worklist")).to_be_visible()

    def row(self, last_digits: str) -> Locator:
        """The person whose number ends so."""
        return self.page.locator("[data-promise]", has_text=last_digits)

    def call(self, last_digits: str) -> None:
        """Press once."""
        row = self.row(last_digits)
        picture(self.page, "worklist-web-request")
        row.locator("[data-act=call]").click()

    def sees(self, state: str) -> None:
        """The call's card says joining, ringing or talking."""
        expect(self.page.locator(f"#call[data-state={state}]")).to_be_visible(timeout=RING_MS_MAX)

    def tick(self, name: str, code: str) -> None:
        """Choose one answer of the form."""
        label = self.page.locator("label.chip").filter(
            has=self.page.locator(f'input[name="{name}"][value="{code}"]')
        )
        label.click()

    def write_outcome(self) -> None:
        """A talk about loneliness that eased, and one more call agreed on."""
        self.tick("contact_kind", "loneliness_talk")
        self.tick("reasons", "loneliness")
        self.tick("risk", "none")
        self.tick("outcome", "eased_closed")
        self.tick("next-step", "at")
        self.page.locator("#outcome-send").click()
        expect(self.page.locator("#wrap")).to_be_hidden()


def whoever_was_chosen(page: Page, machine: Stranger, last_digits: str) -> Companion:
    """Sign in the companion whose load made them the one; both have none, so it may be either."""
    companion = Companion(page, machine, "maru")
    expect(companion.page.locator("#promises")).to_have_attribute("aria-busy", "false")
    if companion.row(last_digits).count() == 0:
        page.locator("#sign-out button").click()
        companion = Companion(page, machine, "nabi")
    expect(companion.row(last_digits)).to_be_visible()
    return companion


@pytest.mark.skipif(TODAY in holidays_near(TODAY), reason="companions do not call on holidays")
def test_a_web_request_becomes_a_talk_with_a_companion(
    page_speaking: Speaking, form: Page, machine: Stranger
) -> None:
    citizen = Citizen(page_speaking(CALLER_HZ), machine)
    ask_for_a_call(form, machine, citizen.number)
    picture(form, "callback-thanks")
    companion = whoever_was_chosen(page_speaking(COUNSELOR_HZ), machine, citizen.number[-4:])
    companion.call(citizen.number[-4:])
    companion.sees("ringing")
    picture(companion.page, "worklist-ringing")
    citizen.answer()
    companion.sees("talking")
    expect(citizen.page.locator("#hearing")).to_have_text("상대방과 연결됨")
    assert hears(citizen.page, COUNSELOR_HZ, CALLER_HZ)
    assert hears(companion.page, CALLER_HZ, COUNSELOR_HZ)
    picture(companion.page, "worklist-talking")

    companion.page.locator("#end").click()
    expect(companion.page.locator("#wrap-left")).to_be_visible()
    companion.write_outcome()
    expect(companion.page.locator("#notice")).to_contain_text("다음 전화")
    expect(companion.page.locator("[data-count=promised]")).to_have_text(re.compile("1"))
    expect(citizen.page.locator("#state")).to_have_text("걸 수 있습니다", timeout=RING_MS_MAX)
    assert companion.page.errors == []  # type: ignore[attr-defined]


def test_a_caller_who_keeps_the_place_is_rung_and_talks(
    page_speaking: Speaking, form: Page, machine: Stranger
) -> None:
    citizen = Citizen(page_speaking(CALLER_HZ), machine)
    ask_for_a_call(form, machine, citizen.number)  # only for its consent to night calls
    citizen.dial()
    citizen.choose_talk()
    expect(citizen.captions).to_contain_text("다음 순서이십니다", timeout=RING_MS_MAX)
    citizen.press("2")
    expect(citizen.captions).to_contain_text("이 번호로 전화드릴까요")
    citizen.press("1")
    expect(citizen.captions).to_contain_text("순서는 그대로 지켜지며", timeout=RING_MS_MAX)
    expect(citizen.page.locator("#state")).to_have_text("걸 수 있습니다", timeout=RING_MS_MAX)

    counselor = Counselor(page_speaking(COUNSELOR_HZ), machine, "haneul")
    counselor.go_ready()
    expect(counselor.page.locator("#offer")).to_be_visible(timeout=RING_MS_MAX)
    picture(counselor.page, "desk-offer-kept-place")
    counselor.accept()
    citizen.answer()
    hearing = citizen.page.locator("#hearing")
    expect(hearing).to_have_text("상대방과 연결됨", timeout=RING_MS_MAX)
    assert hears(citizen.page, COUNSELOR_HZ, CALLER_HZ)
    assert hears(counselor.page, CALLER_HZ, COUNSELOR_HZ)

    counselor.end()
    expect(counselor.page.locator("#wrap-left")).to_be_visible()
    counselor.write_outcome()
    expect(citizen.page.locator("#state")).to_have_text("걸 수 있습니다", timeout=RING_MS_MAX)
    assert counselor.page.errors == []  # type: ignore[attr-defined]
