"""The supervisor's page over promises and the admin's over programs, in a real browser."""

import uuid

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from callbacks.models import Absence, ApiClient, ApiKey, Promise
from citizens.models import Citizen
from core.models import AccessEntry
from tests.browser.promised import Promises
from tests.browser.real_app import House, check_page, shown, sign_in

pytestmark = pytest.mark.browser


def at_promises(house: House, page: Page, promises: Promises) -> None:
    """Sign the supervisor in at the page."""
    promises.account("park", "supervisor")
    sign_in(page, house, "park")
    page.goto(f"{house.url}/promises")
    shown(page, "[data-companion]:first-child")


def done(page: Page) -> None:
    """The change is told as done."""
    expect(page.locator("#notice")).to_have_class("notice success")
    page.evaluate("document.getElementById('notice').className = 'notice'; notice.hidden = true")


def choose(page: Page, name: str, code: str) -> None:
    """Press a choice of the open dialog."""
    page.click(f"dialog[open] label.chip:has(input[name={name}][value='{code}'])")


def test_whose_a_promise_is_and_who_is_away(house: House, page: Page, promises: Promises) -> None:
    maru = promises.companion("maru", "김마루")
    nabi = promises.companion("nabi", "이나비")
    mine = promises.promise("340001", companion_id=maru, about="other")
    promises.tried(promises.promise("340002", companion_id=nabi), nabi, "busy", "no_answer")
    promises.promise("340003", purpose="talk")
    spent = promises.promise("340005", companion_id=maru)
    promises.tried(spent, maru, "no_answer", "busy", "no_answer")
    promises.spend(spent)
    at_promises(house, page, promises)
    row = page.locator(f"[data-promise='{mine}']")
    row.locator("[data-act=assign]").click()
    page.select_option("#assign-to", str(nabi))
    check_page(page, "promises-assign")
    page.click("#assign-form button[type=submit]")
    done(page)
    assert promises.get(mine).companion_id == nabi

    row.locator("[data-act=reveal]").click()
    page.click("#reveal-form button[type=submit]")
    shown(page, "#reveal-form .field-fault")
    page.locator("input[name=reason][value=citizen_asked]").check()
    page.click("#reveal-form button[type=submit]")
    expect(page.locator("#revealed")).to_contain_text("0001")
    check_page(page)
    page.keyboard.press("Escape")
    expect(page.locator("#revealed")).to_have_text("")
    with house.services.database.transaction() as session:
        assert "reveal number" in {one.action for one in session.scalars(select(AccessEntry))}

    _write_an_absence(house, page, nabi)
    assert page.evaluate("document.activeElement.dataset.act") == "absence"
    check_page(page, "promises")
    _hand_over(page, nabi)
    assert promises.get(spent).companion_id == nabi


def _write_an_absence(house: House, page: Page, substitute: uuid.UUID) -> None:
    page.click("[data-companion=maru] [data-act=absence]")
    page.click("#absence-form button[type=submit]")
    shown(page, "[data-field=substitute] .field-fault")
    check_page(page)
    page.select_option("#absence-substitute", str(substitute))
    page.click("#absence-form button[type=submit]")
    done(page)
    with house.services.database.transaction() as session:
        assert session.scalars(select(Absence.substitute_id)).one() == substitute
    shown(page, "[data-companion=maru] [data-absence]")


def _hand_over(page: Page, to: uuid.UUID) -> None:
    page.click("[data-companion=maru] [data-absence] button")
    done(page)
    expect(page.locator("[data-absence]")).to_have_count(0)
    page.click("[data-companion=maru] [data-act=handover]")
    page.select_option("#handover-to", str(to))
    choose(page, "when", "planned")
    shown(page, "#handover-from")
    choose(page, "when", "now")
    page.click("#handover-form button[type=submit]")
    done(page)


