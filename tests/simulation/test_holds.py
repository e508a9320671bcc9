"""What must hold at every moment is found broken where it is."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.simulation.crash_points import FLOWS
from tests.simulation.fresh_world import fresh_world
from tests.simulation.holds import wrongs_now
from tests.simulation.world import World

ANOTHER = """CREATE TEMP TABLE another ON COMMIT DROP AS SELECT * FROM {0};
    UPDATE another SET {1}; INSERT INTO {0} SELECT * FROM another"""
BREAKING = {
    "a call's journal ends in another state": """
        UPDATE call_events SET state = 'wrapping' WHERE id = (SELECT max(id) FROM call_events)""",
    "an accepted offer has no session": "UPDATE sessions SET offer_id = NULL",
    "a session comes from no accepted offer": "UPDATE offers SET state = 'declined'",
    "a live call has no deadline": "UPDATE calls SET state = 'waiting', deadline = NULL",
    "a call waits or talks and never": "UPDATE calls SET state = 'waiting', queued_at = NULL",
    "a closed call has neither a reason": "UPDATE calls SET closed_at = NULL",
    "a call is being made that is not ours": "UPDATE calls SET state = 'reaching'",
    "a call wraps up without a session": "UPDATE calls SET state = 'wrapping'",
    "a presence is not what offers": "UPDATE presences SET state = 'wrapping'",
    "an order is in somebody's hands": "UPDATE orders SET state = 'sending', lease_until = NULL",
    "a counselor is called to a talk that does not go on": """
        UPDATE calls SET state = 'waiting', carrier_sid = 'beside-1', handed_from_id = id""",
    "two counselors are called to one talk": """
        DROP INDEX uq_calls_handed_from;
        UPDATE calls SET state = 'waiting', handed_from_id = id;"""
    + ANOTHER.format("calls", "id = gen_random_uuid(), carrier_sid = 'another'"),
    "two counselors were brought into one room": """
        DROP INDEX uq_sessions_live_call; DROP INDEX uq_sessions_open_counselor;
        UPDATE sessions SET state = 'talking', room_id = id;"""
    + ANOTHER.format("sessions", "id = gen_random_uuid(), offer_id = NULL"),
    "an offer at a desk was given": """UPDATE counselors SET endpoint = 'browser';
        UPDATE offers SET state = 'open', deadline = offered_at + interval '16 seconds'""",
    "a silent desk was offered": """UPDATE counselors SET endpoint = 'browser';
        UPDATE presences SET heard_at = (SELECT max(offered_at) FROM offers) - interval '16 s'""",
    "an offer at a telephone was given": """
        UPDATE offers SET state = 'open', deadline = offered_at + interval '49 seconds'""",
    "a session was given longer than a leg": """UPDATE sessions
        SET state = 'joining', deadline = accepted_at + interval '16 seconds'""",
    "a session was given longer than a wrap-up": """UPDATE sessions
        SET state = 'wrapping', deadline = ended_at + interval '301 seconds'""",
    "a session was given longer than both": """UPDATE sessions
        SET state = 'talking', deadline = accepted_at + interval '46 seconds'""",
    "a session has no deadline": "UPDATE sessions SET state = 'joining'",
    "a call was given longer": "UPDATE calls SET state = 'waiting', deadline = closed_at + '1 day'",
    "a call has two rows": "ALTER TABLE calls DROP CONSTRAINT uq_calls_carrier_sid;"
    + ANOTHER.format("calls", "id = gen_random_uuid()"),
    "a counselor has two of offer and session": """
        UPDATE offers SET state = 'open'; UPDATE sessions SET state = 'talking'""",
}


def test_each_broken_rule_is_found_by_its_name(postgres_url: str, template_database: str) -> None:
    with fresh_world(postgres_url, template_database, FLOWS[0].plan) as world:
        world.run()
        with world.database.transaction() as session:
            assert _broken_by(session, world, "SELECT 1") == []
            unseen = [
                name
                for name, breaking in BREAKING.items()
                if not any(name in wrong for wrong in _broken_by(session, world, breaking))
            ]
    assert unseen == []


def _broken_by(session: Session, world: World, breaking: str) -> list[str]:
    """Return what is wrong after statements that are undone again."""
    with session.begin_nested() as nested:
        for statement in breaking.split(";"):
            session.execute(text(statement))
        found = wrongs_now(session, world.kernel.now(), world.services.policy)
        nested.rollback()
    return found
