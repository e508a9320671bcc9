"""Mornings full of promises, from seeds; and that a broken promise would be found."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from simulator.habits import Habits
from simulator.journal import WebhookAnswered, WebhookSent
from simulator.staff import WorkHabits
from simulator.supervisors import SupervisorHabits
from tests.simulation.promise_holds import NOT_WRONG, wrongs_of_rings
from tests.simulation.test_short_days import START, a_plan, hold, lived
from tests.simulation.world import World

TEN = START + timedelta(hours=10)
TUESDAY = TEN + timedelta(days=1)  # that Monday is a holiday, on which companions rest
HABITS = Habits(
    talk_seconds=400, patience_seconds=500, asks_callback=0.3, keeps_place=0.5, leaves_at_worst=0.2
)


@pytest.fixture
def morning(database_url: str) -> World:
    """An hour and a half with a dozen promises."""
    plan = a_plan(1, hours=1.5, calls=18, start=TEN)
    world = lived(
        database_url, replace(plan, habits=HABITS, work_habits=WorkHabits(wrap_seconds=60))
    )
    yield world
    world.close()


def test_promises_of_a_morning_are_kept_and_a_broken_one_is_found(morning: World) -> None:
    hold(morning)
    seen = morning.figures()
    assert seen.rung >= 5
    assert seen.reached >= 2
    _spoken_without_a_row_is_found(morning)
    _a_ring_against_their_word_is_found(morning)
    _a_silent_end_is_found(morning)


def _spoken_without_a_row_is_found(world: World) -> None:
    liar = next(one for one in world.callers if one.leg is not None and not one.wishes)
    assert liar.leg is not None
    now, sid = world.kernel.now(), liar.leg.sid
    world.exchange.journal.append(WebhookSent(now, 10**9, "action", sid, "POST", "", ()))
    world.exchange.journal.append(WebhookAnswered(now, 10**9, 200, "<Say>약속드립니다.</Say>"))
    assert any("spoken and not stored" in wrong for wrong in world.findings())


def _a_ring_against_their_word_is_found(world: World) -> None:
    rings = world.recounted.rings
    numbers = {ring.number for ring in rings.values()}
    rung = next(one for one in world.callers if numbers & set(one.numbers))
    said = list(rung.wishes)
    rung.wishes[:] = [replace(wish, wants=False) for wish in said]
    assert "wanted no more calls" in _wrongs(world)
    rung.wishes.clear()
    rung.asked.clear()
    assert "never asked for it" in _wrongs(world)
    early = said[0].at - timedelta(days=1)
    window = {"days": [6], "from": "01:00", "until": "02:00"}
    rung.wishes[:] = [replace(said[0], at=early, windows=(window,))]
    assert "outside the hours" in _wrongs(world)
    for ring in rings.values():
        assert ring.rung is not None
        ring.rung -= timedelta(hours=8)
    assert "quiet hours" in _wrongs(world)


def _wrongs(world: World) -> str:
    with world.database.transaction() as session:
        return " ".join(wrongs_of_rings(session, world.recounted, world.callers, NOT_WRONG))


def _a_silent_end_is_found(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(
            text(
                "UPDATE promises SET state = 'decided' WHERE id = (SELECT min(id::text)::uuid"
                " FROM promises WHERE state IN ('kept', 'declined'))"
            )
        )
    assert any("decided by nobody" in wrong for wrong in world.findings())


def test_companions_keep_what_was_promised_by_form_and_in_person(database_url: str) -> None:
    plan = replace(a_plan(2, hours=2.0, calls=4, start=TUESDAY), habits=HABITS, forms_a_day=100.0)
    plan = replace(plan, supervisor_habits=SupervisorHabits(looks_every_seconds=900, promises=0.8))
    world = lived(database_url, plan)
    try:
        hold(world)
        said = [one for each in world.office.companions for one in each.diary]
        assert sum(one.recorded == "reached" for one in said) >= 3
        assert len(world.recounted.rings) >= 6
        _a_companion_with_a_first_call_is_found(world)
        _who_was_due_and_not_called_is_found(world)
    finally:
        world.close()


def _a_companion_with_a_first_call_is_found(world: World) -> None:
    seen, companion = world.recounted, world.office.companions[0]
    caller = next(iter(seen.stories))
    seen.talks.append(replace(seen.talks[0], citizen_sid=caller, staff=companion.address))
    assert any("given the inbound call" in wrong for wrong in world.findings())


def _who_was_due_and_not_called_is_found(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(
            text(
                "UPDATE promises SET state = 'planned', next_at = :due, state_since = :due,"
                " entry_call_id = NULL WHERE id = (SELECT p.id FROM promises p"
                "  WHERE p.state = 'kept' AND p.purpose = 'companion' AND NOT EXISTS"
                "   (SELECT FROM promises o WHERE o.citizen_id = p.citizen_id AND o.id <> p.id)"
                "  ORDER BY p.id LIMIT 1)"
            ),
            {"due": TUESDAY + timedelta(minutes=5)},
        )
        session.execute(text("DELETE FROM promise_tries"))
    assert any("and not called, though a companion was idle" in wrong for wrong in world.findings())
    late = timedelta(days=2)
    with world.database.transaction() as session:
        session.execute(text("UPDATE promises SET deadline = deadline - :late"), {"late": late})
    assert world.standing().overdue > 0
