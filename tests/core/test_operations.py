"""The API's table: bodies are read strictly, a key is answered once, nothing is undocumented."""

import threading
from dataclasses import replace
from typing import Annotated

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import tokens_api
from core.clock import SteppedClock
from core.database import Database, try_lock
from core.fields import AnswerBody, Body, Text
from core.idempotency import remove_old
from core.openapi import describe
from core.operations import Api
from core.problems import Problem
from core.roles import ROLES
from core.services import Services
from tests.core.people import PASSWORD, add_account, make_app

BROKEN_OFF = ("40P01", "40001", "55P03", "23514")


class Order(Body):
    """What to bring."""

    dish: Annotated[Text, Field(min_length=1, max_length=50)]
    count: Annotated[int, Field(strict=True, ge=1, le=9)] = 1


class Served(AnswerBody):
    """What was brought, and the how-manieth it was."""

    dish: str
    number: int


class Kitchen:
    """An API whose only operation counts how often it was carried out."""

    def __init__(self) -> None:
        self.served = 0
        self.api = Api("kitchen", __name__)
        register = self.api.change(
            "POST", "/dishes", summary="Order", roles=ROLES, body=Order, answer=Served
        )
        register(self.create_dish)

    def create_dish(self, session: Session, body: Order) -> Served:
        self.served += 1
        if body.dish == "nothing":
            raise Problem(409, "sold-out", "There is none left.")
        if body.dish in BROKEN_OFF and self.served <= body.count:
            session.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{body.dish}'; END $$"))
        if body.dish == "crash":
            session.execute(text("SELECT 1/0"))
        return Served(dish=body.dish, number=self.served)


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


@pytest.fixture
def app(services: Services, kitchen: Kitchen) -> Flask:
    return make_app(services, [kitchen.api.blueprint, tokens_api.blueprint])


@pytest.fixture
def client(app: Flask, services: Services, clock: SteppedClock) -> FlaskClient:
    add_account(services.database, clock)
    return signed_in(app, "kim")


def signed_in(app: Flask, login: str) -> FlaskClient:
    client = app.test_client(use_cookies=False)
    given = client.post("/api/v1/tokens", json={"login": login, "password": PASSWORD}).json
    assert given is not None
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {given['token']}"
    return client


def key(value: str) -> dict[str, str]:
    return {"Idempotency-Key": value}


def test_the_same_key_and_body_get_the_same_answer(client: FlaskClient, kitchen: Kitchen) -> None:
    first = client.post("/api/v1/dishes", json={"dish": "죽", "count": 2}, headers=key("a"))
    again = client.post("/api/v1/dishes", json={"count": 2, "dish": "죽"}, headers=key("a"))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == {"dish": "죽", "number": 1}
    assert first.data == again.data
    assert kitchen.served == 1


def test_the_same_key_with_another_body_is_refused(client: FlaskClient, kitchen: Kitchen) -> None:
    client.post("/api/v1/dishes", json={"dish": "죽"}, headers=key("a"))
    other = client.post("/api/v1/dishes", json={"dish": "밥"}, headers=key("a"))
    assert (other.status_code, kitchen.served) == (422, 1)


def test_a_refusal_is_an_answer_too(client: FlaskClient, kitchen: Kitchen) -> None:
    for _ in range(2):
        answer = client.post("/api/v1/dishes", json={"dish": "nothing"}, headers=key("a"))
        assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert kitchen.served == 1


def test_a_crash_keeps_nothing(client: FlaskClient, app: Flask, kitchen: Kitchen) -> None:
    app.testing = False
    for _ in range(2):
        answer = client.post("/api/v1/dishes", json={"dish": "crash"}, headers=key("a"))
        assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert kitchen.served == 2


@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_a_change_that_was_broken_off_for_another_is_made_once_more(
    client: FlaskClient, kitchen: Kitchen, state: str
) -> None:
    answer = client.post("/api/v1/dishes", json={"dish": state}, headers=key("a"))
    assert answer.json == {"dish": state, "number": 2}
    assert client.post("/api/v1/dishes", json={"dish": state}, headers=key("a")).json == answer.json
    assert kitchen.served == 2


@pytest.mark.parametrize(
    ("state", "count", "times"), [("40P01", 2, 2), ("55P03", 1, 1), ("23514", 1, 1)]
)
def test_no_change_is_made_a_third_time_or_after_another_fault(
    client: FlaskClient, app: Flask, kitchen: Kitchen, state: str, count: int, times: int
) -> None:
    app.testing = False
    sent = {"dish": state, "count": count}
    assert client.post("/api/v1/dishes", json=sent, headers=key("a")).status_code >= 500
    assert kitchen.served == times


def test_without_a_key_every_request_counts(client: FlaskClient, kitchen: Kitchen) -> None:
    for number in (1, 2):
        answer = client.post("/api/v1/dishes", json={"dish": "죽"})
        assert answer.json == {"dish": "죽", "number": number}


def test_after_a_day_the_key_is_new(
    client: FlaskClient, app: Flask, kitchen: Kitchen, clock: SteppedClock, services: Services
) -> None:
    client.post("/api/v1/dishes", json={"dish": "죽"}, headers=key("a"))
    clock.step(24 * 3600)
    client = signed_in(app, "kim")
    client.post("/api/v1/dishes", json={"dish": "죽"}, headers=key("a"))
    assert kitchen.served == 2
    clock.step(24 * 3600)
    with services.database.transaction() as session:
        assert remove_old(session, clock.now(), 10) == 1


