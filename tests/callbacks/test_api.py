"""The worklist's API: from a wish to a kept promise, each refusal, and nobody else's people."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from citizens import actions as citizens
from citizens.consent import How, Purpose
from core.services import Services
from counselors.models import CounselingSession
from routing import line, outward
from routing.dispatch import dispatch
from routing.models import Call
from routing.states import CallState
from routing.sweep import sweep
from tests.callbacks.worklist_stage import CONSENT, NUMBER, TALKED, Worklist
from tests.counselors.desk_stage import Desk


@pytest.fixture
def work(services: Services) -> Worklist:
    return Worklist(services)


def test_a_wish_becomes_a_call_and_a_kept_promise(work: Worklist) -> None:
    promise_id = work.promised(note="시장에 같이 가기로 함")
    assert work.listed() == [promise_id]
    session_id = work.talking(promise_id)
    shown = work.maru.get("/me/worklist").json
    assert shown is not None
    assert shown["session"]["id"] == str(session_id)
    assert (shown["session"]["callback_id"], shown["session"]["state"]) == (promise_id, "talking")
    assert shown["session"]["number"] == "010-****-1234"
    early = work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", {"outcome": "voicemail"})
    assert early.status_code == 409
    work.later(minutes=20)
    assert work.maru.send("POST", f"/sessions/{session_id}/end").status_code == 200
    shown = work.maru.get("/me/worklist").json
    assert shown is not None
    assert (shown["session"], shown["wrapping"]["callback_id"]) == (None, promise_id)
    sent = {"outcome": "reached", "session_outcome": TALKED}
    answer = work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", sent)
    assert answer.status_code == 200, answer.json
    assert answer.json["callback"]["state"] == "kept"
    again = work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", sent)
    assert again.json["recorded"] == "reached"
    assert work.promise(promise_id).tries == 1
    with work.services.database.transaction() as session:
        talk = session.get_one(CounselingSession, session_id)
    assert talk.outcome is not None
    assert talk.outcome["channel"] == "outbound_scheduled"
    assert talk.sealed_notes is not None
    assert "notes" not in talk.outcome
    shown = work.maru.get("/me/worklist").json
    assert shown is not None
    assert shown["wrapping"] is None
    assert shown["last_try"]["outcome"] == "reached"


def test_ringing_is_shown_and_so_is_what_came_of_it(work: Worklist) -> None:
    promise_id = work.promised()
    work.ringing(promise_id)
    shown = work.maru.get("/me/worklist").json
    assert shown is not None
    assert shown["session"]["state"] == "ringing"
    with work.services.database.transaction() as session:
        call = session.get_one(Call, work.promise(promise_id).entry_call_id, with_for_update=True)
        outward.not_reached(session, call, "busy", work.now, work.services.policy)
    told = work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", {"outcome": "busy"})
    assert told.status_code == 200, told.json
    assert told.json["recorded"] == "busy"
    assert told.json["callback"]["state"] == "planned"
    assert [row["outcome"] for row in told.json["callback"]["tries"]] == ["busy"]


def test_the_same_number_is_promised_one_call(work: Worklist) -> None:
    first = work.wish()
    again = work.wish(at=(work.now + timedelta(days=1)).isoformat())
    assert again.json["id"] == first.json["id"]
    assert (first.json["is_new"], again.json["is_new"]) == (True, False)
    assert again.json["next_at"] == "2026-03-04T01:00:00.000Z"  # agreed anew
    assert work.listed("promised") == [first.json["id"]]


def test_what_may_not_be_promised_is_refused_by_name(work: Worklist) -> None:
    for number, word in (
        ("112", "emergency"),
        ("02-120", "service"),
        ("+1 202 555 0147", "abroad"),
    ):
        answer = work.wish(number=number)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "number"
        assert word in answer.json["errors"][0]["message"]
    silent = work.wish(consent=None)
    assert (silent.status_code, silent.json["reason"]) == (409, "no_consent")
    unheard = work.wish(consent={**CONSENT, "heard": False})
    assert unheard.status_code == 422
    bad: list[tuple[str, Any]] = [
        ("at", "2026-03-03T01:00:00"),
        ("at", (work.now - timedelta(days=1)).isoformat()),
        ("at", "9999-12-31T23:59:59Z"),
        ("windows", [{"days": [7], "from": "10:00", "until": "12:00"}]),
        ("windows", [{"days": [1], "from": "12:00", "until": "10:00"}]),
        ("purpose", "sell"),
    ]
    for field, value in bad:
        answer = work.wish(**{field: value})
        assert answer.status_code == 422, (field, value)
        assert answer.json["errors"][0]["field"].startswith(field)


def test_quiet_hours_and_windows_move_the_moment(work: Worklist) -> None:
    windows = [{"days": [3], "from": "14:00", "until": "16:00"}]  # Thursdays
    answer = work.wish(windows=windows)
    assert answer.json["next_at"] == "2026-03-05T05:00:00.000Z"
    refused = work.begin(answer.json["id"])
    assert refused.status_code == 409
    assert refused.json["reason"] == "not at this hour"
    assert refused.json["next_at"] == "2026-03-05T05:00:00.000Z"


def test_pressing_twice_begins_one_call(work: Worklist) -> None:
    promise_id = work.promised()
    first = work.maru.send("POST", f"/callbacks/{promise_id}/call", key="one-press")
    same = work.maru.send("POST", f"/callbacks/{promise_id}/call", key="one-press")
    other = work.begin(promise_id)
    assert first.json == same.json
    assert (other.status_code, other.json["reason"]) == (409, "calling")


def test_a_try_is_not_repeated_too_soon(work: Worklist) -> None:
    promise_id = work.promised()
    work.not_reached(promise_id)
    refused = work.begin(promise_id)
    assert refused.status_code == 409
    assert refused.json["next_at"] > "2026-03-03T01:30:00.000Z"


def test_a_consent_withdrawn_meanwhile_ends_the_promise_at_the_press(work: Worklist) -> None:
    promise_id = work.promised()
    whose = work.promise(promise_id).citizen_id
    with work.services.database.transaction() as session:
        citizens.withdraw(session, whose, Purpose.CONTACT_BY_PHONE, How.KEY_PRESS, work.now)
    refused = work.begin(promise_id)
    assert (refused.status_code, refused.json["reason"]) == (409, "no_consent")
    assert work.promise(promise_id).state == "withdrawn"  # kept, though the answer is a refusal


def test_a_decision_is_written_and_logged(work: Worklist) -> None:
    promise_id = work.promised()
    work.undecided(promise_id)
    assert work.listed("decision") == [promise_id]
    path = f"/callbacks/{promise_id}/decision"
    assert work.boss.send("POST", path, {"decision": "letter"}).status_code == 422
    note = "번호가 바뀐 듯하여 편지로 여쭙니다"
    decided = work.boss.send("POST", path, {"decision": "letter", "note": note})
    assert decided.json["state"] == "decided"
    assert work.boss.send("POST", path, {"decision": "close", "note": note}).status_code == 409
    detail = work.boss.get(f"/callbacks/{promise_id}").json
    assert detail is not None
    assert [(one["decision"], one["note"]) for one in detail["decisions"]] == [("letter", note)]
    assert ("decide letter", f"citizens:{detail['callback']['citizen_id']}") in work.accesses()


def test_deciding_again_plans_one_more_try_after_a_pause(work: Worklist) -> None:
    promise_id = work.promised()
    work.undecided(promise_id)
    sent = {"decision": "again", "note": "가족이 새 시간을 알려 주심"}
    decided = work.boss.send("POST", f"/callbacks/{promise_id}/decision", sent)
    assert decided.json["state"] == "planned"
    assert decided.json["next_at"] >= "2026-03-03T01:40:00.000Z"


def test_withdrawing_stops_what_rings(work: Worklist) -> None:
    promise_id = work.promised()
    work.ringing(promise_id)
    sent = {"reason": "가족이 전화로 부탁", "do_not_call": True}
    done = work.boss.send("POST", f"/callbacks/{promise_id}/withdraw", sent)
    assert (done.status_code, done.json["state"]) == (200, "withdrawn")
    assert work.call_of(promise_id).state == CallState.CLOSED
    assert work.tend().settled == 0
    assert work.promise(promise_id).state == "withdrawn"
    shown = work.maru.get("/me/worklist").json
    assert shown is not None
    assert shown["session"] is None


def test_a_talk_is_never_cut_by_a_withdrawal(work: Worklist) -> None:
    promise_id = work.promised()
    work.talking(promise_id)
    sent = {"reason": "잘못 누름"}
    assert work.boss.send("POST", f"/callbacks/{promise_id}/withdraw", sent).status_code == 409
    assert work.call_of(promise_id).state == CallState.CONNECTED


def test_risk_brings_a_counselor_at_once_and_before_the_others(work: Worklist) -> None:
    promise_id = work.promised()
    work.talking(promise_id)
    note = "죽고 싶다고 하심, 혼자 계심"
    made = work.maru.send("POST", f"/callbacks/{promise_id}/escalate", {"note": note}).json
    work.tend()
    assert work.promise(made["id"]).entry_call_id is None  # the two still talk
    work.maru.send("POST", f"/sessions/{work_session(work, promise_id)}/end")
    haneul = work.house.desk()
    work.house.stage.call(waited=60)
    work.tend()
    entry = work.promise(made["id"]).entry_call_id
    offered = work.house.services.database.run(lambda session: dispatch_now(session, work))
    assert [one.call_id for one in offered] == [entry]
    handed = haneul.get(f"/calls/{entry}/handed-on").json
    assert handed is not None
    assert (handed["origin"], handed["note"]) == ("escalation", note)
    stranger = work.house.desk()
    assert stranger.get(f"/calls/{entry}/handed-on").status_code == 404


def test_a_counselor_is_brought_into_the_talk_with_why(work: Worklist) -> None:
    session_id = work.talking(work.promised())
    path = f"/sessions/{session_id}"
    stranger = work.companion()
    assert stranger.send("POST", f"{path}/bring-in", {"note": "아니오"}).status_code == 409
    assert work.maru.send("POST", f"{path}/hand-over").status_code == 409
    note = "죽고 싶다고 하심, 혼자 계심"
    called = work.maru.send("POST", f"{path}/bring-in", {"note": note}).json
    shown = looked(work.maru, "/me/worklist")
    assert shown["session"]["handing"]["state"] == "called"
    assert shown["session"]["handing"]["tell_seconds"] == work.services.policy.announce_seconds
    haneul = work.house.desk()
    work.house.stage.call(waited=3600)
    work.services.database.run(lambda session: dispatch_now(session, work))
    desk = looked(haneul, "/me/desk")
    offer = desk["offer"]
    assert (offer["call_id"], offer["handed_on"]) == (called["call_id"], "talk")
    handed = haneul.get(f"/calls/{offer['call_id']}/handed-on").json
    assert handed is not None
    assert (handed["origin"], handed["note"]) == ("escalation", note)
    taken = haneul.send("POST", f"/offers/{offer['id']}/accept").json
    with work.services.database.transaction() as session:
        counselors = uuid.UUID(taken["session_id"])
        line.counselor_joined(session, counselors, "CAhers", work.now, work.services.policy)
    shown = looked(work.maru, "/me/worklist")
    assert shown["session"]["handing"]["state"] == "there"
    desk = looked(haneul, "/me/desk")
    assert (desk["session"]["handed_on"], desk["session"]["has_company"]) == ("talk", True)
    assert work.maru.send("POST", f"{path}/hand-over").json == {"session_id": str(session_id)}
    shown = looked(work.maru, "/me/worklist")
    assert (shown["session"], shown["wrapping"]["id"]) == (None, str(session_id))
    desk = looked(haneul, "/me/desk")
    assert desk["session"]["has_company"] is False
    assert ("bring in", f"sessions:{session_id}") in work.accesses()


def looked(desk: Desk, path: str) -> Any:
    """Return what a page asks for."""
    answer = desk.get(path).json
    assert answer is not None
    return answer


def work_session(work: Worklist, promise_id: str) -> uuid.UUID:
    """Return the session in which a promise is being kept."""
    with work.services.database.transaction() as session:
        entry = work.promise(promise_id).entry_call_id
        found = session.query(CounselingSession).filter_by(call_id=entry).one()
        return found.id


def dispatch_now(session: Any, work: Worklist) -> Any:
    """Decide who is asked, without the checks of the stage."""
    return dispatch(session, work.now, work.services.policy)


def test_an_escalation_hurries_the_talk_that_stands(work: Worklist) -> None:
    companion = work.promised()
    talk = work.promised(work.boss, purpose="talk", at=(work.now + timedelta(days=2)).isoformat())
    made = work.maru.send("POST", f"/callbacks/{companion}/escalate", {"note": "위험"}).json
    assert made["id"] == talk
    work.tend()
    assert work.call_of(talk).priority == 3


def nobodys_business(work: Worklist, other: Desk, promise_id: str) -> None:
    """Everything about a promise is not there for a companion whose it is not."""
    paths: list[tuple[str, str, Any]] = [
        ("GET", f"/callbacks/{promise_id}", None),
        ("POST", f"/callbacks/{promise_id}/call", {}),
        ("PUT", f"/callbacks/{promise_id}/outcome", {"outcome": "busy"}),
        ("POST", f"/callbacks/{promise_id}/decision", {"decision": "close", "note": "아니오"}),
        ("POST", f"/callbacks/{promise_id}/withdraw", {"reason": "아니오"}),
        ("POST", f"/callbacks/{promise_id}/escalate", {"note": "아니오"}),
        ("POST", f"/callbacks/{promise_id}/reveal", {"reason": "호기심"}),
        ("GET", f"/citizens/{work.promise(promise_id).citizen_id}/consents", None),
    ]
    for method, path, body in paths:
        assert other.send(method, path, body).status_code == 404, path


def test_companions_see_their_own_and_nobodys(work: Worklist) -> None:
    mine = work.promised()
    nabi = work.companion()
    assert work.listed(by=nabi) == []
    nobodys_business(work, nabi, mine)
    assert work.listed(by=work.boss) == [mine]
    talk = work.promised(work.boss, purpose="talk", number="010-5550-9999")
    assert work.listed() == [mine]  # talks are counselors' and supervisors'
    assert set(work.listed(by=work.boss)) == {mine, talk}


def test_each_open_promise_is_in_one_view(work: Worklist) -> None:
    made = [
        work.promised(number=f"010-5550-{1000 + i}", at=(work.now + timedelta(days=i)).isoformat())
        for i in range(4)
    ]
    work.later(days=2, hours=1)
    shown = {view: work.listed(view) for view in ("today", "overdue", "promised", "decision")}
    assert shown == {"overdue": made[:2], "today": [made[2]], "promised": [made[3]], "decision": []}
    counts = work.maru.get("/me/worklist").json
    assert counts is not None
    assert counts["counts"] == {"today": 1, "overdue": 2, "promised": 1, "decision": 0}
    assert work.maru.get("/callbacks?view=all").status_code == 422


def test_a_try_that_is_still_to_come_is_overdue_only_from_its_moment_on(work: Worklist) -> None:
    promise_id = work.promised()
    work.later(days=1, hours=1)
    assert work.listed("overdue") == [promise_id]
    work.not_reached(promise_id)  # two hours are to pass before the next try
    assert (work.listed("overdue"), work.listed()) == ([], [promise_id])
    assert work.begin(promise_id).status_code == 409
    work.later(hours=9)
    assert (work.listed("overdue"), work.listed()) == ([promise_id], [])
    work.ringing(promise_id)


def test_numbers_are_masked_unless_revealed_and_every_look_is_logged(work: Worklist) -> None:
    promise_id = work.promised()
    listed = work.maru.get("/callbacks?view=today")
    assert NUMBER not in listed.text
    assert listed.json is not None
    row = listed.json["callbacks"][0]
    assert row["number"] == "010-****-1234"
    path = f"/callbacks/{promise_id}/reveal"
    assert work.maru.send("POST", path, {}).status_code == 422
    shown = work.maru.send("POST", path, {"reason": "문자로 주소를 보내야 함"}).json
    assert shown == {"number": "+821055501234"}
    work.maru.get(f"/callbacks/{promise_id}")
    whose = f"citizens:{row['citizen_id']}"
    actions = [action for action, subject in work.accesses() if subject == whose]
    assert actions == ["promise call", "list callbacks", "reveal number", "read callback"]


def test_only_who_was_reached_agrees_on_a_next_call(work: Worklist) -> None:
    promise_id = work.promised()
    work.hung_up(promise_id)
    at = (work.now + timedelta(days=7)).isoformat()
    path = f"/callbacks/{promise_id}/outcome"
    wrong = work.maru.send("PUT", path, {"outcome": "voicemail", "next": {"at": at}})
    assert wrong.status_code == 422
    bare = work.maru.send("PUT", path, {"outcome": "reached"})
    assert bare.json["errors"][0]["field"] == "session_outcome"
    sent = {"outcome": "reached", "session_outcome": TALKED, "next": {"at": at}}
    answer = work.maru.send("PUT", path, sent)
    assert answer.status_code == 200, answer.json
    assert answer.json["next"]["is_new"] is True
    following = work.promise(answer.json["next"]["id"])
    assert following.companion_id == work.maru.counselor_id
    assert work.listed("promised") == [str(following.id)]


def not_written_up(work: Worklist) -> uuid.UUID:
    """A promise whose talk is over, and nobody wrote what came of it in time."""
    promise_id = work.promised()
    work.hung_up(promise_id)
    work.later(minutes=10)
    with work.services.database.transaction() as session:
        sweep(session, work.now, work.services.policy)
    work.tend()
    return promise_id


def test_an_outcome_written_after_the_wrap_up_counts(work: Worklist) -> None:
    promise_id = not_written_up(work)
    assert work.promise(promise_id).waits_for == "outcome not written"
    sent = {"outcome": "reached", "session_outcome": TALKED}
    late = work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", sent)
    assert late.status_code == 200, late.json
    assert work.promise(promise_id).state == "kept"


def test_what_was_said_in_the_talk_is_kept_though_somebody_decided_meanwhile(
    work: Worklist,
) -> None:
    """A January of the simulated line: the report was granted, and nothing of it was written."""
    promise_id = not_written_up(work)
    decided = {"decision": "again", "note": "기록이 없어 다시 전화"}
    path = f"/callbacks/{promise_id}"
    assert work.boss.send("POST", f"{path}/decision", decided).status_code == 200
    sent = {"outcome": "reached", "session_outcome": TALKED}
    late = work.maru.send("PUT", f"{path}/outcome", sent)
    assert (late.status_code, late.json["recorded"]) == (200, "reached")
    assert work.promise(promise_id).state == "planned"
    with work.services.database.transaction() as session:
        assert session.scalars(select(CounselingSession.outcome)).one() is not None


@pytest.mark.parametrize("said", ["reached", "voicemail"])
def test_a_companions_draft_is_sealed_and_kept_until_the_outcome(work: Worklist, said: str) -> None:
    promise_id = work.promised()
    path = f"/sessions/{work.hung_up(promise_id)}/draft"
    assert work.maru.get(path).json == {"draft": None}
    draft = {"notes": "비밀 이야기", "said": "reached", "step": {"kind": "at"}}
    assert work.maru.send("PUT", path, {"draft": draft}).status_code == 200
    assert work.maru.get(path).json == {"draft": draft}
    assert work.companion().get(path).status_code == 404
    with work.services.database.transaction() as session:
        sealed = session.scalars(select(CounselingSession.sealed_draft)).one()
    assert sealed is not None
    assert "비밀".encode() not in sealed
    outcome = {"outcome": said} | ({"session_outcome": TALKED} if said == "reached" else {})
    assert work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", outcome).status_code == 200
    assert work.maru.get(path).json == {"draft": None}
    assert work.maru.send("PUT", path, {"draft": draft}).status_code == 404


def test_assigning_asks_for_the_certificate_now(work: Worklist) -> None:
    promise_id = work.promised()
    lapsed = work.companion(certified_until=date(2026, 3, 2))
    nabi = work.companion()
    path = f"/callbacks/{promise_id}/assign"
    refused = work.boss.send("POST", path, {"companion_id": str(lapsed.counselor_id)})
    assert refused.status_code == 409
    done = work.boss.send("POST", path, {"companion_id": str(nabi.counselor_id)})
    assert done.json["companion"]["id"] == str(nabi.counselor_id)
    assert work.listed() == []
    assert work.listed(by=nabi) == [promise_id]
