"""Programs that hand on wishes: signatures, replays, rotation, and what they may never do."""

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from callbacks import clients, clients_api
from callbacks.clients import Signed, signature_of
from callbacks.models import ApiKey, Promise
from core.services import Services
from tests.callbacks.worklist_stage import CONSENT, NUMBER, Worklist
from tests.locks import beside

PATH = "/api/v1/intake"
WISH = {"number": NUMBER, "consent": CONSENT}


class Program:
    """A program with a key, signing what it sends."""

    def __init__(self, work: Worklist, key: dict[str, str]) -> None:
        self.work, self.key = work, key
        self.client = work.house.app.test_client(use_cookies=False)

    def headers(self, body: bytes, nonce: str, age_seconds: float = 0) -> dict[str, str]:
        """Return the headers of a signed request."""
        sent_at = str(int(self.work.now.timestamp() - age_seconds))
        signed = Signed(self.key["key_id"], sent_at, "", nonce, "POST", PATH, body)
        return {
            "X-Helpline-Key": self.key["key_id"],
            "X-Helpline-Timestamp": sent_at,
            "X-Helpline-Signature": signature_of(self.key["secret"], signed),
            "Idempotency-Key": nonce,
        }

    def send(
        self, wish: Any = WISH, nonce: str | None = None, age_seconds: float = 0, **changed: str
    ) -> Any:
        """Send a wish; changed: headers put in place of the right ones."""
        body = json.dumps(wish).encode()
        headers = self.headers(body, nonce or uuid.uuid4().hex, age_seconds) | {
            name.replace("_", "-"): value for name, value in changed.items()
        }
        return self.client.post(PATH, data=body, headers=headers, content_type="application/json")


@pytest.fixture
def work(services: Services) -> Worklist:
    return Worklist(services)


def added(work: Worklist, channel: str = "chatbot") -> Program:
    """Let a program in."""
    admin = work.person("admin")
    made = admin.send("POST", "/clients", {"name": f"{channel} one", "channel": channel})
    assert made.status_code == 201, made.json
    return Program(work, made.json)


@pytest.fixture
def program(work: Worklist) -> Program:
    return added(work)


def test_a_signed_wish_becomes_a_promise(work: Worklist, program: Program) -> None:
    answer = program.send({**WISH, "about": "other", "note": "옆집 어르신 걱정"})
    assert answer.status_code == 201, answer.json
    promise = work.promise(answer.json["id"])
    assert (promise.origin, promise.about, promise.purpose) == ("chatbot", "other", "companion")
    assert work.listed() == [answer.json["id"]]


def test_whatever_is_altered_is_refused(work: Worklist, program: Program) -> None:
    assert program.send(X_Helpline_Signature="0" * 64).status_code == 401
    assert program.send(X_Helpline_Signature="é").status_code == 401
    assert program.send(X_Helpline_Key="hk_unknown").status_code == 401
    assert program.send(X_Helpline_Timestamp="soon").status_code == 401
    assert program.send(Idempotency_Key="another").status_code == 401
    assert program.send(age_seconds=301).status_code == 401
    assert program.send(age_seconds=-301).status_code == 401
    body = json.dumps(WISH).encode()
    headers = program.headers(body, "n1")
    other = json.dumps({**WISH, "number": "010-5550-9999"}).encode()
    sent = {"headers": headers, "content_type": "application/json"}
    assert program.client.post(PATH, data=other, **sent).status_code == 401
    assert program.client.post(PATH, json=WISH).status_code == 401
    with work.services.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Promise)) == 0


def test_the_same_request_again_is_the_same_promise(work: Worklist, program: Program) -> None:
    first = program.send(nonce="n1")
    again = program.send(nonce="n1")
    assert (first.status_code, first.json) == (again.status_code, again.json)
    reused = program.send({**WISH, "language": "en"}, nonce="n1")
    assert reused.status_code == 422


def test_a_rotation_leaves_a_week_for_the_old_key(work: Worklist, program: Program) -> None:
    admin = work.person_of("admin")
    path = f"/clients/{program.key['client_id']}"
    fresh = Program(work, admin.send("POST", f"{path}/keys").json)
    assert program.send().status_code == 201
    assert fresh.send().status_code == 201
    work.later(days=7)
    assert program.send().status_code == 401
    assert fresh.send().status_code == 201
    assert admin.send("POST", f"{path}/revoke").status_code == 200
    assert fresh.send().status_code == 401
    assert admin.send("POST", f"{path}/keys").status_code == 404


def test_secrets_are_sealed_and_never_shown_again(work: Worklist, program: Program) -> None:
    admin = work.person_of("admin")
    listed = admin.get("/clients")
    assert program.key["secret"] not in listed.text
    with work.services.database.transaction() as session:
        sealed = session.get_one(ApiKey, program.key["key_id"]).sealed_secret
    assert program.key["secret"].encode() not in sealed
    taken = admin.send("POST", "/clients", {"name": "chatbot one", "channel": "chatbot"})
    assert taken.status_code == 409


def test_a_program_never_lifts_do_not_call(work: Worklist, program: Program) -> None:
    work.boss.send("POST", "/do-not-call", {"number": NUMBER, "reason": "전화로 부탁하심"})
    refused = program.send()
    assert refused.status_code == 409
    assert "do_not_call" not in refused.text  # a program is not told what the person said
    assert work.wish().status_code == 201  # a person who heard a new consent may


def test_a_program_does_not_move_what_was_agreed(work: Worklist, program: Program) -> None:
    windows = [{"days": [3], "from": "14:00", "until": "16:00"}]
    promise_id = work.promised(windows=windows)
    before = work.promise(promise_id).next_at
    answer = program.send({**WISH, "at": work.now.isoformat(), "windows": []})
    assert (answer.json["id"], answer.json["is_new"]) == (promise_id, False)
    assert work.promise(promise_id).next_at == before


def test_too_many_in_an_hour(
    work: Worklist, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients_api, "PER_HOUR_MAX", 2)
    assert [program.send().status_code for _ in range(3)] == [201, 201, 429]
    work.later(minutes=61)
    assert program.send().status_code == 201


def test_a_name_is_given_once_though_two_ask_for_it_at_once(services: Services) -> None:
    """The second was answered with an error of ours."""
    database, now = services.database, services.clock.now()

    def add() -> object:
        with database.transaction() as session:
            return clients.add(session, "상담 챗봇", "chatbot", services.sealer, now)

    with database.transaction() as session:
        first = clients.add(session, "상담 챗봇", "chatbot", services.sealer, now)
        second = beside(database, add)
    assert first is not None
    assert second.result() is None
