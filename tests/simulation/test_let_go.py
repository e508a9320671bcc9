"""Whom the line lets go though it owed them something is found, where all books agree."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from ivr import hooks
from ivr.caller_turns import Desk, on_wait
from ivr.flow import say_and_end
from ivr.instructions import Reply
from ivr.turn import Turn
from routing import records
from routing.line import Effect
from tests.simulation.faults import NONE
from tests.simulation.faults_short import WORK_HABITS, live_short, short_plan

DECLINED = "SELECT EXISTS (SELECT FROM offers WHERE call_id = %s AND state = 'declined')"


def _end_after_a_decline(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    call = records.call_by_sid(session, turn.call_sid)
    assert call is not None
    connection = session.connection()
    if connection.exec_driver_sql(DECLINED, (call.id,)).scalar():
        return _end(session, turn, desk)
    return on_wait(session, turn, desk)


def _end(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    return Effect.NOTHING, say_and_end("goodbye", "ko")


def test_who_waits_and_is_hung_up_on_was_let_go(
    postgres_url: str, template_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = short_plan(1, NONE)
    declining = replace(plan, work_habits=replace(WORK_HABITS, declines=0.5))
    monkeypatch.setitem(hooks.HOOKS, "wait", _end_after_a_decline)
    told = live_short(postgres_url, template_database, declining)
    assert told.wrongs
    assert all("was let go" in wrong for wrong in told.wrongs)  # nothing else tells of it


def test_who_lost_the_counselor_and_is_not_put_back_was_let_go(
    postgres_url: str, template_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    habits = replace(WORK_HABITS, closes_laptop_in_talk=0.9, misses=0.0, declines=0.0)
    dropping = replace(short_plan(4, NONE), seats=1, browsers=1, work_habits=habits)
    monkeypatch.setitem(hooks.HOOKS, "reconnect", _end)
    told = live_short(postgres_url, template_database, dropping)
    assert told.answered > 0
    assert any("was let go" in wrong for wrong in told.wrongs)
