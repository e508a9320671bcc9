"""The clock of the application steps by hours: whoever is rung is rung in allowed time by it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from callbacks.schedule import Rules
from core.services import Services
from tests.callbacks.moments import is_allowed
from tests.callbacks.town import Town

BACK_AGAIN = "UPDATE presences SET status = 'ready', not_answering_since = NULL"


def watched(town: Town) -> list[datetime]:
    """Note what the application's clock says whenever a citizen's telephone is asked to ring."""
    noted: list[datetime] = []
    real = town.carrier.ring

    def ring(to: str, **how: object) -> str:
        if "reached" in str(how["url"]):
            noted.append(town.now)
        return real(to, **how)  # type: ignore[arg-type]

    town.carrier.ring = ring  # type: ignore[method-assign, assignment]
    return noted


@pytest.mark.parametrize("step_hours", [2, -2])
@pytest.mark.parametrize("at_hour", [7.5, 10.5, 19.5, 20.9])
def test_two_hours_either_way_nobody_is_rung_in_quiet_hours(
    town: Town, step_hours: int, at_hour: float
) -> None:
    noted = watched(town)
    town.days((at_hour + 14) / 24)  # from ten in the morning to that hour of the next day
    for number in range(4):
        town.person(f"+8210555{number:05}")
        town.promise(e164=f"+8210555{number:05}")
    town.run(20)
    town.clock.off_by += timedelta(hours=step_hours)
    for _ in range(4):
        town.counselor()
    town.run(120)
    assert all(is_allowed(moment, Rules()) for moment in noted)
    town.clock.off_by = timedelta()
    for counselor_id, *_ in [town.counselor() for _ in range(4)]:
        assert town.presence(counselor_id).state in ("free", "offered", "on_call")
    town.days(1)
    assert all(is_allowed(moment, Rules()) for moment in noted)
    assert {promise.state for promise in town.promises()} == {"kept"}


@pytest.mark.parametrize(
    "midnight",
    [
        datetime(2028, 2, 28, 14, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 14, 0, tzinfo=UTC),
        datetime(2026, 2, 16, 14, 0, tzinfo=UTC),
        datetime(2027, 2, 6, 14, 0, tzinfo=UTC),
    ],
)
def test_over_midnight_of_special_days(services: Services, midnight: datetime) -> None:
    """29 February, the turn of the year, the lunar new years: from 23:00 on in Seoul."""
    town = Town(services, midnight)
    noted = watched(town)
    town.person()
    town.promise()
    town.counselor()
    town.days(8.9 / 24)
    assert noted == []
    town.days(0.3 / 24)
    assert len(noted) == 1
    assert is_allowed(noted[0], Rules())
    town.talk_over()
    assert town.only().state == "kept"


@pytest.mark.slow
def test_random_steps_all_week(town: Town) -> None:
    rng = random.Random(11)
    noted = watched(town)
    for number in range(12):
        person = town.person(f"+8210555{number:05}", answer_after=rng.choice([3.0, None]))
        asks_after = rng.uniform(0, 3 * 86_400)
        town.kernel.at(asks_after, lambda who=person: town.promise(e164=who.address))
    for _ in range(12):
        town.counselor()
    for _ in range(28):
        town.days(0.25)
        town.clock.off_by = timedelta(hours=rng.choice([-2, -1, 0, 0, 1, 2]))
        with town.look() as session:
            session.execute(
                text("UPDATE presences SET status = 'ready', not_answering_since = NULL")
            )
    town.clock.off_by = timedelta()
    town.days(2)
    assert len(noted) >= 12
    assert all(is_allowed(moment, Rules()) for moment in noted)
    assert {promise.state for promise in town.promises()} <= {"kept", "for_decision"}
