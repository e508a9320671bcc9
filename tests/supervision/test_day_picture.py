"""The picture of a day from the database: it agrees with the figures, and names nobody."""

import re
import uuid
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from callbacks.models import Promise, Try
from citizens.models import NUMBER_CONTEXT, Citizen
from core.clock import SteppedClock
from core.database import Database
from core.models import AccessEntry
from core.policy import Policy, load_policy
from core.services import Services
from core.web.languages import LANGUAGES
from routing.models import Order
from supervision.board import LatestFigures, board
from supervision.day_page import WORDS, Heading, page, spoken_length
from supervision.day_pages import limits_of
from supervision.day_picture import DayPicture, Fault, most_waiting
from supervision.day_records import picture_of
from supervision.day_tracks import End, Phase
from supervision.figures import SLOT, day_span
from supervision.hours import Span
from tests.core.people import PASSWORD, add_account
from tests.supervision.people import add_counselor
from tests.supervision.random_day import RandomDay
from tests.supervision.test_board import Line

DAY = date(2026, 3, 2)


@pytest.fixture
def here(services: Services, clock: SteppedClock) -> Line:
    return Line(services.database, clock, services.policy)


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services)


def drawn(
    database: Database, clock: SteppedClock, policy: Policy, faults: tuple[Fault, ...] = ()
) -> DayPicture:
    with database.transaction() as session:
        return picture_of(session, day_span(DAY), clock.now(), policy, faults)


def written(app: Flask, picture: DayPicture, policy: Policy) -> str:
    with app.app_context():
        return page(picture, Heading(limits_of(policy)))


def test_it_agrees_with_the_figures_and_the_board(database: Database, clock: SteppedClock) -> None:
    policy = load_policy(ring_seconds_max=60, join_seconds_max=60)
    seats = [add_counselor(database, clock, f"c{n}", skills={"grief": 3}) for n in range(4)]
    RandomDay(database, clock, policy, seats, seed=3).live_through(steps=200)
    picture = drawn(database, clock, policy)
    (day,) = picture.days
    ends = Counter(call.end for call in picture.calls)
    assert ends[End.ABANDONED] == day.whole.abandoned > 0
    talked = [call for call in picture.calls if call.talk_seconds > 0]
    assert len(talked) == day.whole.answered > 5
    with database.transaction() as session:
        seen = board(session, clock.now(), policy, LatestFigures())
    assert picture.queue[-1].waiting == len(seen.waiting)
    handled = [call for call in talked if call.ended_at is not None]
    whole = sum(call.talk_seconds + call.wrap_seconds for call in handled)
    assert day.whole.aht_seconds == pytest.approx(whole / len(handled), abs=0.01)
    busy = sum(lane.seconds[Phase.TALKING] + lane.seconds[Phase.WRAPPING] for lane in picture.seats)
    assert busy >= sum(call.talk_seconds + call.wrap_seconds for call in picture.calls) - 0.01
    assert sum(lane.answered for lane in picture.seats) >= len(talked)
    for call in picture.calls:
        assert all(one.start < one.end <= picture.until for one in call.stretches)
    top = max(step.waiting for step in picture.queue)
    assert max(most_waiting(picture, one.start, SLOT) for one in day.half_hours) == top


def test_what_lasted_into_the_day_is_cut_at_midnight(here: Line) -> None:
    kim = add_counselor(here.database, here.clock, "kim")
    here.clock.set(day_span(DAY).start - timedelta(minutes=10))
    here.ready(kim)
    here.call()
    here.talk(kim, 1200)
    picture = drawn(here.database, here.clock, here.policy)
    (call,) = picture.calls
    (lane,) = picture.seats
    assert call.began_at < picture.span.start == call.stretches[0].start
    assert lane.stretches[0].start == picture.span.start
    assert call.talk_seconds == 1200
    assert (call.seats, lane.answered) == ([lane.name], 1)


def test_offers_not_taken_are_seen_on_the_seat(here: Line) -> None:
    kim = add_counselor(here.database, here.clock, "kim")
    here.ready(kim)
    here.call()
    here.offer()
    here.clock.step(5)
    (lane,) = drawn(here.database, here.clock, here.policy).seats
    assert [one.phase for one in lane.stretches] == [Phase.READY, Phase.OFFERED]
    assert (lane.answered, lane.missed) == (0, 0)


