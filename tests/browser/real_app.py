"""The real application behind a real server, for tests that look at its pages with Chromium."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response
from playwright.sync_api import Browser, BrowserContext, Page, expect
from waitress import wasyncore
from waitress.server import create_server

from app import create_app
from core.clock import SEOUL
from core.live import PgLive
from core.services import Services, install
from tests.core.people import PASSWORD
from tests.routing.line_stage import Stage

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
STOP_SECONDS_MAX = 10
NARROW = {"width": 360, "height": 780}
WIDE = {"width": 1280, "height": 860}
MORNING = datetime(2026, 3, 10, 10, 0, tzinfo=SEOUL)
# Two frames: the first sees the new size, the second what the page made of it.
SETTLED_WIDTH = """() => new Promise((done) => requestAnimationFrame(() =>
  requestAnimationFrame(() => done(document.documentElement.scrollWidth))))"""


class MorningClock:
    """Runs from ten in the morning of an ordinary Tuesday, whenever the tests are run.

    At night, near midnight or on a holiday the pages rightly show something else.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        """Return the moment."""
        return MORNING.astimezone(UTC) + timedelta(seconds=time.monotonic() - self._began)


@dataclass
class House:
    """The application at `url`, its services, and short words for what happens on the line."""

    url: str
    services: Services
    stage: Stage

    def ring(self, *topics: str) -> None:
        """Wake the pages, as the dispatcher does after each decision."""
        for topic in topics:
            self.services.live.ring(topic)


@contextmanager
def served(services: Services) -> Iterator[House]:
    """Serve the application on a free port with a running clock and real bells."""
    carrier = replace(services.config.carrier, api_base_url="http://127.0.0.1:9")
    real = replace(
        services,
        config=replace(services.config, carrier=carrier),
        clock=MorningClock(),
        live=PgLive(services.database.url),
    )
    install(real)
    real.live.start()
    app = create_app(real)
    _tell_the_time(app, real)
    sockets: dict[int, Any] = {}
    server = create_server(app, host="127.0.0.1", port=0, threads=16, map=sockets)
    runner = threading.Thread(target=server.run, daemon=True)
    runner.start()
    stage = Stage(real.database, real.clock, real.policy)  # type: ignore[arg-type]
    try:
        yield House(f"http://127.0.0.1:{server.effective_port}", real, stage)
    finally:
        real.live.stop()
        # A thread left behind would write into whatever got its file descriptors next, and a
        # connection left behind is collected some tests later, and fails that one.
        server.task_dispatcher.shutdown(timeout=STOP_SECONDS_MAX)
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        runner.join(STOP_SECONDS_MAX)
        assert not runner.is_alive()


def _tell_the_time(app: Flask, real: Services) -> None:
    """The pages, and the browser for its cookies, learn the time from the answers' Date."""

    @app.after_request
    def _date(answer: Response) -> Response:
        answer.headers["Date"] = format_datetime(real.clock.now().astimezone(UTC), usegmt=True)
        return answer


def tab(browser: Browser, language: str = "ko") -> Page:
    """Return a wide tab that remembers what its scripts raised in `page.errors`.

    Nothing moves in it: half faded in, a card lacks contrast.
    """
    made = browser.new_context(locale="ko-KR", viewport=WIDE, reduced_motion="reduce")
    return listen(made, language)


def listen(context: BrowserContext, language: str) -> Page:
    """Return a new tab of `context`; `page.language` is what `sign_in` will ask for."""
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.extend(_refusals(said.text)))
    page.errors = errors  # type: ignore[attr-defined]
    page.language = language  # type: ignore[attr-defined]
    return page


def _refusals(text: str) -> list[str]:
    """What the page's own content policy refused is a fault of the page."""
    return [text] if "Content Security Policy" in text else []


def sign_in(page: Page, house: House, login: str, password: str = PASSWORD) -> None:
    """Sign in through the login page and wait for its answer."""
    page.goto(f"{house.url}/login?language={page.language}")  # type: ignore[attr-defined]
    page.fill("#login", login)
    page.fill("#password", password)
    with page.expect_navigation():  # going on before would cut the answer off
        page.click("button[type=submit].primary")


def violations(page: Page) -> list[Any]:
    """Return what axe-core finds wrong with the page as it is now: rule, impact, where."""
    session = page.context.new_cdp_session(page)
    # By the debugger, since the page's own policy forbids foreign scripts.
    session.send("Runtime.evaluate", {"expression": AXE})
    session.detach()
    found: list[Any] = page.evaluate(
        """async () => (await axe.run()).violations.map(
             (fault) => [fault.id, fault.impact, fault.nodes.map((node) => node.target)])"""
    )
    return found


def check_page(page: Page, name: str = "") -> None:
    """Hold the page to the rules: accessible, nothing raised, nothing wider than a small phone.

    name: where PICTURES in the environment names a directory, also leave a picture there.
    """
    assert violations(page) == []
    if name:
        picture(page, name)
    page.set_viewport_size(NARROW)
    assert page.evaluate(SETTLED_WIDTH) <= NARROW["width"]
    page.set_viewport_size(WIDE)
    assert page.errors == []  # type: ignore[attr-defined]


def picture(page: Page, name: str) -> None:
    """Leave a picture of what is to be seen, where PICTURES names a directory."""
    directory = os.environ.get("PICTURES")
    if directory:
        page.evaluate("document.fonts.ready.then(() => true)")
        page.screenshot(path=f"{directory}/{name}-{page.language}.png")  # type: ignore[attr-defined]


def shown(page: Page, selector: str) -> None:
    """Wait until `selector` is to be seen."""
    expect(page.locator(selector)).to_be_visible()
