"""The people of a whole call, each by what they see and press: caller, counselor, supervisor."""

from __future__ import annotations

import csv

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import loudness
from tests.stranger import ROOT, Stranger

CALLER_HZ, COUNSELOR_HZ = 440.0, 880.0
# Noise suppression takes some 20 dB off steady tones, so only the two are compared.
CLEARLY_LOUDER_DB = 15
AUDIBLE_DB = -70
NOTICE_MS_MAX = 45_000  # the notice is spoken to its end before the menu

PASSWORDS = {
    row["login"]: row["password"]
    for row in csv.DictReader((ROOT / "demo" / "roster.csv").read_text("utf-8").splitlines())
}


def hears(page: Page, wanted_hz: float, other_hz: float) -> bool:
    """Tell whether what this tab brings to the ear is the one tone and not the other."""
    wanted, other = loudness(page, wanted_hz, other_hz)
    return wanted > AUDIBLE_DB and wanted > other + CLEARLY_LOUDER_DB


def sign_in(page: Page, machine: Stranger, login: str) -> None:
    """Sign a person of the demonstration roster in, as a person would."""
    page.goto(f"http://127.0.0.1:{machine.port}/login")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORDS[login])
    page.locator("main button[type=submit]").click()


class Caller:
    """A citizen at the phones page."""

    def __init__(self, page: Page, machine: Stranger) -> None:
        self.page = page
        page.goto(f"http://127.0.0.1:{machine.phones}/")
        expect(page.locator("body")).to_have_attribute("data-state", "ready")

    @property
    def captions(self) -> Locator:
        """What the line said, as text."""
        return self.page.locator("#log")

    def dial(self) -> None:
        """Dial 02-120."""
        self.page.locator("#number").fill("02-120")
        self.page.locator("#call").click()

    def press(self, key: str) -> None:
        """Press a key, by the SDK."""
        self.page.locator(f'[data-key="{key}"]').click()

    def choose_talk(self) -> None:
        """Listen to the notice to its end, press 5 at the menu, hear the welcome."""
        expect(self.captions).to_contain_text("오 번", timeout=NOTICE_MS_MAX)
        self.press("5")
        expect(self.captions).to_contain_text("상담사와 이어 드리겠습니다")

    def hang_up(self) -> None:
        """Put the receiver down."""
        self.page.locator("#call").click()
        expect(self.page.locator("#state")).to_have_text("걸 수 있습니다")


class Counselor:
    """A counselor at the desk."""

    def __init__(self, page: Page, machine: Stranger, login: str) -> None:
        self.page = page
        sign_in(page, machine, login)
        expect(page.locator("#desk")).to_be_visible()

    def choose(self, status: str) -> None:
        """Say ready, break or off."""
        self.page.locator(f"label.segment.{status}").click()
        expect(self.page.locator(f"input[value={status}]")).to_be_checked()

    def go_ready(self) -> None:
        """Go ready with a telephone that is signed in."""
        self.choose("ready")
        expect(self.page.locator("#softphone-state")).to_have_attribute("data-state", "ready")

    def accept(self) -> None:
        """Take the offer and be on the telephone."""
        self.page.locator("#offer-accept").click()
        expect(self.page.locator("#softphone-state")).to_have_attribute("data-state", "open")
        expect(self.page.locator("#session")).to_be_visible()

    def end(self) -> None:
        """End the conversation, and mean it."""
        self.page.locator("#end").click()
        self.page.locator("#end-yes").click()

    def tick(self, field: str, code: str) -> None:
        """Choose one answer of the outcome form."""
        chosen = self.page.locator(f'[data-field="{field}"] label.chip').filter(
            has=self.page.locator(f'input[name="{field}"][value="{code}"]')
        )
        chosen.click()

    def write_outcome(self, kind: str = "loneliness_talk") -> None:
        """Fill in what a short talk about loneliness came to, and save it."""
        self.tick("contact_kind", kind)
        self.tick("reasons", "loneliness")
        self.tick("risk", "none")
        self.tick("outcome", "eased_closed")
        self.save_outcome()

    def save_outcome(self) -> None:
        """Send the outcome; the form goes away."""
        self.page.locator("#outcome-send").click()
        expect(self.page.locator("#wrap")).to_be_hidden()


class Supervisor:
    """A supervisor at the board."""

    def __init__(self, page: Page, machine: Stranger, login: str = "seonu") -> None:
        self.page = page
        sign_in(page, machine, login)
        expect(page.locator("#counselors tr[data-login]").first).to_be_visible()

    def counselor(self, login: str) -> Locator:
        """The row of a counselor."""
        return self.page.locator(f'#counselors tr[data-login="{login}"]')

    def figure(self, name: str) -> Locator:
        """One of today's figures."""
        return self.page.locator(f'[data-figure="{name}"] .figure-value')

    def now(self, name: str) -> Locator:
        """One of the figures of this moment."""
        return self.page.locator(f"#now-{name} dd")
