"""A simulated week whose doorbell is emptied, silent and forgetful at random moments.

The rings dropped are what an emptied, stopped or restarted Redis loses; the last test empties a
real one. What the exchange rang is judged by its own journal.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import redis

from callbacks.schedule import Rules
from core.work import RqWork
from ivr.dispatcher import CARRY_OUT
from tests.callbacks.moments import is_allowed
from tests.callbacks.town import Person, Town

PEOPLE = 25
ENDED = {"kept", "declined", "withdrawn", "for_decision"}
HABITS: list[dict[str, object]] = [
    *[{"answer_after": 4.0}] * 6,
    {"answer_after": None},
    {"refuses": "busy"},
    {"answered_by": "machine_start"},
    {"presses": [("구 번", "9")]},
]


def outages(rng: random.Random, town: Town) -> Iterator[bool]:
    """For each ring, whether it is lost: now and then one, and all of them for a minute."""
    silent_until = town.now
    while True:
        if rng.random() < 0.05:
            silent_until = town.now + timedelta(seconds=60)
        yield town.now < silent_until or rng.random() < 0.2


def left_lying(town: Town) -> None:
    """What each web process does: carry out orders that nobody took."""
    from sqlalchemy import text

    from ivr.carry_out import carry_out
    from ivr.dispatcher import UNTAKEN_SECONDS
    from ivr.spoken import page
    from routing import records

    before = town.now - timedelta(seconds=UNTAKEN_SECONDS)
    with town.look() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1
        due = records.due_orders(session, before, 200)
    for order_id in due:
        carry_out(town.services, town.carrier, page(town.services), order_id)


def live_through(town: Town, rng: random.Random, days: float) -> list[tuple[Person, float]]:
    people = []
    for number in range(PEOPLE):
        person = town.person(f"+8210666{number:05}", talk_seconds=20.0, **rng.choice(HABITS))
        asks_after = rng.uniform(0, days * 0.6 * 86_400)
        town.kernel.at(asks_after, lambda who=person: town.promise(e164=who.address))
        people.append((person, asks_after))
    staff = [town.counselor() for _ in range(3)]

    def work() -> None:
        """Counselors who missed a ring come back to the telephone."""
        for counselor_id, _ in staff:
            held = town.presence(counselor_id)
            if held.state == "free" and held.status != "ready":
                town.say(counselor_id, "ready")
        left_lying(town)
        busy = any(leg.live for leg in town.exchange.legs.values())
        town.kernel.at(20.0 if busy else 600.0, work)

    town.kernel.at(1.0, work)
    town.rings_lost = outages(rng, town)
    town.idle_seconds = 300.0
    town.run(days * 86_400)
    return people


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_week_with_a_forgetful_doorbell(town: Town, seed: int) -> None:
    rng = random.Random(seed)
    people = live_through(town, rng, 7)
    promises = town.promises()
    assert len(promises) == PEOPLE
    assert {promise.state for promise in promises} <= ENDED
    kept = [promise for promise in promises if promise.state == "kept"]
    answering = [who for who, _ in people if who.answer_after and not who.refuses]
    answering = [who for who in answering if who.answered_by == "human"]
    assert sum(bool(who.rooms) for who in answering) == len(kept)
    for person, _ in people:
        rung = town.dials(person.address)
        assert 1 <= len(rung) <= 2
        assert all(is_allowed(moment, Rules()) for moment in rung)
        assert all(after - before >= timedelta(minutes=30) for before, after in pairwise(rung))
        assert not person.rooms or len(set(person.rooms)) == 1
    for promise in promises:
        assert len(town.outcomes(promise.id)) <= 2
    town.stage.check()


def test_an_emptied_redis_loses_rings_and_no_promise(town: Town, valkey: str) -> None:
    """The rings go to a real Redis that is emptied each time; the sweep alone keeps the promise."""
    citizen = town.person()
    promise_id = town.promise()
    town.counselor()
    bell, client = RqWork(valkey), redis.Redis.from_url(valkey)
    inline = town.services.work
    lost = 0
    try:
        for _ in range(60):
            town.run(1)
            for ring in inline.take():  # type: ignore[attr-defined]
                bell.ring("orders", CARRY_OUT, ring.subject_id)
            lost += client.dbsize() > 0
            client.flushall()
            left_lying(town)
    finally:
        bell.close()
        client.close()
    assert citizen.rooms != []
    assert town.get(promise_id).state == "calling"
    assert len(town.dials()) == 1


def test_the_wall_judges_as_the_schedule_does() -> None:
    evening = datetime.fromisoformat("2026-03-02T20:59:00+09:00")
    assert is_allowed(evening, Rules())
    assert not is_allowed(evening + timedelta(minutes=1), Rules())
