"""The worklist, a person's page, the public form and the operators' page in a real browser."""

import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from callbacks.models import Decision, Promise
from core.pulse import Pulse
from counselors.models import CounselingSession
from routing import outward
from tests.browser.promised import Promises
from tests.browser.real_app import House, check_page, shown, sign_in, tab

pytestmark = pytest.mark.browser


def count(page: Page, view: str) -> str:
    return page.inner_text(f"[data-count={view}]").strip().removesuffix("건")


def begin_series(page: Page, house: House, promises: Promises, companion_id: uuid.UUID) -> str:
    """Agree on four weekly calls by the API, as the page would; return the promise's id."""
    promise_id = promises.promise("340003", companion_id=companion_id)
    sent = page.evaluate(
        """async ([citizen, first]) => {
             const { boot } = await import(document.querySelector('script[type=module]').src
               .replace('worklist.js', 'boot.js'));
             const answer = await fetch('/api/v1/series', { method: 'POST', headers: {
               'Content-Type': 'application/json', 'X-CSRF-Token': boot.csrf,
               'Idempotency-Key': crypto.randomUUID() },
               body: JSON.stringify({ citizen_id: citizen, goal: '동네 산책을 다시 시작하기',
                                      first_at: first, every_days: 7, sessions: 4 }) });
             return [answer.status, await answer.text()];
           }""",
        [
            str(promises.get(promise_id).citizen_id),
            (house.stage.now + timedelta(minutes=5)).isoformat(),
        ],
    )
    assert sent[0] == 201, sent
    return str(promise_id)


def test_the_worklist_by_tabs(house: House, page: Page, promises: Promises) -> None:
    companion_id = promises.companion()
    now = house.stage.now
    today = promises.promise("340001", companion_id=companion_id, about="other")
    promises.tried(today, companion_id, "busy", "no_answer")
    late = promises.promise("340002")
    promises.change(late, deadline=now - timedelta(hours=1), next_at=now - timedelta(hours=25))
    promises.promise("340004", at=now + timedelta(days=3))
    spent = promises.promise("340005", companion_id=companion_id)
    promises.tried(spent, companion_id, "no_answer", "busy", "no_answer")
    promises.spend(spent)
    sign_in(page, house, "maru")
    page.wait_for_url("**/worklist")
    begin_series(page, house, promises, companion_id)
    page.reload()
    shown(page, f"[data-promise='{today}']")
    assert [count(page, view) for view in ("today", "overdue", "promised", "decision")] == [
        "2", "1", "1", "1",
    ]  # fmt: skip
    row = page.locator(f"[data-promise='{today}']")
    expect(row.locator("h2")).to_have_text("010-****-0001")
    expect(row.locator(".tries li")).to_have_count(2)
    expect(page.locator("#promises .steps li")).to_have_count(4)
    check_page(page, "worklist-today")
    page.locator("#tab-today").focus()
    page.keyboard.press("ArrowRight")
    shown(page, f"[data-promise='{late}'].late")
    check_page(page, "worklist-overdue")
    page.keyboard.press("End")
    shown(page, f"[data-promise='{spent}']")
    check_page(page)


def test_a_decision_is_written_with_its_reason(
    house: House, page: Page, promises: Promises
) -> None:
    companion_id = promises.companion()
    spent = promises.promise("340005", companion_id=companion_id)
    promises.tried(spent, companion_id, "no_answer", "busy", "no_answer")
    promises.spend(spent)
    promises.account("park", "supervisor")
    sign_in(page, house, "park")
    page.goto(f"{house.url}/worklist")
    page.click("#tab-decision")
    page.click(f"[data-promise='{spent}'] [data-act=decide]")
    shown(page, "#decision-dialog")
    check_page(page, "worklist-decision")
    page.click("#decision-form button[type=submit]")
    shown(page, "#decision-fault")
    page.locator("input[name=decision][value=welfare_check]").check(force=True)
    expect(page.locator("#decision-when")).to_be_hidden()
    page.fill("#decision-note", "사흘째 받지 않으셔서 주민센터에 안부 확인을 부탁함")
    page.click("#decision-form button[type=submit]")
    shown(page, "[data-empty]")
    with house.services.database.transaction() as session:
        promise = session.get_one(Promise, spent)
        assert (promise.state, promise.decision) == ("decided", "welfare_check")
        written = session.scalars(select(Decision)).one()
        assert "사흘".encode() not in written.sealed_note


