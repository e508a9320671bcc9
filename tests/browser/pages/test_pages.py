"""The pages in a real browser on the real application: sign-in, desk, board, both languages."""

import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from callbacks.models import Promise
from core.models import AccessEntry, Account
from core.passwords import hash_password
from core.services import Services
from counselors.models import CounselingSession
from counselors.states import Status
from routing import line
from routing.models import Call, Offer
from tests.browser.promised import Promises
from tests.browser.real_app import House, check_page, listen, picture, served, shown, sign_in, tab
from tests.core.people import PASSWORD

pytestmark = pytest.mark.browser
NUMBER = "+821012345678"


def _counselor(house: House, login: str = "lee", status: Status = Status.OFF) -> uuid.UUID:
    counselor_id = house.stage.counselor(status=status, skills={"grief": 3}, idle_seconds=420)
    with house.services.database.transaction() as session:
        account = session.get_one(Account, counselor_id)
        account.login, account.name = login, "이서연"
        account.password_hash = hash_password(PASSWORD)
    return counselor_id


def _supervisor(house: House) -> None:
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


def _caller(house: House, waited: float = 252, need: str = "grief") -> uuid.UUID:
    sealed = house.services.sealer.seal(NUMBER, "calls.number")
    return house.stage.call(waited=waited, need=need, sealed_number=sealed)


def _go_ready(page: Page) -> None:
    shown(page, "#idle")
    page.locator("input[name=status][value=ready]").check(force=True)
    expect(page.locator("#state-badge")).to_have_class("krds-badge bg-light-success")


def _offered(house: House, page: Page, counselor_id: uuid.UUID) -> uuid.UUID:
    offers = house.stage.dispatch()
    assert [offer.counselor_id for offer in offers] == [counselor_id]
    house.ring(f"desk:{counselor_id}")
    shown(page, "#offer")
    return offers[0].offer_id


def _talk(house: House, counselor_id: uuid.UUID) -> CounselingSession:
    with house.services.database.transaction() as session:
        return session.scalars(
            select(CounselingSession)
            .where(CounselingSession.counselor_id == counselor_id)
            .order_by(CounselingSession.accepted_at.desc())
        ).first()  # type: ignore[return-value]


def _join_both(house: House, counselor_id: uuid.UUID) -> None:
    talk = _talk(house, counselor_id)
    house.stage.join_counselor(talk.id)
    with house.stage.open() as session:
        sid = session.get_one(Call, talk.call_id).carrier_sid
        line.caller_joined(session, talk.id, sid, house.stage.now)
    house.ring(f"desk:{counselor_id}")


def test_signing_in(house: House, page: Page) -> None:
    _counselor(house)
    sign_in(page, house, "lee", "not the password")
    shown(page, "#notice")
    assert page.evaluate("document.activeElement.id") == "password"
    check_page(page)
    page.goto(f"{house.url}/login")
    check_page(page, "login")
    page.fill("#login", "lee")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    shown(page, "#idle")
    check_page(page, "desk-off")
    page.click("#sign-out button")
    page.wait_for_url("**/login?notice=signed_out")


def test_an_error_page(house: House, page: Page) -> None:
    page.goto(f"{house.url}/nowhere?language={page.language}")  # type: ignore[attr-defined]
    check_page(page)


def test_an_offer_is_declined_with_a_reason(house: House, page: Page) -> None:
    counselor_id = _counselor(house)
    sign_in(page, house, "lee")
    _go_ready(page)
    check_page(page)
    _caller(house)
    plain = page.title()
    offer_id = _offered(house, page, counselor_id)
    assert page.title() != plain
    assert page.evaluate("document.activeElement.id") == "offer-accept"
    expect(page.locator("#offer-caller")).to_have_text("010-****-5678")
    assert "3" in page.inner_text("#offer-reason")
    check_page(page, "desk-offer")
    page.click("#offer-decline")
    shown(page, "#decline-dialog")
    check_page(page)
    page.locator("input[name=decline-reason][value=headset]").check(force=True)
    page.click("#decline-form button[type=submit]")
    expect(page.locator("#offer")).to_be_hidden()
    with house.services.database.transaction() as session:
        offer = session.get_one(Offer, offer_id)
        assert (offer.state, offer.decline_reason) == ("declined", "headset")
    assert page.title() == plain


