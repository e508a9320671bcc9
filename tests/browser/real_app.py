"""The real application behind a real server, for tests that look at its pages with Chromium."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect
from waitress.server import create_server

from app import create_app
from core.clock import WallClock
from core.live import PgLive
from core.services import Services, install
from tests.core.people import PASSWORD
from tests.routing.line_stage import Stage

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
NARROW = {"width": 360, "height": 780}
WIDE = {"width": 1280, "height": 860}


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


def _serve(server: Any) -> None:
    """Serve until the sockets are closed under the loop, which is how the test ends it."""
    with suppress(OSError):
        server.run()


@contextmanager
def served(services: Services) -> Iterator[House]:
    """Serve the application on a free port with the wall's clock and real bells."""
    carrier = replace(services.config.carrier, api_base_url="http://127.0.0.1:9")
    real = replace(
        services,
        config=replace(services.config, carrier=carrier),
        clock=WallClock(),
        live=PgLive(services.database.url),
    )
    install(real)
    real.live.start()
    server = create_server(create_app(real), host="127.0.0.1", port=0, threads=16)
    runner = threading.Thread(target=_serve, args=(server,), daemon=True)
    runner.start()
    stage = Stage(real.database, real.clock, real.policy)  # type: ignore[arg-type]
    try:
        yield House(f"http://127.0.0.1:{server.effective_port}", real, stage)
    finally:
        real.live.stop()
        server.task_dispatcher.shutdown(timeout=1)
        server.close()
        runner.join(5)


def tab(browser: Browser, language: str = "ko") -> Page:
    """Return a wide tab that remembers what its scripts raised in `page.errors`."""
    return listen(browser.new_context(locale="ko-KR", viewport=WIDE), language)


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
    """Sign in through the login page."""
    page.goto(f"{house.url}/login?language={page.language}")  # type: ignore[attr-defined]
    page.fill("#login", login)
    page.fill("#password", password)
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
    page.wait_for_timeout(400)  # an arriving card fades in; half faded it lacks contrast
    assert violations(page) == []
    directory = os.environ.get("PICTURES")
    if name and directory:
        page.screenshot(path=f"{directory}/{name}-{page.language}.png")  # type: ignore[attr-defined]
    page.set_viewport_size(NARROW)
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.set_viewport_size(WIDE)
    assert page.errors == []  # type: ignore[attr-defined]


def shown(page: Page, selector: str) -> None:
    """Wait until `selector` is to be seen."""
    expect(page.locator(selector)).to_be_visible()
