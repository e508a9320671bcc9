"""The picture of a day in a real browser: from the board, from a file, by key, and a heavy day."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app import create_app
from core.clock import SEOUL
from core.models import Account
from core.passwords import hash_password
from core.policy import load_policy
from core.services import Services
from counselors.states import Status
from supervision.day_page import Heading
from supervision.day_page import page as day_page
from supervision.day_pages import limits_of
from supervision.day_picture import (
    CallRecord,
    DayRecord,
    Fault,
    OfferRecord,
    PromiseRecord,
    SeatRecord,
    day_picture,
)
from supervision.day_tracks import Said, Told
from supervision.figures import Limits, day_figures
from supervision.hours import Span, Work
from tests.browser.real_app import WIDE, House, check_page, shown, sign_in, tab, violations
from tests.core.people import PASSWORD

pytestmark = pytest.mark.browser
MIDNIGHT = datetime(2026, 3, 2, tzinfo=SEOUL)
WIDE_SPAN = Span(MIDNIGHT, MIDNIGHT + timedelta(days=1))
OPEN_SECONDS_MAX = 2.0
FILE_BYTES_MAX = 3_000_000


def at(seconds: float) -> datetime:
    return MIDNIGHT.astimezone(UTC) + timedelta(seconds=seconds)


def a_call(number: int, begun: float, seat: uuid.UUID) -> CallRecord:
    """Every fifth gives up; the others talk for ten minutes or so."""
    told = [Told(at(begun), "arrived", "in_menu"), Told(at(begun + 15), "joined_queue", "waiting")]
    if number % 5 == 4:
        return CallRecord("inbound", [*told, Told(at(begun + 150), "caller_left", "closed")], ())
    length = 400 + number * 37 % 500
    told += [
        Told(at(begun + 60), "offered", "offered"),
        Told(at(begun + 65), "accepted", "connected"),
        Told(at(begun + 70), "answered", "connected"),
        Told(at(begun + 70 + length), "talk_ended", "wrapping"),
        Told(at(begun + 130 + length), "outcome_written", "closed"),
    ]
    return CallRecord("inbound", told, (seat,))


def a_day(calls: int, seats: int) -> DayRecord:
    """A made-up day: `calls` in even steps from six to eleven at night on `seats`."""
    people = [uuid.UUID(int=number + 1) for number in range(seats)]
    step = 17 * 3600 / calls
    made = [
        a_call(number, 6 * 3600 + number * step, people[number % seats]) for number in range(calls)
    ]
    said = {}
    for place, who in enumerate(people):
        rows = [Said(at(6 * 3600), "ready", "free")]
        for number in range(place, calls, seats):
            begun = 6 * 3600 + number * step
            rows += [
                Said(at(begun + 65), "ready", "on_call"),
                Said(at(begun + 500), "ready", "wrapping"),
                Said(at(begun + 560), "break" if number % 7 == 0 else "ready", "free"),
            ]
        said[who] = SeatRecord(place == seats - 1, [*sorted(rows), Said(at(83000), "off", "free")])
    due = at(10 * 3600)
    promises = [
        PromiseRecord(
            "talk", "kept", at(9 * 3600), due, at(11 * 3600), [(at(37000), "reached")], at(38000)
        ),
        PromiseRecord("companion", "planned", due, due, at(12 * 3600), [(at(37500), "busy")], None),
    ]
    offers = [OfferRecord(people[0], Span(at(22000), at(22015)), True)]
    return DayRecord(made, said, offers, promises, [Fault(at(45000), "redis_gone", "emptied")])


def write(app: Flask, out: Path, record: DayRecord) -> Path:
    now = WIDE_SPAN.end
    figures = day_figures(MIDNIGHT.date(), [], Work([], []), now, Limits(20, 5))
    with app.app_context():
        text = day_page(
            day_picture(record, WIDE_SPAN, [figures], now), Heading(limits_of(load_policy()))
        )
    out.write_text(text, "utf-8")
    return out


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services)


def opened(browser: Browser, file: Path) -> Page:
    """Open a file as somebody would to whom it was sent: no server, no network."""
    context = browser.new_context(offline=True, locale="ko-KR", viewport=WIDE)
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text))
    page.errors = errors  # type: ignore[attr-defined]
    page.language = "ko"  # type: ignore[attr-defined]
    page.goto(file.as_uri())
    return page


def test_it_opens_without_a_server_in_both_languages_light_and_dark(
    browser: Browser, app: Flask, tmp_path: Path
) -> None:
    page = opened(browser, write(app, tmp_path / "day.html", a_day(60, 6)))
    shown(page, "#chart")
    expect(page.locator("[data-track=calls] path.talking")).to_have_count(1)
    for summary in page.locator("summary").all():
        summary.click()
    for language, title in (("ko", "하루 그림"), ("en", "Picture of a day")):
        page.language = language  # type: ignore[attr-defined]
        assert title in page.title()
        expect(page.locator("h1")).to_contain_text(title)
        assert page.evaluate("document.documentElement.lang") == language
        check_page(page)
        page.click("#language")
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.context.close()


def test_keys_tell_of_each_call_and_zoom(browser: Browser, app: Flask, tmp_path: Path) -> None:
    page = opened(browser, write(app, tmp_path / "day.html", a_day(60, 6)))
    page.focus("#chart")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#card")).to_contain_text("통화 1")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#card")).to_contain_text("통화 2")
    page.keyboard.press("End")
    expect(page.locator("#card")).to_contain_text("기다리다 끊음")
    assert violations(page) == []
    page.keyboard.press("ArrowUp")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#card")).to_contain_text("동행 1")
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()
    before = page.evaluate("document.getElementById('chart').scrollWidth")
    page.keyboard.press("+")
    assert page.evaluate("document.getElementById('chart').scrollWidth") > before
    page.keyboard.press("0")
    assert page.evaluate("document.getElementById('chart').scrollWidth") == before
    box = page.locator("[data-track=calls] svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * (6 * 3600 + 300) / 86400, box["y"] + 11)
    expect(page.locator("#card .part")).to_contain_text("06:01:10 – 06:07:50")
    page.context.close()


def test_a_heavy_day_opens_quickly(browser: Browser, app: Flask, tmp_path: Path) -> None:
    file = write(app, tmp_path / "day.html", a_day(1_700, 60))
    assert file.stat().st_size < FILE_BYTES_MAX
    page = opened(browser, file)
    spent = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
    assert 0 < spent < OPEN_SECONDS_MAX
    expect(page.locator("#call-1700")).to_have_count(1)
    page.focus("#chart")
    began = time.perf_counter()
    page.keyboard.press("+")
    assert time.perf_counter() - began < OPEN_SECONDS_MAX
    page.context.close()


def test_from_the_board(house: House, browser: Browser) -> None:
    page = tab(browser, "en")
    with house.services.database.transaction() as session:
        session.add(
            Account(
                id=uuid.uuid4(),
                login="park",
                name="박지훈",
                role="supervisor",
                password_hash=hash_password(PASSWORD),
                created_at=house.stage.now,
            )
        )
    house.stage.counselor(status=Status.READY, idle_seconds=420)
    house.stage.call(waited=60)
    house.stage.talking()
    sign_in(page, house, "park")
    page.wait_for_url("**/board")
    page.click(".day-picture button:not([name])")
    page.wait_for_url("**/board/day?*")
    shown(page, "#chart")
    expect(page.locator("#t-calls")).to_contain_text("1")
    check_page(page)