def promise(here: Line, citizen_id: uuid.UUID, purpose: str, **columns: object) -> uuid.UUID:
    now = here.clock.now()
    promise_id = uuid.uuid4()
    values = {
        "state": "planned",
        "state_since": now,
        "made_at": now,
        "queued_at": now,
        "next_at": now + timedelta(minutes=30),
        "deadline": now + timedelta(hours=1),
    }
    with here.database.transaction() as session:
        session.add(
            Promise(
                id=promise_id,
                citizen_id=citizen_id,
                purpose=purpose,
                origin="menu",
                **(values | columns),
            )
        )
    return promise_id


@pytest.fixture
def citizen_id(here: Line, services: Services) -> uuid.UUID:
    made = uuid.uuid4()
    with here.database.transaction() as session:
        session.add(
            Citizen(
                id=made,
                sealed_number=services.sealer.seal("+821012345678", NUMBER_CONTEXT),
                sealed_name=services.sealer.seal("달빛", "citizens.name"),
                windows=[],
                number_index="x",
                created_at=here.clock.now(),
            )
        )
    return made


def test_promises_are_marked_when_due_rung_kept_and_late(here: Line, citizen_id: uuid.UUID) -> None:
    begun = here.clock.now()
    kim = add_counselor(here.database, here.clock, "kim")
    kept_at = begun + timedelta(minutes=41)
    kept = promise(here, citizen_id, "talk", state="kept", kept_at=kept_at, ended_at=kept_at)
    promise(here, citizen_id, "companion")
    with here.database.transaction() as session:
        call_id = session.get_one(Promise, kept).id
    tried_call = here.call()
    with here.database.transaction() as session:
        session.add(
            Try(
                id=uuid.uuid4(),
                promise_id=call_id,
                call_id=tried_call,
                counselor_id=kim,
                rung_at=begun + timedelta(minutes=40),
                ended_at=kept_at,
                outcome="reached",
            )
        )
    here.clock.step(2 * 3600)
    first, second = drawn(here.database, here.clock, here.policy).promises
    marks = {line.record.purpose: [mark.kind for mark in line.marks] for line in (first, second)}
    assert marks == {"talk": ["made", "due", "rung", "kept"], "companion": ["made", "due", "late"]}
    assert first.row != second.row  # they overlap


def test_faults_are_marked_those_of_the_carrier_from_the_orders(here: Line) -> None:
    call_id = here.call()
    now = here.clock.now()
    for kind, fault in (("ring", "503 down"), ("hang_up", "400 21220")):
        with here.database.transaction() as session:
            session.add(
                Order(
                    id=uuid.uuid4(),
                    kind=kind,
                    call_id=call_id,
                    subject_id=call_id,
                    details={},
                    state="failed",
                    created_at=now,
                    due_at=now,
                    done_at=now,
                    fault=fault,
                )
            )
    here.clock.step(60)
    given = (
        Fault(now + timedelta(seconds=30), "webhook_lost", "status"),
        Fault(now + timedelta(days=3), "clock_stepped", "beyond the day"),
    )
    picture = drawn(here.database, here.clock, here.policy, given)
    assert [fault.kind for fault in picture.faults] == ["order_ring", "webhook_lost"]


