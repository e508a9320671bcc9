"""Who is there, who may be asked, which session is whose."""

from datetime import date

from counselors import records
from counselors.states import Status
from tests.routing.line_stage import Stage


def test_the_board_sees_every_counselor_and_no_companion(stage: Stage) -> None:
    here = {stage.counselor(), stage.counselor(status=Status.OFF)}
    stage.counselor(role="companion")
    with stage.open() as session:
        rows = records.presences(session)
    assert {row.counselor_id for row in rows} == here
    assert [row.login for row in rows] == sorted(row.login for row in rows)


def test_since_is_the_later_of_status_and_state(stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    stage.later(5)
    stage.dispatch()
    with stage.open() as session:
        view = records.presence(session, counselor)
    assert view is not None
    assert (view.status, view.state, view.since) == ("ready", "offered", stage.now)


def test_ready_is_ready_free_certified_reachable_and_longest_idle_first(stage: Stage) -> None:
    short, long = stage.counselor(idle_seconds=5), stage.counselor(idle_seconds=50)
    stage.counselor(status=Status.BREAK)
    stage.counselor(role="companion")
    stage.counselor(certified_until=date(2026, 3, 1))
    with stage.open() as session:
        rows = records.ready(session, stage.now, 15)
    assert [row.counselor_id for row in rows] == [long, short]
    stage.later(16)
    with stage.open() as session:
        assert records.ready(session, stage.now, 15) == []


def test_a_certificate_ends_at_midnight_in_seoul(stage: Stage) -> None:
    stage.counselor(endpoint="sip:a@b.example", certified_until=date(2026, 3, 2))
    stage.later(14 * 3600 - 1)
    with stage.open() as session:
        assert len(records.ready(session, stage.now, 15)) == 1
    stage.later(1)
    with stage.open() as session:
        assert records.ready(session, stage.now, 15) == []


def test_a_session_is_found_by_its_counselor_and_by_its_call(stage: Stage) -> None:
    counselor, call = stage.counselor(), stage.call()
    _, session_id = stage.talking()
    with stage.open() as session:
        mine, live = records.open_session(session, counselor), records.live_session(session, call)
        assert mine is live
        assert mine is not None
        assert mine.id == session_id
        assert records.wrapping_session(session, call) is None
    stage.end(session_id, counselor)
    with stage.open() as session:
        assert records.live_session(session, call) is None
        assert records.wrapping_session(session, call) is not None
        assert records.open_session(session, counselor) is not None