def test_an_offer_that_lapsed_is_taken_away_with_a_word(house: House, browser: Browser) -> None:
    page = tab(browser)
    counselor_id = _counselor(house)
    sign_in(page, house, "lee")
    _go_ready(page)
    # One line tells all: the telephone, which finds no carrier here, must have had its say.
    expect(page.locator("#notice")).to_have_class("notice danger", timeout=15_000)
    call_id = _caller(house)
    _offered(house, page, counselor_id)
    house.stage.leave(call_id)
    house.ring(f"desk:{counselor_id}")
    expect(page.locator("#offer")).to_be_hidden()
    expect(page.locator("#notice")).to_contain_text("이미 다른 곳으로")


def test_a_session_from_accepting_to_the_written_outcome(house: House, page: Page) -> None:
    counselor_id = _counselor(house)
    sign_in(page, house, "lee")
    _go_ready(page)
    _caller(house)
    _offered(house, page, counselor_id)
    page.keyboard.press("Enter")
    shown(page, "#session")
    _join_both(house, counselor_id)
    expect(page.locator("#session-clock")).not_to_have_text("0:00")  # a second may pass unseen
    check_page(page, "desk-session")
    _reveal(page)
    with house.services.database.transaction() as session:
        assert [entry.action for entry in session.scalars(select(AccessEntry))] == ["reveal number"]
    page.click("#end")
    shown(page, "#end-dialog")
    page.click("#end-yes")
    shown(page, "#wrap-over")
    _write_up(page)
    shown(page, "#idle")
    written = _talk(house, counselor_id)
    assert written.outcome is not None
    assert written.outcome["main_reason"] == "bereavement"
    assert written.outcome["risk"] == "none"
    assert written.sealed_draft is None or written.state == "closed"


def _reveal(page: Page) -> None:
    page.click("#reveal-open")
    page.locator("input[name=reveal-reason][value=emergency]").check()
    page.click("#reveal-form button[type=submit]")
    expect(page.locator("#revealed")).to_contain_text("5678")
    assert "*" not in page.inner_text("#revealed")
    check_page(page)
    page.keyboard.press("Escape")
    expect(page.locator("#reveal-dialog")).to_be_hidden()
    expect(page.locator("#revealed")).to_have_text("")


def _tick(page: Page, name: str, code: str) -> None:
    page.locator(f"input[name={name}][value={code}]").check(force=True)


def _write_up(page: Page) -> None:
    _tick(page, "contact_kind", "silent")
    expect(page.locator("[data-field=risk]")).to_be_hidden()
    _tick(page, "contact_kind", "loneliness_talk")
    _tick(page, "reasons", "bereavement")
    page.fill("#field-notes", "다음 주에 다시 이야기하기로 함")
    expect(page.locator("#draft-state")).to_contain_text(":")
    page.reload()
    shown(page, "#wrap-over")
    expect(page.locator("input[name=reasons][value=bereavement]")).to_be_checked()
    expect(page.locator("#field-notes")).to_have_value("다음 주에 다시 이야기하기로 함")
    page.click("#outcome-send")
    shown(page, "[data-field=risk].faulty")
    check_page(page)
    _tick(page, "risk", "none")
    _tick(page, "outcome", "eased_closed")
    _tick(page, "referrals", "outbound_companion")
    check_page(page, "desk-wrap-up")
    page.click("#outcome-send")


def _press(page: Page, name: str, code: str) -> None:
    """Press a choice where it is to be seen, as a finger does."""
    page.click(f"label.chip:has(input[name={name}][value={code}])")