def test_a_persons_page(house: House, page: Page, promises: Promises) -> None:
    companion_id = promises.companion()
    sign_in(page, house, "maru")
    page.wait_for_url("**/worklist")
    promise_id = begin_series(page, house, promises, companion_id)
    promises.tried(uuid.UUID(promise_id), companion_id, "no_answer")
    page.goto(f"{house.url}/worklist/{promise_id}")
    shown(page, "#person")
    expect(page.locator("#series .steps li")).to_have_count(4)
    expect(page.locator("#series .steps li.next")).to_have_count(1)
    expect(page.locator("#consents tr")).to_have_count(2)
    expect(page.locator("#tries tr")).to_have_count(1)
    check_page(page, "person")
    page.click("#escalate")
    page.fill("#escalate-text", "죽고 싶다는 말씀을 하심")
    check_page(page)
    page.click("#escalate-form button[type=submit]")
    expect(page.locator("#notice")).to_have_class("notice success")
    with house.services.database.transaction() as session:
        talk = session.scalars(select(Promise).where(Promise.purpose == "talk")).one()
        assert talk.origin == "escalation"
    page.click("#withdraw")
    page.fill("#withdraw-text", "더 원하지 않으신다고 하심")
    page.locator("input[name=never]").check()
    page.click("#withdraw-form button[type=submit]")
    shown(page, "#do-not-call")
    assert promises.get(uuid.UUID(promise_id)).state == "withdrawn"


def test_a_page_of_somebody_elses_person(
    house: House, browser: Browser, promises: Promises
) -> None:
    page = tab(browser)
    promises.companion()
    promise_id = promises.promise("340006", companion_id=promises.companion("nabi"))
    sign_in(page, house, "maru")
    page.wait_for_url("**/worklist")
    page.goto(f"{house.url}/worklist/{promise_id}")
    shown(page, "#gone")
    expect(page.locator("#person")).to_be_hidden()


def test_one_press_rings_and_the_outcome_has_a_next_step(
    house: House, page: Page, promises: Promises
) -> None:
    """The carrier is away here; what it would report is told by the line's own actions."""
    companion_id = promises.companion()
    promise_id = promises.promise("340007", companion_id=companion_id)
    sign_in(page, house, "maru")
    page.click(f"[data-promise='{promise_id}'] [data-act=call]")
    shown(page, "#call[data-state=joining]")
    expect(page.locator("#notice")).to_have_class("notice danger", timeout=15_000)
    _join(house, companion_id)
    shown(page, "#call[data-state=ringing]")
    check_page(page, "worklist-ringing")
    _answer(house, companion_id)
    shown(page, "#call[data-state=talking]")
    check_page(page, "worklist-talking")
    page.click("#end")
    shown(page, "#wrap")
    page.click("#outcome-send")
    shown(page, "#outcome-fault")
    _tick(page, "contact_kind", "loneliness_talk")
    _tick(page, "reasons", "loneliness")
    _tick(page, "risk", "none")
    _tick(page, "outcome", "eased_closed")
    _tick(page, "next-step", "at")
    shown(page, "#next-when")
    page.fill("#field-notes", "손주 이야기를 오래 하심")
    expect(page.locator("#draft-state")).to_contain_text(":")
    check_page(page, "worklist-outcome")
    page.reload()
    shown(page, "#next-when")
    expect(page.locator("input[name=reasons][value=loneliness]")).to_be_checked()
    expect(page.locator("#field-notes")).to_have_value("손주 이야기를 오래 하심")
    page.click("#outcome-send")
    expect(page.locator("#wrap")).to_be_hidden()
    expect(page.locator("#notice")).to_have_class("notice success")
    assert promises.get(promise_id).state == "kept"
    with house.services.database.transaction() as session:
        following = session.scalars(select(Promise).where(Promise.state == "planned")).one()
        assert following.companion_id == companion_id
    expect(page.locator("[data-count=promised]")).to_contain_text("1")


