"""Supervision's API: who may look, what they see, a still stream stays still, CSV never runs."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import streams, tokens_api
from core.clock import SteppedClock
from core.services import Services
from supervision import api
from tests.core.people import PASSWORD, add_account, make_app
from tests.supervision.people import add_counselor
from tests.supervision.test_board import Line

TODAY = (
    "offered", "answered", "abandoned", "short_abandoned", "service_level", "service_level_2",
    "asa_seconds", "aht_seconds", "acw_seconds", "occupancy", "longest_wait_seconds", "unrecorded",
)  # fmt: skip


@pytest.fixture
def app(services: Services) -> Flask:
    return make_app(services, [api.blueprint, tokens_api.blueprint])


@pytest.fixture
def here(services: Services, clock: SteppedClock) -> Line:
    return Line(services.database, clock, services.policy)


def signed_in(app: Flask, services: Services, clock: SteppedClock, role: str) -> FlaskClient:
    add_account(services.database, clock, f"the_{role}", role)
    client = app.test_client(use_cookies=False)
    sent = {"login": f"the_{role}", "password": PASSWORD}
    given = client.post("/api/v1/tokens", json=sent).get_json()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {given['token']}"
    return client


@pytest.fixture
def client(app: Flask, services: Services, clock: SteppedClock) -> FlaskClient:
    return signed_in(app, services, clock, "supervisor")


@pytest.fixture
def _quick_streams(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)
    yield


PATHS = ["/board", "/board/stream", "/figures", "/figures.csv", "/unrecorded"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", ["counselor", "companion"])
def test_only_supervisors_may_look(
    app: Flask, services: Services, clock: SteppedClock, path: str, role: str
) -> None:
    assert signed_in(app, services, clock, role).get(f"/api/v1{path}").status_code == 403
    assert app.test_client().get(f"/api/v1{path}").status_code == 401


def test_the_board_has_what_was_promised(client: FlaskClient, here: Line) -> None:
    kim = add_counselor(here.database, here.clock, "kim")
    here.ready(kim)
    here.call()
    here.talk(kim, 600)
    waiting = here.call(need="grief")
    here.clock.step(30)
    shown = client.get("/api/v1/board").get_json()
    assert shown["now"] == "2026-03-02T01:10:32.000Z"
    assert (shown["callbacks"]["promised"], shown["callbacks"]["silent_ends"]) == (0, 0)
    (call,) = shown["waiting"]
    assert call["call_id"] == str(waiting)
    assert call["waiting_since"] == "2026-03-02T01:10:02.000Z"
    assert (call["need"], call["priority"]) == ("grief", 0)
    assert (call["cause"], call["reason"]) == ("nobody_free", "nobody free")
    (counselor,) = shown["counselors"]
    assert (counselor["login"], counselor["status"]) == ("kim", "ready")
    assert (counselor["state"], counselor["reachable"]) == ("wrapping", True)
    assert counselor["not_answering_since"] is None
    today = shown["today"]
    assert set(TODAY) <= set(today)
    assert (today["offered"], today["answered"], today["abandoned"]) == (2, 1, 0)
    assert (today["service_level"], today["service_level_2"]) == (0.5, 1.0)
    assert (today["asa_seconds"], today["aht_seconds"]) == (0.0, None)
    assert today["longest_wait_seconds"] == 30.0
    assert len(shown["by_half_hour"]) == 21  # from midnight in Seoul to 10:10
    assert shown["by_half_hour"][-1] == {
        "start": "2026-03-02T01:00:00.000Z", "offered": 2, "answered": 1, "abandoned": 0,
    }  # fmt: skip


def test_an_empty_line_has_no_figures_rather_than_zeros(client: FlaskClient) -> None:
    shown = client.get("/api/v1/board").get_json()
    assert shown["waiting"] == shown["counselors"] == []
    assert shown["today"]["service_level"] is None
    assert shown["today"]["occupancy"] is None


@pytest.mark.usefixtures("_quick_streams")
def test_the_stream_sends_again_only_what_changed(
    client: FlaskClient, here: Line, services: Services
) -> None:
    here.clock.step(1)
    response = client.get("/api/v1/board/stream")
    assert response.mimetype == "text/event-stream"
    events = iter(response.response)
    assert next(events).decode() == "retry: 1000\n\n"
    first = next(events).decode()
    assert first.startswith("event: board\ndata: {")
    assert json.loads(first.partition("data: ")[2])["waiting"] == []
    here.clock.step(1)
    services.live.ring("board")
    assert next(events).decode() == ": still here\n\n"
    here.call()
    services.live.ring("board")
    second = json.loads(next(events).decode().partition("data: ")[2])
    assert len(second["waiting"]) == 1
    response.close()


@pytest.mark.usefixtures("_quick_streams")
def test_the_stream_ends_with_the_sign_in(client: FlaskClient) -> None:
    response = client.get("/api/v1/board/stream")
    events = iter(response.response)
    assert [next(events), next(events)]
    client.delete("/api/v1/tokens/current", json={})
    assert list(events) == []
    response.close()


def test_the_figures_of_a_day(client: FlaskClient, here: Line) -> None:
    here.call()
    today = client.get("/api/v1/figures").get_json()
    same = client.get("/api/v1/figures?day=2026-03-02").get_json()
    assert today == same
    assert (today["day"], today["service_level_seconds"]) == ("2026-03-02", 20.0)
    assert today["whole"]["offered"] == 1
    assert today["half_hours"][-1]["offered"] == 1
    before = client.get("/api/v1/figures?day=2026-03-01").get_json()
    assert (before["whole"]["offered"], len(before["half_hours"])) == (0, 48)
    assert client.get("/api/v1/figures?day=2026-03-03").get_json()["half_hours"] == []


BAD_DAYS = [
    "", "today", "20260302", "2026-W10-1", "2026-02-30", "0001-01-01", "9999-12-31",
    "２０２６-03-02", "2026-03-02T00:00", "2026-03-02%00", "=1+1",
]  # fmt: skip


@pytest.mark.parametrize("day", BAD_DAYS)
def test_bad_days_are_named(client: FlaskClient, day: str) -> None:
    for path in ("figures", "figures.csv"):
        answer = client.get(f"/api/v1/{path}?day={day}")
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        assert answer.get_json()["errors"][0]["field"] == "day"


def test_the_spreadsheet_says_the_same(client: FlaskClient, here: Line) -> None:
    here.call()
    whole = client.get("/api/v1/figures").get_json()["whole"]
    answer = client.get("/api/v1/figures.csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert (rows[0]["from"], rows[-1]["from"]) == ("2026-03-02 00:00", "2026-03-02")
    assert {name: rows[-1][name] for name in whole} == {
        name: "" if value is None else str(value) for name, value in whole.items()
    }
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row.values() if cell)


def test_missing_outcomes_are_listed(client: FlaskClient, here: Line) -> None:
    assert client.get("/api/v1/unrecorded").get_json() == {"sessions": [], "is_all": True}
    kim = add_counselor(here.database, here.clock, "kim")
    here.ready(kim)
    here.call()
    session_id = here.talk(kim, 60)
    here.clock.step(here.policy.wrap_seconds_max)
    from routing.sweep import sweep

    with here.database.transaction() as session:
        sweep(session, here.clock.now(), here.policy)
    (one,) = client.get("/api/v1/unrecorded").get_json()["sessions"]
    assert (one["session_id"], one["login"], one["need"]) == (str(session_id), "kim", "talk")
    assert "number" not in json.dumps(one)
