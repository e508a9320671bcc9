"""The desk's API: from ready to a recorded outcome, each refusal, and nobody else's things."""

import json
import uuid
from datetime import date
from typing import Any

import jwt
import pytest
from sqlalchemy import select

from core.audit import verify
from core.models import AccessEntry, AccessHead
from core.services import Services
from counselors import presence
from counselors.models import CounselingSession
from routing.states import CallState
from tests.counselors.desk_stage import Desk, House
from tests.locks import beside

TALK = {
    "contact_kind": "loneliness_talk",
    "outcome": "eased_closed",
    "reasons": ["loneliness"],
    "risk": "none",
    "notes": "오랜만에 이야기를 나누셨다",
}


@pytest.fixture
def house(services: Services) -> House:
    return House(services)


@pytest.fixture
def haneul(house: House) -> Desk:
    return house.desk()


def test_from_the_offer_to_the_outcome(house: House, haneul: Desk) -> None:
    offered = house.offered(waited=40)
    shown = haneul.get("/me/desk").json
    assert shown is not None
    assert shown["offer"] == {
        "id": str(offered.offer_id),
        "call_id": str(offered.call_id),
        "deadline": "2026-03-02T01:00:15.000Z",
        "need": "talk",
        "reason": shown["offer"]["reason"],
        "caller": {"kind": "mobile", "number": "010-****-5678"},
        "queued_at": "2026-03-02T00:59:20.000Z",
        "language": "ko",
        "handed_on": None,
    }
    taken = haneul.send("POST", f"/offers/{offered.offer_id}/accept").json
    assert set(taken) == {"session_id", "connect"}
    assert taken["connect"]["params"]["join"]
    session_id = taken["session_id"]
    shown = haneul.get("/me/desk").json
    assert shown is not None
    assert (shown["offer"], shown["session"]["id"]) == (None, session_id)
    assert shown["session"]["cues"] == [1200, 1500, 1800]
    assert shown["presence"]["state"] == "on_call"
    assert haneul.send("PUT", f"/sessions/{session_id}/outcome", TALK).status_code == 409
    assert haneul.send("POST", f"/sessions/{session_id}/end").status_code == 200
    assert haneul.send("POST", f"/sessions/{session_id}/end").status_code == 200
    shown = haneul.get("/me/desk").json
    assert shown is not None
    assert (shown["session"], shown["wrapping"]["id"]) == (None, session_id)
    written = haneul.send("PUT", f"/sessions/{session_id}/outcome", TALK)
    assert written.status_code == 200
    assert "notes" not in written.json["outcome"]
    shown = haneul.get("/me/desk").json
    assert shown is not None
    assert (shown["wrapping"], shown["presence"]["state"]) == (None, "free")
    house.stage.check()
    assert house.stage.get_call(offered.call_id).state == CallState.CLOSED


def wrapped_up(house: House, desk: Desk) -> str:
    """Bring a session to its wrap-up and return its id."""
    house.offered()
    offer = desk.get("/me/desk").json
    assert offer is not None
    taken = desk.send("POST", f"/offers/{offer['offer']['id']}/accept").json
    desk.send("POST", f"/sessions/{taken['session_id']}/end")
    return str(taken["session_id"])


def talk_of(house: House, session_id: str) -> CounselingSession:
    with house.services.database.transaction() as session:
        return session.get_one(CounselingSession, uuid.UUID(session_id))


def test_the_same_outcome_twice_changes_nothing(house: House, haneul: Desk) -> None:
    session_id = wrapped_up(house, haneul)
    haneul.send("PUT", f"/sessions/{session_id}/outcome", TALK)
    before = talk_of(house, session_id)
    house.stage.later(60)
    again = haneul.send("PUT", f"/sessions/{session_id}/outcome", TALK)
    after = talk_of(house, session_id)
    assert again.status_code == 200
    assert (after.outcome_at, after.sealed_notes) == (before.outcome_at, before.sealed_notes)
    other = {**TALK, "notes": "고침"}
    assert haneul.send("PUT", f"/sessions/{session_id}/outcome", other).status_code == 200
    assert talk_of(house, session_id).sealed_notes != before.sealed_notes


def test_notes_and_drafts_are_sealed_at_rest(house: House, haneul: Desk) -> None:
    session_id = wrapped_up(house, haneul)
    haneul.send("PUT", f"/sessions/{session_id}/draft", {"draft": {"notes": "비밀 이야기"}})
    draft = talk_of(house, session_id).sealed_draft
    haneul.send("PUT", f"/sessions/{session_id}/outcome", TALK)
    talk = talk_of(house, session_id)
    assert draft is not None
    assert talk.sealed_notes is not None
    assert "비밀".encode() not in draft
    assert "이야기".encode() not in talk.sealed_notes
    assert "이야기" not in json.dumps(talk.outcome, ensure_ascii=False)


