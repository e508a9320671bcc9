"""The call agreed in a counselor's session: booked with the outcome, or not at all."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callbacks.models import Promise
from citizens.models import Citizen, Consent
from core.services import Services
from counselors.models import CounselingSession
from tests.callbacks.worklist_stage import CONSENT, TALKED, Worklist
from tests.counselors.desk_stage import Desk

MORE = {**TALKED, "contact_kind": "loneliness_talk", "outcome": "needs_more_time_outbound"}


@pytest.fixture
def work(services: Services) -> Worklist:
    return Worklist(services)


@pytest.fixture
def haneul(work: Worklist) -> Desk:
    return work.house.desk()


def wrapped_up(work: Worklist, haneul: Desk, *, withheld: bool = False) -> str:
    """Talk with a caller to the wrap-up; returns the session's id."""
    if withheld:
        work.house.stage.call()
        work.house.stage.dispatch()
    else:
        work.house.offered()
    shown = haneul.get("/me/desk").json
    assert shown is not None
    taken = haneul.send("POST", f"/offers/{shown['offer']['id']}/accept").json
    haneul.send("POST", f"/sessions/{taken['session_id']}/end")
    return str(taken["session_id"])


def written(haneul: Desk, session_id: str, outcome: Any, **next_call: Any) -> Any:
    """Write the outcome with the call agreed in it."""
    agreed = {"next_call": {"consent": CONSENT, **next_call}} if next_call else {}
    return haneul.send("PUT", f"/sessions/{session_id}/outcome", {**outcome, **agreed})


def promises(work: Worklist) -> list[Promise]:
    """Return every promise."""
    with work.services.database.transaction() as session:
        return list(session.scalars(select(Promise)))


def in_a_week(work: Worklist) -> str:
    """Return this hour next week."""
    return (work.now + timedelta(days=7)).isoformat()


def test_needs_more_time_books_the_companions_first_call(work: Worklist, haneul: Desk) -> None:
    session_id = wrapped_up(work, haneul)
    windows = [{"days": [1], "from": "10:00", "until": "12:00"}]
    answer = written(haneul, session_id, MORE, at=in_a_week(work), windows=windows)
    assert answer.status_code == 200, answer.json
    assert answer.json["promised"]["next_at"] == "2026-03-10T01:00:00.000Z"
    assert "next_call" not in answer.json["outcome"]
    (made,) = promises(work)
    assert (made.purpose, made.origin) == ("companion", "desk")
    assert made.companion_id == work.maru.counselor_id
    assert work.listed("promised") == [str(made.id)]
    with work.services.database.transaction() as session:
        heard = session.scalars(select(Consent)).one()
    assert heard.heard_by == str(haneul.counselor_id)
    again = written(haneul, session_id, MORE, at=in_a_week(work), windows=windows)
    assert again.status_code == 200
    assert len(promises(work)) == 1


def test_without_a_date_nothing_is_written(work: Worklist, haneul: Desk) -> None:
    session_id = wrapped_up(work, haneul)
    bare = written(haneul, session_id, MORE)
    assert bare.json["errors"][0]["field"] == "next_call"
    undated = written(haneul, session_id, MORE, note="다음 주쯤")
    assert undated.json["errors"][0]["field"] == "next_call.at"
    stray = written(haneul, session_id, {**MORE, "outcome": "eased_closed"}, at=in_a_week(work))
    assert stray.json["errors"][0]["field"] == "next_call"
    with work.services.database.transaction() as session:
        assert session.get_one(CounselingSession, uuid.UUID(session_id)).outcome is None
    assert promises(work) == []


def test_a_withheld_caller_is_asked_for_a_number(work: Worklist, haneul: Desk) -> None:
    session_id = wrapped_up(work, haneul, withheld=True)
    bare = written(haneul, session_id, MORE, at=in_a_week(work))
    assert bare.json["errors"][0]["field"] == "next_call.number"
    with work.services.database.transaction() as session:
        assert session.get_one(CounselingSession, uuid.UUID(session_id)).outcome is None
    special = written(haneul, session_id, MORE, at=in_a_week(work), number="119")
    assert special.json["errors"][0]["field"] == "next_call.number"
    given = written(haneul, session_id, MORE, at=in_a_week(work), number="010-5550-7777")
    assert given.status_code == 200, given.json


def test_a_lost_line_is_offered_one_talk_and_never_assumed(work: Worklist, haneul: Desk) -> None:
    lost = {**MORE, "outcome": "line_lost"}
    session_id = wrapped_up(work, haneul)
    assert written(haneul, session_id, lost).json["promised"] is None
    assert promises(work) == []
    work.later(minutes=1)
    haneul.get("/me/desk")
    second = wrapped_up(work, haneul)
    answer = written(haneul, second, lost, note="말씀 도중 끊김")
    assert answer.status_code == 200, answer.json
    (made,) = promises(work)
    assert (made.purpose, made.origin, made.state) == ("talk", "cut_line", "planned")


def test_a_new_consent_lifts_an_earlier_do_not_call(work: Worklist, haneul: Desk) -> None:
    sent = {"number": "+821012345678", "reason": "전에는 싫다고 하심"}
    assert work.boss.send("POST", "/do-not-call", sent).status_code == 200
    session_id = wrapped_up(work, haneul)
    assert written(haneul, session_id, MORE, at=in_a_week(work)).status_code == 200
    with work.services.database.transaction() as session:
        assert session.scalars(select(Citizen)).one().do_not_call_at is None
