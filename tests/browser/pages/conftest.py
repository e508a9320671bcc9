"""What tests of one page stand on: the real application served, one Chromium, both languages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from core.services import Services
from tests.browser.conftest import FLAGS
from tests.browser.promised import Promises
from tests.browser.real_app import House, served, tab


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for the tests of a file; each tab has its own cookies."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def house(services: Services, browser: Browser) -> Iterator[House]:
    """The real application, served until the tabs of the test are closed."""
    with served(services) as opened:
        yield opened
        for context in browser.contexts:
            context.close()


@pytest.fixture(params=["ko", "en"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Page:
    """A tab in each language."""
    return tab(browser, request.param)


@pytest.fixture
def promises(house: House) -> Promises:
    """People with promises in the house."""
    return Promises(house)
