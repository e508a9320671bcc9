"""The public form at its door: stored before it is thanked for, the same answer for everyone."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import create_app
from callbacks import asking
from callbacks.models import Promise
from citizens import actions as citizens
from citizens.consent import How, Purpose
from citizens.models import Citizen, Consent
from core.clock import SteppedClock
from core.database import DatabaseAway
from core.models import RateMark
from core.services import Services

NUMBER = "010-1234-5678"
WHOLE = {"about": "self", "number": NUMBER, "contact_by_phone": "yes"}


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services).test_client()


def token_of(page: TestResponse) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found
    return found[1]


def send(
    client: FlaskClient, path: str = "/callback", **fields: str | Sequence[str]
) -> TestResponse:
    token = token_of(client.get(path))
    return client.post(path, data={"token": token, **WHOLE, **fields})


def promises(services: Services) -> list[Promise]:
    with services.database.transaction() as session:
        return list(session.scalars(select(Promise)))


def consents(services: Services) -> dict[str, Consent]:
    with services.database.transaction() as session:
        return {row.purpose: row for row in session.scalars(select(Consent))}


def test_a_request_is_a_promise_with_its_consents(client: FlaskClient, services: Services) -> None:
    thanks = send(client, sensitive="yes", day=["0", "1"], slot="morning", about="other")
    assert thanks.status_code == 200
    assert "고맙습니다" in thanks.text
    (promise,) = promises(services)
    assert (promise.purpose, promise.origin, promise.about) == ("companion", "web_form", "other")
    assert promise.state == "planned"
    given = consents(services)
    assert set(given) == {"contact_by_phone", "sensitive"}
    assert given["sensitive"].wording.startswith("sensitive-")
    assert given["sensitive"].wording.endswith("/ko")
    assert {row.how for row in given.values()} == {"web_form"}
    with services.database.transaction() as session:
        assert session.scalars(select(Citizen)).one().windows == [
            {"days": [0, 1], "from": "09:00", "until": "12:00"}
        ]


def test_in_english(client: FlaskClient, services: Services) -> None:
    thanks = send(client, "/en/callback")
    assert "Thank you" in thanks.text
    assert 'href="/callback"' in thanks.text
    (promise,) = promises(services)
    assert promise.language == "en"
    assert consents(services)["contact_by_phone"].wording.endswith("/en")


def test_what_is_amiss_is_named_and_what_was_sent_is_kept(
    client: FlaskClient, services: Services
) -> None:
    again = send(client, number="119", day="3")
    assert again.status_code == 422
    assert "긴급 번호" in again.text
    assert 'value="119"' in again.text
    assert re.search(r'name="day" value="3" checked', again.text)
    assert promises(services) == []
    with services.database.transaction() as session:
        assert session.scalars(select(Citizen)).all() == []


@pytest.mark.parametrize("token", ["", "forged", "stolen"])
def test_a_form_of_another_page_is_not_taken(
    client: FlaskClient, services: Services, token: str
) -> None:
    if token == "stolen":
        token = token_of(create_app(services).test_client().get("/callback"))
        client.get("/callback")
    answer = client.post("/callback", data={"token": token, **WHOLE})
    assert answer.status_code == 400
    assert NUMBER in answer.text
    assert promises(services) == []
    assert client.post("/callback", data={"token": token_of(answer), **WHOLE}).status_code == 200


def test_a_post_that_the_browser_says_is_foreign_is_not_taken(
    client: FlaskClient, services: Services
) -> None:
    token = token_of(client.get("/callback"))
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/callback", data={"token": token, **WHOLE}, headers=headers)
    assert answer.status_code == 400
    assert promises(services) == []


def test_the_sixth_within_an_hour_is_declined_kindly(
    client: FlaskClient, services: Services, clock: SteppedClock
) -> None:
    numbers = [f"010-1234-000{place}" for place in range(6)]
    answers = [send(client, number=number).status_code for number in numbers]
    assert answers == [200] * 5 + [429]
    assert len(promises(services)) == 5
    clock.step(timedelta(hours=1).total_seconds())
    assert send(client, number=numbers[5]).status_code == 200


def test_the_answer_does_not_tell_whether_a_number_is_known(
    client: FlaskClient, services: Services, clock: SteppedClock
) -> None:
    def told() -> str:
        return send(client).text

    unknown = told()
    standing = told()
    with services.database.transaction() as session:
        citizen = session.scalars(select(Citizen).with_for_update()).one()
        citizens.forbid_calls(session, citizen, "asked", How.KEY_PRESS, clock.now())
    forbidden = told()
    assert unknown == standing == forbidden
    assert len(promises(services)) == 1
    with services.database.transaction() as session:
        citizen = session.scalars(select(Citizen)).one()
        assert citizen.do_not_call_at is not None, "a form that anybody can fill in lifted it"
        live = select(Consent).where(
            Consent.withdrawn_at.is_(None), Consent.purpose == Purpose.CONTACT_BY_PHONE
        )
        assert session.scalars(live).all() == []


def test_a_standing_promise_keeps_its_times(client: FlaskClient, services: Services) -> None:
    send(client, day="4")
    (before,) = promises(services)
    send(client, day="6", night_calls="yes")
    (after,) = promises(services)
    assert after.next_at == before.next_at
    assert set(consents(services)) == {"contact_by_phone"}


def test_thanks_are_never_said_for_what_is_not_stored(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    def away(*_: object) -> None:
        raise DatabaseAway("OperationalError")

    monkeypatch.setattr(asking, "ask", away)
    answer = send(client)
    assert answer.status_code == 503
    assert "02-120" in answer.text
    assert "고맙습니다" not in answer.text
    assert promises(services) == []


def test_nothing_readable_is_kept_of_who_asked(client: FlaskClient, services: Services) -> None:
    send(client)
    with services.database.transaction() as session:
        keys = session.scalars(select(RateMark.key)).all()
        citizen = session.scalars(select(Citizen)).one()
    assert len(keys) == 2
    assert not any("127.0.0.1" in key or "5678" in key for key in keys)
    assert b"5678" not in citizen.sealed_number
