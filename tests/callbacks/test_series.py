"""A series from its goal to its end: the same companion, substitutes, handovers, missed calls."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callbacks import calling, series
from callbacks.models import Promise, Series
from callbacks.retry import TryOutcome
from core.services import Services
from tests.callbacks.worklist_stage import Worklist
from tests.counselors.desk_stage import Desk
from tests.locks import beside

GOAL = "일주일에 한 번 장에 나가기"


@pytest.fixture
def work(services: Services) -> Worklist:
    return Worklist(services)


def begun(work: Worklist, sessions: int = 3, by: Desk | None = None, **body: Any) -> Any:
    """Agree on a weekly series in the first talk; returns the next call's id."""
    promise_id = work.promised(by)
    first_at = (work.now + timedelta(days=7)).isoformat()
    series = {"goal": GOAL, "first_at": first_at, "sessions": sessions, **body}
    answer = work.kept(promise_id, by, next={"series": series})
    assert answer.status_code == 200, answer.json
    return answer.json["next"]["id"]


def series_of(work: Worklist, promise_id: str, by: Desk | None = None) -> Any:
    """Return the series of a promise as the API answers it."""
    answer = (by or work.maru).get(f"/series/{work.promise(promise_id).series_id}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_each_call_plans_the_next_until_all_are_held(work: Worklist) -> None:
    promise_id = begun(work)
    for held in range(3):
        shown = series_of(work, promise_id)
        assert shown["progress"]["goal"] == GOAL
        assert shown["progress"]["steps"] == (["held"] * held + ["next"] + ["to_come"] * (2 - held))
        assert shown["next"]["companion"]["id"] == str(work.maru.counselor_id)
        work.later(days=7)
        promise_id = shown["next"]["id"]
        assert work.kept(promise_id).status_code == 200
    work.tend()
    over = series_of(work, promise_id)
    assert (over["progress"]["steps"], over["next"]) == (["held"] * 3, None)
    assert over["progress"]["end_reason"] == "all sessions held"
    assert len(over["held_at"]) == 3
    assert work.tend().followed == 0


def test_the_goal_is_sealed_at_rest(work: Worklist) -> None:
    promise_id = begun(work)
    with work.services.database.transaction() as session:
        sealed = session.get_one(Series, work.promise(promise_id).series_id).sealed_goal
    assert GOAL.encode() not in sealed


def test_a_letter_does_not_end_a_series_and_closing_does(work: Worklist) -> None:
    promise_id = begun(work)
    work.later(days=7)
    work.undecided(promise_id)
    assert work.tend().followed == 0  # it waits for a person
    path = f"/callbacks/{promise_id}/decision"
    work.boss.send("POST", path, {"decision": "letter", "note": "두 번 안부 편지"})
    following = series_of(work, promise_id)["next"]
    assert following["next_at"] > "2026-03-17T00:00:00.000Z"
    work.later(days=7)
    work.undecided(following["id"])
    path = f"/callbacks/{following['id']}/decision"
    work.boss.send("POST", path, {"decision": "close", "note": "이사하심"})
    assert series_of(work, promise_id)["progress"]["end_reason"] == "closed by decision"


def test_a_series_ended_beside_the_report_of_its_call_has_no_next(work: Worklist) -> None:
    """The report planned one more call, for somebody who wanted none."""
    services, promise_id = work.services, begun(work)
    work.later(days=7)
    work.hung_up(promise_id)
    series_id = work.promise(promise_id).series_id
    assert series_id is not None

    def end_it() -> bool:
        with services.database.transaction() as session:
            found = session.get_one(Series, series_id)
            return series.close(session, found, "by request", work.now, services.policy)

    with services.database.transaction() as session:
        held = session.get_one(Promise, uuid.UUID(promise_id), with_for_update=True)
        assert held.companion_id is not None
        ending = beside(services.database, end_it)
        calling.report(session, held.id, held.companion_id, TryOutcome.REACHED, work.now)
        series.follow_one(session, series_id, work.now, services.policy)
    assert ending.result() is True
    with services.database.reading() as reading:
        states = reading.scalars(select(Promise.state).where(Promise.series_id == series_id))
        assert sorted(states) == ["kept", "withdrawn"]


def test_a_dead_process_costs_one_sweep(work: Worklist) -> None:
    promise_id = begun(work)
    work.later(days=7)
    work.hung_up(promise_id)
    with work.services.database.transaction() as session:  # kept, and then the process died
        held = session.get_one(Promise, uuid.UUID(promise_id))
        assert held.companion_id is not None
        calling.report(session, held.id, held.companion_id, TryOutcome.REACHED, work.now)
    assert work.tend().followed == 1
    assert work.tend().followed == 0
    assert series_of(work, promise_id)["next"] is not None


def test_a_substitute_calls_while_away_and_the_same_one_comes_back(work: Worklist) -> None:
    promise_id = begun(work, sessions=4)
    nabi = work.companion()
    day = (work.now + timedelta(days=14)).date()
    sent = {
        "from_day": day.isoformat(),
        "until_day": (day + timedelta(days=1)).isoformat(),
        "substitute": str(nabi.counselor_id),
    }
    path = f"/companions/{work.maru.counselor_id}/absences"
    assert work.boss.send("POST", path, sent).status_code == 201
    work.later(days=7)
    work.kept(promise_id)
    second = series_of(work, promise_id)["next"]
    assert second["companion"]["id"] == str(nabi.counselor_id)
    work.later(days=7)
    assert work.kept(second["id"], nabi).status_code == 200
    third = series_of(work, promise_id)["next"]
    assert third["companion"]["id"] == str(work.maru.counselor_id)


def test_who_stands_in_sees_and_calls_what_was_planned_before(work: Worklist) -> None:
    promise_id = begun(work)
    nabi = work.companion()
    work.later(days=7)
    assert work.listed(by=nabi) == []
    today = work.now.date().isoformat()
    sent = {"from_day": today, "until_day": today, "substitute": str(nabi.counselor_id)}
    work.boss.send("POST", f"/companions/{work.maru.counselor_id}/absences", sent)
    assert work.listed(by=nabi) == [promise_id]
    assert work.begin(promise_id, nabi).status_code == 200


def test_an_absence_is_shown_and_may_end_early(work: Worklist) -> None:
    promise_id = begun(work)
    nabi, maru = work.companion(), work.maru.counselor_id
    work.later(days=7)
    path = f"/companions/{maru}/absences"
    first = work.now.date()
    sent = {"from_day": first.isoformat(), "substitute": str(nabi.counselor_id)}
    absence_id = work.boss.send("POST", path, sent).json["id"]
    assert absences(work) == [(first.isoformat(), None, True)]
    work.later(days=1)
    assert work.listed("overdue", by=nabi) == [promise_id]
    assert nabi.send("DELETE", f"{path}/{absence_id}").status_code == 403
    other = f"/companions/{nabi.counselor_id}/absences/{absence_id}"
    assert work.boss.send("DELETE", other).status_code == 404
    assert work.boss.send("DELETE", f"{path}/{absence_id}").status_code == 200
    assert absences(work) == []
    assert work.listed("overdue", by=nabi) == []
    assert work.boss.send("DELETE", f"{path}/{absence_id}").status_code == 404
    later = sent | {"from_day": (work.now + timedelta(days=3)).date().isoformat()}
    planned = work.boss.send("POST", path, later).json["id"]
    assert [row[2] for row in absences(work)] == [False]
    assert work.boss.send("DELETE", f"{path}/{planned}").status_code == 200
    assert absences(work) == []


def absences(work: Worklist) -> list[tuple[str, str | None, bool]]:
    """Return maru's absences as the supervisor's page is told, and whether one holds today."""
    shown = work.boss.get("/companions").json
    assert shown is not None
    row = next(one for one in shown["companions"] if one["id"] == str(work.maru.counselor_id))
    return [(one["from_day"], one["until_day"], row["is_away"]) for one in row["absences"]]


def test_a_handover_takes_promises_and_series_along(work: Worklist) -> None:
    promise_id = begun(work)
    nabi = work.companion()
    path = f"/companions/{work.maru.counselor_id}/handover"
    done = work.boss.send("POST", path, {"to": str(nabi.counselor_id)})
    assert done.json == {"promises": 1, "series": 1}
    assert work.listed("promised") == []
    assert work.listed("promised", nabi) == [promise_id]
    work.later(days=7)
    work.kept(promise_id, nabi)
    assert series_of(work, promise_id, nabi)["next"]["companion"]["id"] == str(nabi.counselor_id)


def test_a_planned_handover_begins_on_its_day(work: Worklist) -> None:
    promise_id = begun(work)
    nabi = work.companion()
    day = (work.now + timedelta(days=7)).date().isoformat()
    path = f"/companions/{work.maru.counselor_id}/handover"
    done = work.boss.send("POST", path, {"to": str(nabi.counselor_id), "from_day": day})
    assert done.json == {"promises": 0, "series": 0}
    assert work.listed("promised", nabi) == []
    work.later(days=7)
    assert work.listed(by=nabi) == [promise_id]


def test_one_series_at_a_time_and_only_with_ones_own_people(work: Worklist) -> None:
    promise_id = begun(work)
    whose = work.promise(promise_id).citizen_id
    sent = {
        "citizen_id": str(whose),
        "goal": GOAL,
        "first_at": (work.now + timedelta(days=1)).isoformat(),
        "sessions": 2,
    }
    assert work.maru.send("POST", "/series", sent).status_code == 409
    nabi = work.companion()
    assert nabi.send("POST", "/series", sent).status_code == 404
    assert work.maru.send("POST", "/series", {**sent, "sessions": None}).status_code == 422
    ended = work.maru.send("PUT", f"/series/{work.promise(promise_id).series_id}", {"end": "요청"})
    assert ended.json["next"] is None
    assert work.promise(promise_id).state == "withdrawn"
    assert work.maru.send("POST", "/series", sent).status_code == 201


def test_agreed_anew(work: Worklist) -> None:
    promise_id = begun(work)
    path = f"/series/{work.promise(promise_id).series_id}"
    changed = work.maru.send("PUT", path, {"sessions": 5, "goal": "산책", "every_days": 14})
    assert changed.json["progress"]["sessions_planned"] == 5
    assert changed.json["progress"]["goal"] == "산책"
    assert changed.json["next"]["id"] == promise_id
    assert work.maru.send("PUT", path, {"ends_on": "2020-01-01"}).status_code == 422


def test_a_refusal_ends_the_series(work: Worklist) -> None:
    promise_id = begun(work)
    work.later(days=7)
    work.hung_up(promise_id)
    work.maru.send("PUT", f"/callbacks/{promise_id}/outcome", {"outcome": "refused"})
    with work.services.database.transaction() as session:
        ended = session.scalars(select(Series)).one()
    assert ended.end_reason == "declined"