def test_a_companions_first_call_is_agreed_in_the_write_up(house: House, page: Page) -> None:
    house.stage.counselor(role="companion")
    counselor_id = _counselor(house)
    sign_in(page, house, "lee")
    _go_ready(page)
    _caller(house)
    _offered(house, page, counselor_id)
    page.keyboard.press("Enter")
    shown(page, "#session")
    _join_both(house, counselor_id)
    page.click("#end")
    page.click("#end-yes")
    shown(page, "#wrap-over")
    check_page(page)
    for name, code in (("contact_kind", "loneliness_talk"), ("reasons", "loneliness")):
        _press(page, name, code)
    expect(page.locator("#next-call")).to_be_hidden()
    _press(page, "risk", "none")
    _press(page, "outcome", "needs_more_time_outbound")
    shown(page, "#next-call")
    expect(page.locator("#next-call-number-box")).to_be_hidden()
    page.click("#outcome-send")
    shown(page, "#next-call.faulty")
    page.check("#next-call-heard")
    check_page(page, "desk-next-call")
    page.click("#outcome-send")
    shown(page, "#idle")
    with house.services.database.transaction() as session:
        promise = session.scalars(select(Promise)).one()
    assert (promise.purpose, promise.origin, promise.state) == ("companion", "desk", "planned")


def test_a_second_tab_says_so_and_may_take_over(house: House, browser: Browser) -> None:
    first = tab(browser)
    _counselor(house)
    sign_in(first, house, "lee")
    shown(first, "#idle")
    second = listen(first.context, "ko")
    second.goto(f"{house.url}/desk")
    shown(second, "#other-tab")
    check_page(second)
    second.click("#use-here")
    shown(second, "#idle")
    shown(first, "#other-tab")


def test_the_headset_is_checked(house: House, browser: Browser) -> None:
    page = tab(browser)
    _counselor(house)
    sign_in(page, house, "lee")
    shown(page, "#idle")
    page.click("#microphone-check")
    shown(page, "#microphone-result[data-kind=busy]")
    expect(page.locator("#microphone-result[data-kind=good]")).to_be_visible(timeout=15_000)


def _promised(promises: Promises) -> None:
    maru, now = promises.companion("maru", "김마루"), promises.house.stage.now
    promises.companion("nabi", "이나비")
    promises.promise("340001", companion_id=maru)
    late = promises.promise("340002", companion_id=maru)
    promises.change(late, deadline=now - timedelta(hours=1), next_at=now - timedelta(hours=3))
    promises.spend(promises.promise("340003", companion_id=maru))
    kept = promises.promise("340004", companion_id=maru)
    promises.change(kept, state="kept", kept_at=now, ended_at=now)
    promises.tried(kept, maru, "busy", "reached")


def test_the_board(house: House, page: Page, promises: Promises) -> None:
    _supervisor(house)
    _promised(promises)
    busy = _counselor(house, "lee", Status.READY)
    _counselor(house, "kim", Status.BREAK)
    _caller(house, waited=700)
    house.stage.talking()
    _caller(house, waited=432, need="talk")
    sign_in(page, house, "park")
    shown(page, "[data-call-id]")
    expect(page.locator("#now-waiting dd")).to_contain_text("1")
    expect(page.locator("#now-talking dd")).to_contain_text("1")
    expect(page.locator("[data-figure=offered] .figure-value")).to_have_text("2")
    for name, text in {"overdue": "1", "for_decision": "1", "silent_ends": "0"}.items():
        expect(page.locator(f"[data-promised={name}] .figure-value")).to_have_text(text)
    expect(page.locator("[data-promised=kept_in_time_share] .figure-value")).to_contain_text("100")
    expect(page.locator("[data-companion=maru] .load .figures")).to_have_text(["3", "1"])
    check_page(page, "board")
    page.evaluate("document.getElementById('promises-title').scrollIntoView()")
    picture(page, "board-promises")
    page.locator("[data-figure=service_level] summary").click()
    assert "20" in page.inner_text("[data-figure=service_level] details p")
    _caller(house, waited=10)
    house.ring("board")
    expect(page.locator("#now-waiting dd")).to_contain_text("2")
    expect(page.locator("[data-login=lee] .bg-light-primary")).to_be_visible()
    assert _talk(house, busy).state == "talking"


def test_a_board_cut_off_says_how_old_it_is(services: Services, browser: Browser) -> None:
    page = tab(browser)
    with served(services) as house:
        _supervisor(house)
        sign_in(page, house, "park")
        expect(page.locator("#live")).to_have_class("krds-badge bg-light-success")
    expect(page.locator("#stale")).to_be_visible(timeout=20_000)
    expect(page.locator("#board")).to_have_class("board old")