def test_a_counselor_is_brought_in_reads_why_and_the_companion_leaves(
    house: House, browser: Browser, promises: Promises
) -> None:
    """Each page in one language, since the two are open at once."""
    page, desk = tab(browser, "en"), tab(browser, "ko")
    companion_id = promises.companion()
    promise_id = promises.promise("340008", companion_id=companion_id)
    sign_in(page, house, "maru")
    page.click(f"[data-promise='{promise_id}'] [data-act=call]")
    shown(page, "#call[data-state=joining]")
    _join(house, companion_id)
    _answer(house, companion_id)
    page.click("#bring-in")
    page.fill("#bring-in-note", "죽고 싶다는 말씀을 하심")
    check_page(page, "worklist-bring-in")
    page.click("#bring-in-form button[type=submit]")
    shown(page, "#handing-state")
    expect(page.locator("#bring-in")).to_be_hidden()
    counselor_id = promises.counselor("haneul")
    sign_in(desk, house, "haneul")
    shown(desk, "#idle")
    desk.locator("input[name=status][value=ready]").check(force=True)
    expect(desk.locator("#state-badge")).to_have_class("krds-badge bg-light-success")
    house.stage.dispatch()
    house.ring(f"desk:{counselor_id}")
    expect(desk.locator("#offer-handed-note")).to_have_text("죽고 싶다는 말씀을 하심")
    check_page(desk, "desk-handed-on")
    desk.click("#offer-accept")
    expect(desk.locator("#session-handed-note")).to_have_text("죽고 싶다는 말씀을 하심")
    _join(house, counselor_id)
    house.ring(f"desk:{companion_id}")
    shown(page, "#hand-over")
    check_page(page, "worklist-hand-over")
    check_page(desk, "desk-together")
    page.click("#hand-over")
    shown(page, "#wrap")


def _tick(page: Page, name: str, code: str) -> None:
    """By its label: the foot of the form may lie over the input itself."""
    chosen = page.locator(f"input[name={name}][value={code}]")
    page.locator("label.chip").filter(has=chosen).click()


def _talk_of(house: House, companion_id: uuid.UUID) -> uuid.UUID:
    with house.services.database.transaction() as session:
        return session.scalars(
            select(CounselingSession.id).where(CounselingSession.counselor_id == companion_id)
        ).one()


def _join(house: House, companion_id: uuid.UUID) -> None:
    house.stage.join_counselor(_talk_of(house, companion_id))
    house.ring(f"desk:{companion_id}")


def _answer(house: House, companion_id: uuid.UUID) -> None:
    with house.stage.open() as session:
        outward.citizen_answered(
            session,
            _talk_of(house, companion_id),
            "CAcitizen",
            house.stage.now,
            house.services.policy,
        )
    house.ring(f"desk:{companion_id}")


def test_the_public_form(house: House, page: Page, promises: Promises) -> None:
    path = "/callback" if page.language == "ko" else "/en/callback"  # type: ignore[attr-defined]
    page.goto(f"{house.url}{path}")
    check_page(page, "callback-form")
    page.click("main button[type=submit]")
    shown(page, "#notice")
    check_page(page)
    page.locator("input[name=about][value=other]").check()
    page.fill("#number", "010-1234-0009")
    page.locator("input[name=day][value='5']").check(force=True)
    page.locator("input[name=contact_by_phone]").check()
    page.click("main button[type=submit]")
    shown(page, "#thanks")
    check_page(page, "callback-thanks")
    with house.services.database.transaction() as session:
        promise = session.scalars(select(Promise)).one()
        assert (promise.about, promise.language) == ("other", page.language)  # type: ignore[attr-defined]


def test_the_public_form_without_javascript(house: House, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ko-KR")
    page = context.new_page()
    page.goto(f"{house.url}/callback")
    page.locator("input[name=about][value=self]").check()
    page.fill("#number", "010-1234-0010")
    page.locator("input[name=contact_by_phone]").check()
    page.click("main button[type=submit]")
    shown(page, "#thanks")
    page.click("header a[hreflang=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_operators_page(house: House, page: Page, promises: Promises) -> None:
    promises.account("yeonju", "admin")
    promises.spend(promises.promise("340011"))
    house.stage.call(waited=30)
    with house.services.database.transaction() as session:
        Pulse("worker").beat(session, house.stage.now)
    sign_in(page, house, "yeonju")
    page.goto(f"{house.url}/operations")
    shown(page, "[data-concern=for_decision]")
    check_page(page, "operations")
    late = promises.promise("340012")
    promises.change(late, deadline=house.stage.now - timedelta(minutes=1))
    shown(page, "[data-concern=overdue]")