def test_keys_of_two_accounts_are_two_keys(
    client: FlaskClient, app: Flask, kitchen: Kitchen, services: Services, clock: SteppedClock
) -> None:
    add_account(services.database, clock, "lee")
    client.post("/api/v1/dishes", json={"dish": "죽"}, headers=key("a"))
    signed_in(app, "lee").post("/api/v1/dishes", json={"dish": "죽"}, headers=key("a"))
    assert kitchen.served == 2


def test_in_flight_is_told(
    client: FlaskClient, kitchen: Kitchen, services: Services, clock: SteppedClock
) -> None:
    account_id = add_account(services.database, clock, "park")
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with services.database.transaction() as session:
            assert try_lock(session, f"idempotency:{account_id}:a")
            holding.set()
            release.wait(5)

    other = threading.Thread(target=hold)
    other.start()
    holding.wait(5)
    park = signed_in(client.application, "park")
    answer = park.post("/api/v1/dishes", json={"dish": "죽"}, headers=key("a"))
    release.set()
    other.join()
    assert (answer.status_code, answer.headers["Retry-After"], kitchen.served) == (409, "1", 0)


def test_what_is_stored_is_sealed(client: FlaskClient, services: Services) -> None:
    client.post("/api/v1/dishes", json={"dish": "secret"}, headers=key("a"))
    with services.database.transaction() as session:
        stored = session.execute(text("SELECT body::text FROM stored_answers")).scalar_one()
    assert "secret" not in stored


@pytest.mark.parametrize("bad", ["", " ", "a b", "한글", "x" * 201, "a\tb"])
def test_bad_keys_are_refused(client: FlaskClient, bad: str) -> None:
    headers = {"Idempotency-Key": bad.encode().decode("latin-1")}
    assert client.post("/api/v1/dishes", json={"dish": "죽"}, headers=headers).status_code == 400


MALFORMED = [
    b"{", b"[", b"nul", b'{"dish": "a",}', b'{"dish": NaN}', b'{"dish": Infinity}',
    b'{"dish": "a", "dish": "b"}', b'{"dish": "\\ud800"}', b"\xff\xfe", b'{"\\udfff": 1}',
    b"[" * 10_000, b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b"1" * 5_000, b"\x00", b'{"dish": "a"} x', b'"\t"',
]  # fmt: skip


@pytest.mark.parametrize("raw", MALFORMED)
def test_malformed_bodies(client: FlaskClient, kitchen: Kitchen, raw: bytes) -> None:
    answer = client.post("/api/v1/dishes", data=raw, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert kitchen.served == 0


WRONG = [
    ([], "body"), ("x", "body"), (1, "body"), ({}, "dish"),
    ({"dish": None}, "dish"), ({"dish": 1}, "dish"), ({"dish": ["a"]}, "dish"),
    ({"dish": ""}, "dish"), ({"dish": "   "}, "dish"), ({"dish": "x" * 51}, "dish"),
    ({"dish": "a\x00b"}, "dish"), ({"dish": "a\x1bb"}, "dish"),
    ({"dish": "a", "count": "2"}, "count"), ({"dish": "a", "count": True}, "count"),
    ({"dish": "a", "count": 0}, "count"), ({"dish": "a", "count": 2**63}, "count"),
    ({"dish": "a", "count": -1}, "count"), ({"dish": "a", "count": 1.5}, "count"),
    ({"dish": "a", "other": 1}, "other"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "field"), WRONG)
def test_wrong_fields_are_named_and_not_repeated(
    client: FlaskClient, sent: object, field: str
) -> None:
    answer = client.post("/api/v1/dishes", json=sent)
    assert answer.status_code == 422
    assert answer.json is not None
    assert field in [fault["field"] for fault in answer.json["errors"]]
    assert "x" * 51 not in answer.text


def test_other_media_and_huge_bodies(client: FlaskClient) -> None:
    form = client.post("/api/v1/dishes", data={"dish": "a"})
    assert form.status_code == 415
    huge = client.post("/api/v1/dishes", json={"dish": "x" * 200_000})
    assert huge.status_code == 413


def test_unknown_calls_are_problems(client: FlaskClient) -> None:
    missing, wrong = client.get("/api/v1/nothing"), client.put("/api/v1/dishes")
    assert (missing.status_code, missing.mimetype) == (404, "application/problem+json")
    assert (wrong.status_code, sorted(wrong.allow)) == (405, ["OPTIONS", "POST"])


def test_a_database_away_is_told(services: Services, kitchen: Kitchen) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    app = make_app(replace(services, database=away), [kitchen.api.blueprint, tokens_api.blueprint])
    client = app.test_client(use_cookies=False)
    signing_in = client.post("/api/v1/tokens", json={"login": "kim", "password": PASSWORD})
    signed = client.post("/api/v1/dishes", json={}, headers={"Authorization": "Bearer x"})
    for answer in (signing_in, signed):
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert answer.headers["Retry-After"] == "2"
    away.close()


def test_a_change_wakes_the_dispatcher(client: FlaskClient, services: Services) -> None:
    before = services.live.seen("line")
    client.post("/api/v1/dishes", json={"dish": "죽"})
    assert services.live.seen("line") > before


def test_the_description_is_valid_openapi(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").json
    assert document is not None
    OpenAPIV31SpecValidator(document).validate()
    assert document == describe(app)
    assert set(document["paths"]) == {
        "/api/v1/dishes", "/api/v1/tokens", "/api/v1/tokens/current",
    }  # fmt: skip
