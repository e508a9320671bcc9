"""The ledger's API: given, withdrawn, never to be called again, within the same second."""

from datetime import timedelta
from typing import Any

import pytest

from core.services import Services
from routing.dispatch import dispatch
from routing.states import CallState
from tests.callbacks.worklist_stage import NUMBER, Worklist

NO_MORE = {"reason": "다시 걸지 말아 달라고 하심"}


@pytest.fixture
def work(services: Services) -> Worklist:
    return Worklist(services)


def ledger(work: Worklist, promise_id: str) -> Any:
    """Return the ledger of whom a promise was made to."""
    answer = work.maru.get(f"/citizens/{work.promise(promise_id).citizen_id}/consents")
    assert answer.status_code == 200
    return answer.json


def path_of(work: Worklist, promise_id: str, what: str) -> str:
    return f"/citizens/{work.promise(promise_id).citizen_id}/{what}"


def test_the_ledger_only_grows(work: Worklist) -> None:
    promise_id = work.promised()
    given = {"purpose": "night_calls", "wording": "night-2026-11/ko"}
    path = path_of(work, promise_id, "consents")
    assert work.maru.send("POST", path, given).status_code == 201
    work.later(minutes=1)
    taken = work.maru.send("POST", f"{path}/withdraw", {"purpose": "night_calls"})
    assert taken.status_code == 200
    assert work.maru.send("POST", path, given).status_code == 201
    found = [
        (one["purpose"], one["withdrawn_at"] is None)
        for one in ledger(work, promise_id)["consents"]
    ]
    assert sorted(found) == [
        ("contact_by_phone", True),
        ("night_calls", False),
        ("night_calls", True),
    ]
    logged = [action for action, _ in work.accesses()]
    assert {"record consent", "withdraw consent", "read consents"} <= set(logged)


def test_without_the_consent_to_be_called_no_promise_stands(work: Worklist) -> None:
    promise_id = work.promised()
    path = path_of(work, promise_id, "consents/withdraw")
    assert work.maru.send("POST", path, {"purpose": "contact_by_phone"}).status_code == 200
    assert work.promise(promise_id).state == "withdrawn"
    assert work.promise(promise_id).end_reason == "no_consent"


def test_do_not_call_takes_the_talk_out_of_the_queue(work: Worklist) -> None:
    talk = work.promised(work.boss, purpose="talk")
    work.tend()
    assert work.call_of(talk).state == CallState.WAITING
    path = path_of(work, talk, "do-not-call")
    done = work.boss.send("POST", path, NO_MORE)
    assert (done.status_code, done.json["do_not_call"]) == (200, True)
    assert work.call_of(talk).state == CallState.CLOSED
    assert work.promise(talk).state == "withdrawn"
    assert all(one["withdrawn_at"] for one in done.json["consents"])


def test_do_not_call_takes_back_an_offer(work: Worklist) -> None:
    haneul = work.house.desk()
    talk = work.promised(work.boss, purpose="talk")
    work.tend()
    with work.services.database.transaction() as session:
        assert len(dispatch(session, work.now, work.services.policy)) == 1
    work.boss.send("POST", path_of(work, talk, "do-not-call"), NO_MORE)
    shown = haneul.get("/me/desk").json
    assert shown is not None
    assert (shown["offer"], shown["presence"]["state"]) == (None, "free")


def test_do_not_call_stops_what_rings(work: Worklist) -> None:
    promise_id = work.promised()
    work.ringing(promise_id)
    work.boss.send("POST", "/do-not-call", {"number": NUMBER, **NO_MORE})
    call = work.call_of(promise_id)
    assert (call.state, work.promise(promise_id).state) == (CallState.CLOSED, "withdrawn")
    hang_ups = [order.kind for order in work.house.stage.orders("due")]
    assert "reach" not in hang_ups
    assert "hang_up" in hang_ups  # the companion's own leg goes too


def test_a_talk_goes_on_and_nothing_follows(work: Worklist) -> None:
    promise_id = work.promised()
    session_id = work.talking(promise_id)
    work.boss.send("POST", path_of(work, promise_id, "do-not-call"), NO_MORE)
    assert work.call_of(promise_id).state == CallState.CONNECTED
    work.maru.send("POST", f"/sessions/{session_id}/end")
    told = work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", {"outcome": "voicemail"})
    assert told.json["callback"]["state"] == "withdrawn"


def test_a_number_we_never_heard_of_is_not_called_later(work: Worklist) -> None:
    haneul = work.house.desk()
    sent = {"number": "010-5550-4321", **NO_MORE}
    assert haneul.send("POST", "/do-not-call", sent).json == {"stopped": 0}
    at = (work.now + timedelta(days=1)).isoformat()
    assert work.wish(number="010-5550-4321", at=at, consent=None).json["reason"] == "do_not_call"


def test_windows_are_kept_and_bad_ones_named(work: Worklist) -> None:
    promise_id = work.promised()
    path = path_of(work, promise_id, "windows")
    kept = work.maru.send(
        "PUT", path, {"windows": [{"days": [2, 1, 2], "from": "09:30", "until": "11:00"}]}
    )
    assert kept.json["windows"] == [{"days": [1, 2], "from": "09:30", "until": "11:00"}]
    bad = work.maru.send(
        "PUT", path, {"windows": [{"days": [], "from": "9", "until": "11:00", "why": "x"}]}
    )
    named = {fault["field"] for fault in bad.json["errors"]}
    assert named == {"windows.0.days", "windows.0.from", "windows.0.why"}
