"""People come in, are turned away kindly, and go out again."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from core.clock import SteppedClock
from core.database import Database
from core.policy import Policy
from core.services import Services
from core.sign_in_pages import safe_path
from tests.core.people import PASSWORD, add_account


@pytest.fixture
def client(services: Services) -> Iterator[FlaskClient]:
    """A browser before the real app."""
    app = create_app(services)
    app.testing = True
    with app.test_client() as opened:
        yield opened


def _sign_in(client: FlaskClient, **form: str) -> TestResponse:
    return client.post("/login", data={"login": "kim", "password": PASSWORD} | form)


def _csrf(client: FlaskClient, path: str) -> str:
    page = client.get(path).text
    return page.split('name="csrf_token" value="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("role", "first"),
    [
        ("counselor", "/desk"),
        ("companion", "/worklist"),
        ("supervisor", "/board"),
        ("admin", "/board"),
    ],
)
def test_each_role_comes_to_its_page(
    client: FlaskClient, database: Database, clock: SteppedClock, role: str, first: str
) -> None:
    add_account(database, clock, role=role)
    assert client.get("/").location == "/login"
    answer = _sign_in(client)
    assert (answer.status_code, answer.location) == (303, first)
    assert client.get("/").location == first
    assert client.get("/login").location == first


def test_a_wrong_password_and_an_unknown_login_read_alike(
    client: FlaskClient, database: Database, clock: SteppedClock
) -> None:
    add_account(database, clock)
    wrong = _sign_in(client, password="not this one")
    unknown = _sign_in(client, login="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert "맞지 않습니다" in wrong.text
    assert wrong.text.replace('value="kim"', "") == unknown.text.replace('value="nobody"', "")
    assert "Set-Cookie" not in wrong.headers


def test_a_lock_out_says_until_when(
    client: FlaskClient, database: Database, clock: SteppedClock, policy: Policy
) -> None:
    add_account(database, clock)
    for _ in range(policy.login_failures_max):
        answer = _sign_in(client, password="guess")
    assert answer.status_code == 429
    assert "10:15 이후" in answer.text  # quarter of an hour after ten in Seoul
    clock.step(policy.login_lock_seconds + 1)
    assert _sign_in(client).status_code == 303


def test_an_empty_form_and_a_foreign_one_are_explained(client: FlaskClient) -> None:
    assert "모두 적어 주세요" in _sign_in(client, password="").text
    foreign = client.post(
        "/login",
        data={"login": "kim", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert foreign.status_code == 400


def test_signing_out_ends_the_sign_in(
    client: FlaskClient, database: Database, clock: SteppedClock
) -> None:
    add_account(database, clock)
    _sign_in(client)
    token = _csrf(client, "/desk")
    assert client.post("/logout").status_code == 403
    assert client.get("/desk").status_code == 200
    answer = client.post("/logout", data={"csrf_token": token})
    assert answer.location == "/login?notice=signed_out"
    assert client.get("/desk").status_code == 302


def test_the_page_asked_for_is_remembered_through_the_sign_in(
    client: FlaskClient, database: Database, clock: SteppedClock
) -> None:
    add_account(database, clock, role="supervisor")
    asked = client.get("/board")
    assert asked.location == "/login?next=/board"
    assert 'name="next" value="/board"' in client.get(asked.location).text
    assert _sign_in(client, next="/board").location == "/board"


@pytest.mark.parametrize(
    "wish",
    ["", "desk", "//evil.example", "/\\evil.example", "https://evil.example", "/login", "/a\nb"],
)
def test_nobody_is_sent_to_another_host(wish: str) -> None:
    assert safe_path(wish) is None


def test_the_database_away_is_said_kindly(client: FlaskClient, services: Services) -> None:
    services.database.engine.dispose()
    away = services.database.engine.url.set(port=1, query={}, host="127.0.0.1")
    from sqlalchemy import create_engine

    services.database.engine = create_engine(away, connect_args={"connect_timeout": 1})
    answer = _sign_in(client)
    assert answer.status_code == 503
    assert "전화 상담은 계속 이어집니다" in answer.text
