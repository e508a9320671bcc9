"""Real Chromium for browser tests: one process for each microphone, all traffic on loopback."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.browser.tones import LISTEN_SCRIPT, MEASURE_SCRIPT, write_tone
from tests.stranger import Stranger

PICTURES = os.environ.get("PICTURES")  # a directory: keep what each page showed on the way
NO_CHROMIUM = "needs Chromium: apt-get install chromium fonts-nanum, or set CHROMIUM to its path"
FLAGS = [
    "--no-sandbox",  # Chromium's own sandbox refuses to run as root, as in a container
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
]


def chromium_path() -> str | None:
    """Return the path of a Chromium or Chrome on this machine, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path; skips, saying how to get one, where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    return path


@pytest.fixture(scope="module")
def machine(chromium: str) -> Iterator[Stranger]:
    """The whole line, started as a stranger starts it."""
    with tempfile.TemporaryDirectory(prefix="helpline-whole-") as directory:
        stranger = Stranger(Path(directory) / "var")
        try:
            stranger.start()
            yield stranger
        finally:
            stranger.give_up()


@pytest.fixture
def playwright(chromium: str) -> Iterator[Playwright]:
    """Playwright, started for one test."""
    with sync_playwright() as started:
        yield started


@pytest.fixture
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """One Chromium with a silent fake microphone."""
    started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """One tab in Korean that fails the test when its scripts raise."""
    context = browser.new_context(locale="ko-KR", viewport={"width": 1120, "height": 820})
    opened = listening_page(context)
    yield opened
    assert opened.errors == []  # type: ignore[attr-defined]


@pytest.fixture
def page_speaking(
    playwright: Playwright, chromium: str, tmp_path: Path
) -> Iterator[Callable[[float], Page]]:
    """A maker of tabs, each in its own Chromium whose microphone hears a steady tone in Hz."""
    with ExitStack() as browsers:

        def make(hz: float) -> Page:
            wav = write_tone(tmp_path / f"{hz:g}.wav", hz)
            args = [*FLAGS, f"--use-file-for-fake-audio-capture={wav}"]
            started = playwright.chromium.launch(executable_path=chromium, args=args)
            browsers.callback(started.close)
            size = {"width": 1280, "height": 860}
            context = started.new_context(locale="ko-KR", timezone_id="Asia/Seoul", viewport=size)
            return listening_page(context)

        yield make


def listening_page(context: BrowserContext) -> Page:
    """Return a new tab for `loudness`; `page.errors` collects what its scripts raised."""
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.add_init_script(LISTEN_SCRIPT)
    errors: list[str] = []
    opened.errors = errors  # type: ignore[attr-defined]
    opened.on("pageerror", lambda error: errors.append(str(error)))
    return opened


def picture(page: Page, name: str) -> None:
    """Keep what the page shows, where PICTURES says."""
    if PICTURES:
        page.evaluate("Promise.allSettled(document.getAnimations().map((a) => a.finished))")
        page.screenshot(path=f"{PICTURES}/{name}.png")


def loudness(page: Page, *frequencies_hz: float, seconds: float = 1.5) -> list[float]:
    """Return how loud, in dB, each frequency is in what this tab's call brings to the ear."""
    return list(page.evaluate(MEASURE_SCRIPT, [list(frequencies_hz), seconds * 1000]))
