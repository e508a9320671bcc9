"""Access: what names no role is closed; cookies need the CSRF token; secrets keep to their kind."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from core import access, sign_ins, tokens_api
from core.access import ANYBODY, UnknownRole, admit, admits
from core.clock import SteppedClock
from core.roles import ROLES
from core.services import Services
from core.sign_ins import Opened
from tests.core.people import PASSWORD, add_account, make_app


def doors() -> Blueprint:
    rooms = Blueprint("rooms", __name__)

    @rooms.get("/hall")
    def hall() -> str:
        return access.current_account().login

    @rooms.get("/street")
    @admits(ANYBODY)
    def street() -> str:
        return "open"

    @rooms.post("/hall")
    def change() -> str:
        return "changed"

    admit(rooms, {"counselor"})
    return rooms


@pytest.fixture
def app(services: Services) -> Flask:
    unlisted = Blueprint("unlisted", __name__)
    unlisted.add_url_rule("/secret", "secret", lambda: "leaked")
    unlisted.add_url_rule("/api/secret", "api_secret", lambda: "leaked")
    return make_app(services, [doors(), unlisted, tokens_api.blueprint])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


def sign_in(services: Services, clock: SteppedClock, kind: sign_ins.Kind, role: str) -> Opened:
    add_account(services.database, clock, role, role)
    with services.database.transaction() as session:
        found = sign_ins.sign_in(session, role, PASSWORD, kind, clock.now(), services.policy)
    assert isinstance(found, Opened)
    return found


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def cookie(secret: str, **more: str) -> dict[str, str]:
    return {"Cookie": f"helpline={secret}", **more}


def test_who_is_unknown_is_sent_to_the_login_page(client: FlaskClient) -> None:
    answer = client.get("/hall?x=1")
    assert (answer.status_code, answer.location) == (302, "/login?next=/hall")
    assert client.post("/hall").location == "/login"
    assert client.get("/street").text == "open"


def test_what_names_no_role_is_closed_to_all(
    client: FlaskClient, services: Services, clock: SteppedClock
) -> None:
    secrets = [sign_in(services, clock, "token", role).secret for role in sorted(ROLES)]
    for secret in secrets:
        assert client.get("/secret", headers=bearer(secret)).status_code == 403
        answer = client.get("/api/secret", headers=bearer(secret))
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert client.get("/api/secret").status_code == 401


def test_roles(client: FlaskClient, services: Services, clock: SteppedClock) -> None:
    inside = sign_in(services, clock, "token", "counselor")
    outside = sign_in(services, clock, "token", "supervisor")
    assert client.get("/hall", headers=bearer(inside.secret)).text == "counselor"
    assert client.get("/hall", headers=bearer(outside.secret)).status_code == 403
    assert client.get("/hall", headers=bearer("x" * 43)).status_code == 302
    assert client.get("/hall", headers={"Authorization": "Basic eDp4"}).status_code == 302


def test_a_cookie_needs_the_csrf_token_for_changes(
    client: FlaskClient, services: Services, clock: SteppedClock
) -> None:
    opened = sign_in(services, clock, "cookie", "counselor")
    csrf = opened.signed_in.csrf
    assert client.get("/hall", headers=cookie(opened.secret)).status_code == 200
    assert client.post("/hall", headers=cookie(opened.secret)).status_code == 403
    wrong = cookie(opened.secret, **{"X-CSRF-Token": csrf[:-1]})
    assert client.post("/hall", headers=wrong).status_code == 403
    right = cookie(opened.secret, **{"X-CSRF-Token": csrf})
    assert client.post("/hall", headers=right).status_code == 200
    form = client.post("/hall", headers=cookie(opened.secret), data={"csrf_token": csrf})
    assert form.status_code == 200


def test_a_secret_works_only_the_way_it_was_handed_out(
    client: FlaskClient, services: Services, clock: SteppedClock
) -> None:
    token = sign_in(services, clock, "token", "counselor").secret
    page = sign_in(services, clock, "cookie", "companion").secret
    assert client.post("/hall", headers=cookie(token)).location == "/login"
    assert client.post("/api/v1/tokens/current", headers=bearer(page)).status_code in {401, 405}
    assert client.delete("/api/v1/tokens/current", headers=bearer(page)).status_code == 401


def test_the_cookie_is_out_of_reach(app: Flask, services: Services, clock: SteppedClock) -> None:
    opened = sign_in(services, clock, "cookie", "counselor")
    with app.test_request_context():
        response = app.make_response("")
        access.set_cookie(response, opened)
    header = response.headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    ends = opened.signed_in.expires_at
    assert ends - clock.now() == timedelta(seconds=services.policy.session_seconds_max)


def test_over_https_the_cookie_is_bound_to_this_host(
    services: Services, clock: SteppedClock
) -> None:
    config = replace(services.config, public_base_url="https://120.example.kr")
    app = make_app(replace(services, config=config), [doors()])
    opened = sign_in(services, clock, "cookie", "counselor")
    with app.test_request_context():
        response = app.make_response("")
        access.set_cookie(response, opened)
    header = response.headers["Set-Cookie"]
    assert header.startswith("__Host-helpline=")
    assert "Secure" in header
    client = app.test_client(use_cookies=False)
    plain = client.get("/hall", headers=cookie(opened.secret))
    bound = client.get("/hall", headers={"Cookie": f"__Host-helpline={opened.secret}"})
    assert (plain.status_code, bound.status_code) == (302, 200)


def test_tokens_are_given_and_ended(
    client: FlaskClient, services: Services, clock: SteppedClock
) -> None:
    add_account(services.database, clock)
    given = client.post("/api/v1/tokens", json={"login": "kim", "password": PASSWORD})
    assert given.status_code == 200
    assert given.json is not None
    assert set(given.json) == {"token", "expires_at", "role"}
    assert given.json["expires_at"] == "2026-03-02T13:00:00.000Z"
    secret = given.json["token"]
    assert client.get("/hall", headers=bearer(secret)).text == "kim"
    assert client.delete("/api/v1/tokens/current", headers=bearer(secret)).status_code == 200
    assert client.get("/hall", headers=bearer(secret)).status_code == 302


def test_refused_sign_ins_are_counted_to_the_lock(
    client: FlaskClient, services: Services, clock: SteppedClock
) -> None:
    add_account(services.database, clock)
    wrong = {"login": "kim", "password": "wrong"}
    kinds = []
    for _ in range(services.policy.login_failures_max + 1):
        answer = client.post("/api/v1/tokens", json=wrong)
        assert answer.status_code == 401
        assert answer.json is not None
        kinds.append(answer.json["type"].rpartition(":")[2])
    assert kinds == ["sign-in-refused"] * 4 + ["sign-in-locked"] * 2
    right = client.post("/api/v1/tokens", json={"login": "kim", "password": PASSWORD})
    assert right.status_code == 401


def test_spaces_belong_to_the_password(client: FlaskClient, services: Services) -> None:
    clock = services.clock
    assert isinstance(clock, SteppedClock)
    add_account(services.database, clock)
    spaced = {"login": " kim ", "password": f" {PASSWORD}"}
    assert client.post("/api/v1/tokens", json=spaced).status_code == 401
    spaced["password"] = PASSWORD
    assert client.post("/api/v1/tokens", json=spaced).status_code == 200


def test_unknown_roles_cannot_be_admitted() -> None:
    for roles in ({"boss"}, set(), {"counselor", "anybody"}):
        with pytest.raises(UnknownRole):
            admit(Blueprint("b", __name__), roles)