class Outward(HTMLParser):
    """Collects what a page would ask of anybody else."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "action", "srcset", "poster", "data") and value:
                self.asked.append((tag, value))


def test_the_page_holds_no_name_no_number_and_asks_nobody(
    app: Flask, here: Line, citizen_id: uuid.UUID
) -> None:
    kim = add_counselor(here.database, here.clock, "kim-login", skills={"grief": 3})
    add_account(here.database, here.clock, "nabi-login", "companion")
    here.ready(kim)
    call_id = here.call(need="grief")
    session_id = here.talk(kim, 600)
    promise(here, citizen_id, "talk")
    here.clock.step(60)
    picture = drawn(here.database, here.clock, here.policy, (Fault(here.clock.now(), "x", "<b>"),))
    text = written(app, picture, here.policy)
    for secret in (kim, call_id, session_id, citizen_id):
        assert str(secret) not in text and secret.hex not in text
    for secret in ("kim-login", "nabi-login", "의 이름", "달빛", "12345678", "seat@", "grief"):
        assert secret not in text
    assert re.findall(r"\+?\d{9,}", re.sub(r"<style>.*?</style>", "", text, flags=re.S)) == []
    asks = Outward()
    asks.feed(text)
    assert asks.asked == [("link", "data:,")]
    assert "url(http" not in text and "@import" not in text
    assert "&lt;b&gt;" in text and '<td class="wide">x: <b>' not in text


def test_both_languages_are_in_it_korean_first(app: Flask, here: Line) -> None:
    text = written(app, drawn(here.database, here.clock, here.policy), here.policy)
    assert '<html lang="ko"' in text
    spoken = re.findall(r'<span lang="(ko|en)">', text)
    assert spoken == ["ko", "en"] * (len(spoken) // 2)
    assert "2026년 3월 2일 월요일" in text
    assert "Monday, 2 March 2026" in text


def test_every_sentence_names_the_same_places_in_both_languages() -> None:
    korean, english = (WORDS.sentences[language] for language in LANGUAGES)
    for key in korean:
        places = [set(re.findall(r"\{(\w+)\}", said)) for said in (korean[key], english[key])]
        assert places[0] == places[1], key


def client_of(app: Flask, services: Services, clock: SteppedClock, role: str):  # type: ignore[no-untyped-def]
    add_account(services.database, clock, f"the_{role}", role)
    client = app.test_client(use_cookies=False)
    sent = {"login": f"the_{role}", "password": PASSWORD}
    token = client.post("/api/v1/tokens", json=sent).get_json()["token"]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_a_supervisor_looks_and_keeps_it_and_that_is_written_down(
    app: Flask, here: Line, services: Services, clock: SteppedClock
) -> None:
    client = client_of(app, services, clock, "supervisor")
    here.call()
    shown = client.get("/board/day?language=en")
    assert (shown.status_code, shown.mimetype) == (200, "text/html")
    assert '<html lang="en"' in shown.text
    allowed = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in allowed and "unsafe" not in allowed
    assert "Content-Disposition" not in shown.headers
    kept = client.get("/board/day?day=2026-03-01&download=1")
    assert kept.headers["Content-Disposition"] == 'attachment; filename="day-2026-03-01.html"'
    assert kept.headers["Cache-Control"] == "no-store"
    with services.database.transaction() as session:
        entries = session.scalars(select(AccessEntry).order_by(AccessEntry.id)).all()
        read = [(one.action, one.subject) for one in entries]
    assert read == [
        ("read day picture", "days:2026-03-02"),
        ("read day picture", "days:2026-03-01"),
    ]


@pytest.mark.parametrize("day", ["", "today", "2026-02-30", "0001-01-01", "20260302"])
def test_a_day_that_is_none(day: str, app: Flask, services: Services, clock: SteppedClock) -> None:
    assert client_of(app, services, clock, "admin").get(f"/board/day?day={day}").status_code == 404


def test_the_command_writes_the_file(app: Flask, here: Line, tmp_path: Path) -> None:
    here.call()
    out = tmp_path / "day.html"
    asked = ["day-picture", "--date", "2026-03-02", "--out", str(out)]
    said = app.test_cli_runner().invoke(args=asked)
    assert said.exit_code == 0, said.output
    assert "1 calls" in said.output
    assert "통화 1건" in out.read_text("utf-8")
    with here.database.transaction() as session:
        entry = session.scalars(select(AccessEntry)).one()
        assert (entry.account_id, entry.subject) == (None, "days:2026-03-02")


def test_a_run_of_days_shows_the_figures_of_each(app: Flask, here: Line) -> None:
    here.clock.set(datetime(2026, 3, 4, 1, tzinfo=UTC))
    here.call()
    start = day_span(DAY).start
    with here.database.transaction() as session:
        picture = picture_of(
            session, Span(start, start + timedelta(days=4)), here.clock.now(), here.policy
        )
    assert [day.day.day for day in picture.days] == [2, 3, 4]  # after it nobody called
    assert "03-04 10:00" in written(app, picture, here.policy)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00"), (65, "1:05"), (3599.4, "59:59"), (3600, "1:00:00")]
)
def test_lengths_are_said_in_minutes_or_hours(seconds: float, said: str) -> None:
    assert spoken_length(seconds) == said
