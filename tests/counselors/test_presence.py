"""Status is said by people, state by the machine; neither overrules the other."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.life import IllegalEvent
from counselors import presence
from counselors.models import PresenceEntry
from counselors.states import PresenceEvent, Status
from tests.routing.line_stage import Stage


def test_a_new_counselor_is_off_and_free(stage: Stage) -> None:
    held = stage.get_presence(stage.counselor(status=Status.OFF))
    assert (held.status, held.state) == ("off", "free")


def test_saying_the_same_again_keeps_the_time(stage: Stage) -> None:
    counselor = stage.counselor()
    since = stage.get_presence(counselor).status_since
    stage.later(60)
    stage.say(counselor, "ready")
    assert stage.get_presence(counselor).status_since == since
    stage.say(counselor, "break")
    assert stage.get_presence(counselor).status_since == stage.now


def test_a_status_never_moves_the_state(stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    stage.talking()
    for status in ("break", "off", "ready"):
        stage.say(counselor, status)
        assert stage.get_presence(counselor).state == "on_call"


def test_an_illegal_event_changes_nothing(stage: Stage) -> None:
    counselor = stage.counselor()
    before = stage.get_presence(counselor).state_since
    stage.later(5)
    with pytest.raises(IllegalEvent), stage.database.transaction() as session:
        presence.move(presence.locked(session, counselor), PresenceEvent.WRAP_ENDED, stage.now)
    held = stage.get_presence(counselor)
    assert (held.state, held.state_since) == ("free", before)


def test_only_the_end_of_a_session_changes_the_rank(stage: Stage) -> None:
    counselor = stage.counselor(idle_seconds=500)
    idle_since = stage.get_presence(counselor).idle_since
    stage.call()
    stage.decline(stage.dispatch()[0])
    stage.say(counselor, "break")
    stage.say(counselor, "ready")
    assert stage.get_presence(counselor).idle_since == idle_since


def test_a_heartbeat_is_noted_every_few_seconds_only(stage: Stage) -> None:
    counselor = stage.counselor()
    began = stage.now
    stage.later(1)
    stage.heard(counselor)
    assert stage.get_presence(counselor).heard_at == began
    stage.later(presence.HEARD_EVERY_SECONDS)
    stage.heard(counselor)
    assert stage.get_presence(counselor).heard_at == stage.now


def test_whose_leg_was_lost_must_be_heard_again(stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    _, session_id = stage.accepted()
    stage.later(stage.policy.join_seconds_max)
    stage.sweep()
    assert stage.get_presence(counselor).heard_at is None
    assert session_id


def test_not_answering_is_a_break_that_ends_with_ready(stage: Stage) -> None:
    counselor = stage.counselor()
    with stage.open() as session:
        presence.mark_not_answering(presence.locked(session, counselor), stage.now)
    held = stage.get_presence(counselor)
    assert (held.status, held.not_answering_since) == ("break", stage.now)
    stage.say(counselor, "ready")
    assert stage.get_presence(counselor).not_answering_since is None


def test_who_said_off_stays_off_after_a_ring_no_answer(stage: Stage) -> None:
    counselor = stage.counselor(status=Status.OFF)
    with stage.open() as session:
        presence.mark_not_answering(presence.locked(session, counselor), stage.now)
    assert stage.get_presence(counselor).status == "off"


def test_the_history_says_who_was_there_when(stage: Stage) -> None:
    counselor = stage.counselor(status=Status.OFF)
    stage.say(counselor, "ready")
    stage.later(60)
    stage.say(counselor, "break")
    with stage.open() as session:
        rows = session.execute(
            select(PresenceEntry.at, PresenceEntry.status)
            .where(PresenceEntry.counselor_id == counselor)
            .order_by(PresenceEntry.id)
        ).all()
    assert [row.status for row in rows][-2:] == ["ready", "break"]
    assert rows[-1].at - rows[-2].at == timedelta(seconds=60)