def test_bad_fields_are_each_named(house: House, haneul: Desk) -> None:
    session_id = wrapped_up(house, haneul)
    bad = {**TALK, "gender": "x", "risk": "very", "isolation_level": 9, "mood": "sad"}
    answer = haneul.send("PUT", f"/sessions/{session_id}/outcome", bad)
    assert answer.status_code == 422
    named = {fault["field"] for fault in answer.json["errors"]}
    assert named == {"gender", "risk", "isolation_level", "mood"}
    torn = {"contact_kind": "crisis", "risk": "none", "notes": "x"}
    answer = haneul.send("PUT", f"/sessions/{session_id}/outcome", torn)
    named = {fault["field"] for fault in answer.json["errors"]}
    assert named == {"outcome", "main_reason", "risk"}
    assert talk_of(house, session_id).outcome is None


def test_a_draft_survives_until_the_outcome(house: House, haneul: Desk) -> None:
    session_id = wrapped_up(house, haneul)
    path = f"/sessions/{session_id}/draft"
    assert haneul.get(path).json == {"draft": None}
    assert haneul.send("PUT", path, {"draft": {"notes": "중간까지"}}).status_code == 200
    assert haneul.get(path).json == {"draft": {"notes": "중간까지"}}
    assert haneul.send("PUT", path, {"draft": {"notes": "x" * 30_000}}).status_code == 422
    haneul.send("PUT", f"/sessions/{session_id}/outcome", TALK)
    assert haneul.send("PUT", path, {"draft": {}}).status_code == 404
    assert haneul.get(path).json == {"draft": None}


def test_a_lapsed_offer_is_gone(house: House, haneul: Desk) -> None:
    offered = house.offered()
    house.stage.later(house.services.policy.ring_seconds_max + 1)
    house.stage.sweep()
    for act, body in (("accept", None), ("decline", {"reason": "busy"})):
        answer = haneul.send("POST", f"/offers/{offered.offer_id}/{act}", body)
        assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    me = haneul.get("/me").json
    assert me is not None
    assert (me["status"], me["not_answering_since"]) == ("break", "2026-03-02T01:00:16.000Z")


def test_accepting_again_with_the_same_key_gives_the_same_answer(
    house: House, haneul: Desk
) -> None:
    offered = house.offered()
    path = f"/offers/{offered.offer_id}/accept"
    first = haneul.send("POST", path, key="k1")
    again = haneul.send("POST", path, key="k1")
    assert first.json == again.json
    assert haneul.send("POST", path, {}, key="k1").json == first.json
    anew = haneul.send("POST", path, key="k2")
    assert anew.json["session_id"] == first.json["session_id"]
    assert anew.json["connect"] != first.json["connect"]


def test_declining_gives_the_call_back(house: House, haneul: Desk) -> None:
    offered = house.offered()
    path = f"/offers/{offered.offer_id}/decline"
    for bad in ({}, {"reason": ""}, {"reason": 1}, {"reason": "x" * 201}, {"reason": "a\x00"}):
        assert haneul.send("POST", path, bad).status_code == 422
    assert haneul.send("POST", path, {"reason": "rest"}).status_code == 200
    assert house.stage.get_call(offered.call_id).state == CallState.WAITING


def test_presence(house: House, haneul: Desk) -> None:
    answer = haneul.send("PUT", "/me/presence", {"status": "break"})
    assert (answer.json["status"], answer.json["state"]) == ("break", "free")
    assert haneul.send("PUT", "/me/presence", {"status": "ready"}).json["status"] == "ready"
    for bad in ({}, {"status": "READY"}, {"status": None}, {"status": "ready", "x": 1}, []):
        assert haneul.send("PUT", "/me/presence", bad).status_code == 422


def test_a_lapsed_certificate_can_not_be_ready(house: House) -> None:
    desk = house.desk(certified_until=date(2026, 3, 1))
    answer = desk.send("PUT", "/me/presence", {"status": "ready"})
    assert answer.status_code == 409
    assert "2026-03-01" in answer.json["detail"]
    assert desk.send("PUT", "/me/presence", {"status": "break"}).status_code == 200
    seatless = house.person("counselor")
    assert seatless.send("PUT", "/me/presence", {"status": "off"}).status_code == 409


def test_every_call_of_the_desk_is_a_sign_of_life(house: House, haneul: Desk) -> None:
    offered = house.offered()
    session_id = haneul.send("POST", f"/offers/{offered.offer_id}/accept").json["session_id"]
    calls = [
        *(("GET", path, None) for path in ("/me", "/me/desk", "/me/softphone")),
        ("GET", f"/sessions/{session_id}/draft", None),
        ("PUT", f"/sessions/{session_id}/draft", {"draft": {}}),
        ("POST", f"/calls/{offered.call_id}/reveal", {"reason": "bad line"}),
        ("PUT", "/me/presence", {"status": "break"}),
        ("POST", f"/sessions/{session_id}/end", {}),
        ("PUT", f"/sessions/{session_id}/outcome", TALK),
    ]
    for method, path, body in calls:
        house.stage.later(10)
        assert haneul.send(method, path, body).status_code == 200, path
        heard_at = house.stage.get_presence(haneul.counselor_id).heard_at
        assert heard_at == house.stage.now, path


