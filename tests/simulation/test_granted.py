"""What the server granted and did not store is found, whatever it was."""

from sqlalchemy import text

from simulator.journal import WebhookAnswered, WebhookSent
from simulator.people import Wish
from tests.simulation.faults import NONE
from tests.simulation.fresh_world import fresh_world
from tests.simulation.meetings import Request
from tests.simulation.plans import crisis_plan
from tests.simulation.world import World

LOOKED = {
    *("promised", "written", "reported", "withdrawn", "brought_in", "accepted", "begun"),
    *("ended", "thanked"),
}
LOST = (
    "UPDATE sessions SET outcome = NULL, ended_at = NULL, counselor_id = (SELECT id FROM accounts"
    " WHERE role = 'counselor' ORDER BY login LIMIT 1), state = 'closed'",
    "UPDATE offers SET state = 'declined'",
    "UPDATE promise_tries SET outcome = 'busy'",
    "UPDATE promises SET state = 'kept', end_reason = NULL, made_at = made_at - interval '1 day',"
    " ended_at = made_at - interval '1 day'",
    "UPDATE citizens SET do_not_call_at = NULL",
)


def test_what_was_granted_and_is_not_there_is_found(
    postgres_url: str, template_database: str
) -> None:
    with fresh_world(postgres_url, template_database, crisis_plan(105, NONE)) as world:
        world.run()
        assert world.findings() == []
        assert set(world.granted.looked) >= LOOKED
        with world.database.transaction() as session:
            for statement in LOST:
                session.execute(text(statement))
            assert any("was written" in one for one in world.granted.wrongs_at_end(session))
        unseen = [one for one in world.server.done if not _is_found(world, one)]
        assert [(one.method, one.path) for one in unseen] == []
        _nothing_stands_for_who_was_thanked(world)
        _a_call_again_that_does_not_stand(world)


def _is_found(world: World, one: Request) -> bool:
    looked, wrongs = world.granted.looked.total(), len(world.granted.wrongs)
    world.granted.hear(one)
    return world.granted.looked.total() == looked or len(world.granted.wrongs) > wrongs


def _nothing_stands_for_who_was_thanked(world: World) -> None:
    person = world.office.people[0]
    world.granted.thank(Wish(world.kernel.now(), person.numbers[0], "form", "companion"))
    assert "the form thanked" in world.granted.wrongs[-1]


def _a_call_again_that_does_not_stand(world: World) -> None:
    now, sid = world.kernel.now(), next(iter(world.recounted.rings))
    again = "<Say>다시 전화드리겠습니다.</Say>"
    world.exchange.journal.append(WebhookSent(now, 10**9, "action", sid, "POST", "", ()))
    world.exchange.journal.append(WebhookAnswered(now, 10**9, 200, again))
    assert any("none stands" in wrong for wrong in world.findings())
