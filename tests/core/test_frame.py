"""Pages come in a language, under a strict policy, and are kind about errors."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app import create_app
from core.clock import SteppedClock
from core.database import Database
from core.services import Services
from core.web.static_files import version
from tests.core.people import PASSWORD, add_account


@pytest.fixture
def client(services: Services) -> Iterator[FlaskClient]:
    """A browser before the real app."""
    with create_app(services).test_client() as opened:
        yield opened


def test_korean_first_and_a_chosen_language_stays(client: FlaskClient) -> None:
    assert '<html lang="ko">' in client.get("/login").text
    assert '<html lang="en">' in client.get("/login?language=en").text
    assert '<html lang="en">' in client.get("/login").text
    assert '<html lang="ko">' in client.get("/login?language=ko&next=/desk").text


def test_the_switch_keeps_the_rest_of_the_address(client: FlaskClient) -> None:
    page = client.get("/login?next=/desk").text
    assert "/login?next=%2Fdesk&amp;language=en" in page


def test_every_page_is_guarded_and_kept_by_nobody(client: FlaskClient) -> None:
    headers = client.get("/login").headers
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_only_the_desk_may_reach_the_carrier(
    client: FlaskClient, database: Database, clock: SteppedClock
) -> None:
    add_account(database, clock)
    client.post("/login", data={"login": "kim", "password": PASSWORD})
    assert "wss://" in client.get("/desk").headers["Content-Security-Policy"]
    assert "wss://" not in client.get("/login").headers["Content-Security-Policy"]


def test_files_come_with_their_age(client: FlaskClient) -> None:
    with client.get(f"/assets/{version()}/css/base.css") as current:
        assert "immutable" in current.headers["Cache-Control"]
        content = current.data
    with client.get("/assets/0/css/base.css") as old:
        assert old.headers["Cache-Control"] == "no-cache"
        assert old.data == content != b""
    assert client.get(f"/assets/{version()}/../app.py").status_code == 404


def test_a_missing_page_is_a_page_and_a_missing_call_is_a_problem(client: FlaskClient) -> None:
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert "찾으시는 화면이 없습니다" in page.text
    problem = client.get("/api/v1/nowhere")
    assert problem.mimetype == "application/problem+json"


def test_another_roles_page_is_explained(
    client: FlaskClient, database: Database, clock: SteppedClock
) -> None:
    add_account(database, clock)
    client.post("/login", data={"login": "kim", "password": PASSWORD})
    answer = client.get("/board")
    assert answer.status_code == 403
    assert "권한이 없습니다" in answer.text