def test_the_stream_shows_the_desk_and_ends_with_the_sign_in(house: House, haneul: Desk) -> None:
    house.stage.later(10)
    answer = haneul.client.get("/api/v1/me/desk/stream", buffered=False)
    events = iter(answer.response)
    assert next(events) in (b"retry: 1000\n\n", "retry: 1000\n\n")
    first = _event(next(events))
    assert first == haneul.get("/me/desk").json
    assert house.stage.get_presence(haneul.counselor_id).heard_at == house.stage.now
    offered = house.offered()
    house.services.live.ring(f"desk:{haneul.counselor_id}")
    assert _event(next(events))["offer"]["id"] == str(offered.offer_id)
    haneul.client.delete("/api/v1/tokens/current")
    house.services.live.ring(f"desk:{haneul.counselor_id}")
    assert next(events, None) is None
    answer.close()


def _event(sent: str | bytes) -> dict[str, Any]:
    text = sent.decode() if isinstance(sent, bytes) else sent
    head, data, _ = text.split("\n", 2)
    assert head == "event: desk"
    shown: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return shown


def test_the_softphones_token_names_its_account(house: House, haneul: Desk) -> None:
    answer = haneul.get("/me/softphone").json
    assert answer is not None
    secret = house.services.config.carrier.api_key_secret
    at_any_time = {"verify_exp": False, "verify_nbf": False}
    claims = jwt.decode(answer["token"], secret, ["HS256"], options=at_any_time)
    assert claims["grants"]["identity"] == f"counselor_{haneul.counselor_id.hex}"
    assert answer["expires_at"] == "2026-03-02T02:00:00.000Z"
    assert answer["edge_host"] is None


def test_each_reveal_is_in_the_access_log(house: House, haneul: Desk) -> None:
    offered = house.offered()
    path = f"/calls/{offered.call_id}/reveal"
    why = {"reason": "긴급구조 요청"}
    assert haneul.send("POST", path, why).status_code == 404
    haneul.send("POST", f"/offers/{offered.offer_id}/accept")
    assert haneul.send("POST", path, {"reason": " "}).status_code == 422
    for _ in range(2):
        answer = haneul.send("POST", path, why, key="same")
        assert answer.json == {"number": "+821012345678"}
    with house.services.database.transaction() as session:
        assert verify(session, house.services.sealer).whole
        rows = session.scalars(select(AccessEntry)).all()
    assert [row.subject for row in rows] == [f"calls:{offered.call_id}"] * 2
    assert (rows[0].account_id, rows[0].reason) == (haneul.counselor_id, why["reason"])
    assert rows[0].address == "127.0.0.1"


def test_a_number_is_revealed_beside_somebody_who_locks_seat_and_log(
    house: House, haneul: Desk
) -> None:
    """Taken the other way round, each waited for the other: the log's head comes last."""
    offered = house.offered()
    haneul.send("POST", f"/offers/{offered.offer_id}/accept")
    house.stage.later(10)  # a sign of life is noted only every few seconds
    why, database = {"reason": "긴급구조 요청"}, house.services.database
    path = f"/calls/{offered.call_id}/reveal"
    with database.transaction() as session:
        presence.locked(session, haneul.counselor_id)
        revealing = beside(database, lambda: haneul.send("POST", path, why))
        session.scalars(select(AccessHead).with_for_update(nowait=True)).one()
    assert revealing.result().status_code == 200


def test_nobody_reaches_anothers_things(house: House, haneul: Desk) -> None:
    bada = house.desk(status="off")
    offered = house.offered()
    for act, body in (("accept", None), ("decline", {"reason": "busy"})):
        answer = bada.send("POST", f"/offers/{offered.offer_id}/{act}", body)
        assert answer.status_code == 404
    session_id = haneul.send("POST", f"/offers/{offered.offer_id}/accept").json["session_id"]
    path = f"/sessions/{session_id}"
    assert bada.send("POST", f"{path}/end").status_code == 404
    assert bada.send("PUT", f"{path}/outcome", TALK).status_code == 404
    assert bada.send("PUT", f"{path}/draft", {"draft": {}}).status_code == 404
    assert bada.get(f"{path}/draft").status_code == 404
    reveal = {"reason": "그냥 궁금해서"}
    assert bada.send("POST", f"/calls/{offered.call_id}/reveal", reveal).status_code == 404
    assert talk_of(house, session_id).state == "joining"


def test_unknown_and_malformed_ids(haneul: Desk) -> None:
    for thing in (str(uuid.uuid4()), "x", "1", "%00", "../me", "a" * 5000):
        for method, path, body in (
            ("POST", f"/offers/{thing}/accept", None),
            ("POST", f"/sessions/{thing}/end", None),
            ("PUT", f"/sessions/{thing}/outcome", TALK),
            ("POST", f"/calls/{thing}/reveal", {"reason": "왜냐하면"}),
        ):
            answer = haneul.send(method, path, body)
            assert answer.status_code == 404
            assert answer.mimetype == "application/problem+json"
