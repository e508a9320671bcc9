"""A session and its counselor's presence move together, and a token lets one leg in."""

import pytest

from core.life import IllegalEvent
from counselors import presence, sessions
from counselors.models import CounselingSession
from routing.actions import Accepted
from tests.routing.line_stage import Stage


def test_a_token_is_kept_as_a_digest_and_works_once(stage: Stage) -> None:
    stage.counselor()
    stage.call()
    taken = stage.accept(stage.dispatch()[0])
    assert isinstance(taken, Accepted)
    with stage.open() as session:
        talk = sessions.by_join_token(session, taken.join_token)
        assert talk is not None
        assert talk.id == taken.session_id
        assert taken.join_token not in str(vars(talk))
        assert sessions.by_join_token(session, "") is None
    stage.join_counselor(taken.session_id)
    with stage.open() as session:
        assert sessions.by_join_token(session, taken.join_token) is None


def test_a_second_token_stops_the_first(stage: Stage) -> None:
    stage.counselor()
    stage.call()
    _, session_id = stage.accepted()
    with stage.open() as session:
        talk = session.get_one(CounselingSession, session_id)
        first = sessions.mint_join_token(talk)
        second = sessions.mint_join_token(talk)
        session.flush()
        assert sessions.by_join_token(session, first) is None
        assert sessions.by_join_token(session, second) is talk
    assert len(second) >= 32


@pytest.mark.parametrize("how", ["end", "lose", "leave"])
def test_no_token_works_after_the_end(stage: Stage, how: str) -> None:
    counselor, call = stage.counselor(), stage.call()
    taken = stage.accept(stage.dispatch()[0])
    assert isinstance(taken, Accepted)
    if how == "end":
        stage.end(taken.session_id, counselor)
    elif how == "leave":
        stage.leave(call)
    else:
        stage.later(stage.policy.join_seconds_max)
        stage.sweep()
    with stage.open() as session:
        assert sessions.by_join_token(session, taken.join_token) is None


def test_a_talk_has_no_deadline_and_a_wrap_up_has(stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    _, session_id = stage.talking()
    assert stage.get_talk(session_id).deadline is None
    stage.end(session_id, counselor)
    deadline = stage.get_talk(session_id).deadline
    assert deadline is not None
    assert (deadline - stage.now).total_seconds() == stage.policy.wrap_seconds_max


def test_an_outcome_clears_the_draft(stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    _, session_id = stage.talking()
    with stage.open() as session:
        session.get_one(CounselingSession, session_id).sealed_draft = b"sealed"
    stage.end(session_id, counselor)
    stage.write(session_id, counselor, {"result": "listened"})
    assert stage.get_talk(session_id).sealed_draft is None


def test_a_session_cant_be_closed_twice(stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    _, session_id = stage.talking()
    stage.end(session_id, counselor)
    stage.write(session_id, counselor, {})
    with pytest.raises(IllegalEvent), stage.database.transaction() as session:
        talk = session.get_one(CounselingSession, session_id)
        sessions.close(talk, presence.locked(session, counselor), {}, stage.now)
    stage.check()