def test_a_promise_on_behalf_of_a_citizen(house: House, page: Page, promises: Promises) -> None:
    maru = promises.companion("maru", "김마루")
    at_promises(house, page, promises)
    page.click("#new-promise")
    page.click("#new-promise-form button[type=submit]")
    shown(page, "[data-field=number] .field-fault")
    shown(page, "[data-field='consent.heard'] .field-fault")
    assert page.evaluate("document.activeElement.id") == "new-number"
    check_page(page)
    page.check("input[name=heard]")
    page.fill("#new-number", "119")
    page.click("#new-promise-form button[type=submit]")
    expect(page.locator("[data-field=number] .field-fault")).to_have_count(1)
    choose(page, "consent", "lives")
    page.fill("#new-number", "010-1234-0007")
    page.click("#new-promise-form button[type=submit]")
    shown(page, "#new-promise-fault")  # nobody has ever heard this person consent
    choose(page, "consent", "now")
    choose(page, "about", "other")
    choose(page, "when", "at")
    for name, code in (("day", "2"), ("day", "4"), ("slot", "morning"), ("slot", "evening")):
        choose(page, name, code)
    page.select_option("#new-companion", str(maru))
    page.fill("#new-note", "사별한 뒤 식사를 거르신다고 함")
    page.evaluate("document.getElementById('new-promise-dialog').scrollTo(0, 0)")
    check_page(page, "promises-new")
    page.click("#new-promise-form button[type=submit]")
    done(page)
    with house.services.database.transaction() as session:
        made = session.scalars(select(Promise)).one()
        windows = session.get_one(Citizen, made.citizen_id).windows
    assert [one["days"] for one in windows] == [[2, 4], [2, 4]]
    assert (made.about, made.companion_id, made.purpose) == ("other", maru, "companion")
    page.click("#tab-promised")
    shown(page, f"[data-promise='{made.id}']")


def test_programs_are_let_in_and_out(house: House, page: Page, promises: Promises) -> None:
    promises.account("yeonju", "admin")
    sign_in(page, house, "yeonju")
    page.goto(f"{house.url}/clients")
    shown(page, "#clients .empty")
    page.click("#new-form button[type=submit]")
    shown(page, "[data-field=name] .field-fault")
    check_page(page)
    page.fill("#client-name", "마포구청 복지창구")
    page.click("label.chip:has(input[value=district_office])")
    page.click("#new-form button[type=submit]")
    expect(page.locator("#key-id")).to_contain_text("hk_")
    page.keyboard.press("Escape")
    secret = page.inner_text("#key-secret")  # Escape does not lose a key that nobody kept
    assert len(secret) > 40
    check_page(page, "clients-key")
    _keep_the_key(page)
    page.fill("#client-name", "마포구청 복지창구")
    page.click("#new-form button[type=submit]")
    shown(page, "[data-field=name] .field-fault")
    page.fill("#client-name", "마음톡 챗봇")
    page.click("#new-form button[type=submit]")
    _keep_the_key(page)
    row = page.locator("[data-client='마포구청 복지창구']")
    row.locator("[data-act=rotate]").click()
    check_page(page)
    page.click("#rotate-form button[type=submit]")
    shown(page, "#key-old")
    _keep_the_key(page)
    check_page(page, "clients")
    page.locator("[data-client='마음톡 챗봇'] [data-act=revoke]").click()
    page.click("#revoke-form button[type=submit]")
    done(page)
    with house.services.database.transaction() as session:
        left = session.scalars(select(ApiClient.name).where(ApiClient.revoked_at.is_(None))).all()
        assert left == ["마포구청 복지창구"]
        assert secret.encode() not in b"".join(session.scalars(select(ApiKey.sealed_secret)))


def _keep_the_key(page: Page) -> None:
    expect(page.locator("#key-kept")).not_to_be_checked()
    shown(page, "#key-dialog")
    page.check("#key-kept")
    page.click("#key-close")
    expect(page.locator("#key-dialog")).to_be_hidden()
    expect(page.locator("#key-secret")).to_have_text("")
