"""The operators' page says what is due, running and stuck, and what needs a person."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from callbacks import actions
from callbacks.board import figures_of
from callbacks.models import Promise
from core.pulse import Pulse
from core.services import Services, install
from routing.models import Order
from tests.consented import consented
from tests.counselors.desk_stage import House

# Nobody twice: one promise stands for each person and purpose, so a number drawn by lot that came
# again would move the promise before instead of making one.
LAST_DIGITS = count(1000)


@pytest.fixture
def house(services: Services, valkey: str) -> House:
    served = replace(services, config=replace(services.config, redis_url=valkey))
    install(served)
    return House(served)


def seen(client: FlaskClient) -> dict[str, str]:
    """Return the concerns by name, and each part's text."""
    page = client.get("/operations?language=en")
    assert page.status_code == 200
    plain = re.compile(r"<[^>]+>|\s+")
    found = re.findall(r'data-concern="(\w+)">(.*?)</p>', page.text, re.S)
    return {name: plain.sub(" ", said).strip() for name, said in found}


def alive(house: House, kind: str = "worker") -> None:
    with house.services.database.transaction() as session:
        Pulse(kind).beat(session, house.stage.now)


def promised(house: House, **columns: object) -> uuid.UUID:
    services, now = house.services, house.stage.now
    with services.database.transaction() as session:
        number = f"+82101234{next(LAST_DIGITS)}"
        citizen = consented(session, number, services.sealer, now)
        made = actions.make(
            session, citizen, actions.Wish("companion", "desk"), now, services.policy
        )
        assert isinstance(made, actions.Made)
        assert made.is_new
        promise = session.get_one(Promise, made.promise_id)
        for name, value in columns.items():
            setattr(promise, name, value)
        return promise.id


def test_all_is_well(house: House) -> None:
    client = house.person("admin").client
    alive(house)
    assert list(seen(client)) == ["none"]


def test_a_line_that_nobody_looks_over(house: House) -> None:
    client = house.person("supervisor").client
    assert set(seen(client)) == {"not_swept", "no_worker"}
    alive(house, "web")
    assert set(seen(client)) == {"no_worker"}
    house.stage.later(20)
    alive(house)
    assert set(seen(client)) == {"silent_processes"}


def test_an_order_that_waits_too_long_and_one_given_up(house: House) -> None:
    client = house.person("admin").client
    alive(house)
    call_id, now = house.stage.call(), house.stage.now
    with house.services.database.transaction() as session:
        for state, due in (("due", 31), ("due", 1), ("failed", 60)):
            session.add(
                Order(
                    id=uuid.uuid4(),
                    kind="reach",
                    call_id=call_id,
                    subject_id=call_id,
                    details={},
                    state=state,
                    created_at=now,
                    due_at=now - timedelta(seconds=due),
                    done_at=now if state == "failed" else None,
                    fault="unreachable" if state == "failed" else None,
                )
            )
    told = seen(client)
    assert set(told) == {"stuck_orders", "failed_orders"}
    assert told["stuck_orders"].startswith("1 order(s)")


@pytest.mark.parametrize("fault", ["401 20003", "403 None"])
@pytest.mark.parametrize(("state", "seconds"), [("due", 0), ("failed", 60), ("failed", 3600)])
def test_an_account_that_the_carrier_refuses(
    house: House, fault: str, state: str, seconds: int
) -> None:
    client = house.person("admin").client
    alive(house)
    call_id, now = house.stage.call(), house.stage.now
    with house.services.database.transaction() as session:
        session.add(
            Order(
                id=uuid.uuid4(),
                kind="ring",
                call_id=call_id,
                subject_id=call_id,
                details={},
                state=state,
                created_at=now,
                due_at=now,
                done_at=now - timedelta(seconds=seconds) if state == "failed" else None,
                fault=fault,
            )
        )
    assert ("shut_out" in seen(client)) is (seconds < 600)


def test_promises_overdue_and_for_decision(house: House) -> None:
    client = house.person("admin").client
    alive(house)
    late = house.stage.now - timedelta(minutes=1)
    promised(house)
    promised(house, deadline=late, next_at=late)
    promised(house, state="for_decision", waits_for="3 tries")
    assert set(seen(client)) == {"overdue", "for_decision"}


def test_a_talk_that_goes_on_past_its_deadline_is_not_late(house: House) -> None:
    client = house.person("admin").client
    alive(house)
    late = house.stage.now - timedelta(minutes=1)
    promised(house, state="calling", deadline=late, next_at=late)
    promised(house, state="for_decision", deadline=late, waits_for="3 tries")
    with house.services.database.reading() as session:
        found = figures_of(session, late, house.stage.now, house.stage.now)
    assert set(seen(client)) == {"for_decision"}
    assert (found.overdue, found.for_decision) == (0, 1)


def test_redis_away_is_told_and_no_page_breaks(house: House, tmp_path: Path) -> None:
    config = replace(house.services.config, redis_url=f"unix://{tmp_path}/gone.sock")
    away = House(replace(house.services, config=config))
    client = away.person("admin").client
    alive(away)
    assert set(seen(client)) == {"redis_away"}
