"""Stretches that go on past midnight are judged by the reports of both their days."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from core.clock import SEOUL
from tests.simulation.faults import ALL, NONE
from tests.simulation.faults_short import lived
from tests.simulation.fresh_world import fresh_world
from tests.simulation.plans import night_plan
from tests.simulation.real_days import YEAR, midnight, named
from tests.simulation.replay import pytest_command, report
from tests.simulation.report_recount import TALK_SECONDS
from tests.simulation.world import World

MIDNIGHT = datetime(2026, 3, 4, tzinfo=SEOUL)


@pytest.fixture
def night(
    request: pytest.FixtureRequest, postgres_url: str, template_database: str
) -> Iterator[World]:
    with fresh_world(postgres_url, template_database, night_plan(3, request.param)) as world:
        told = lived(world)
        assert not told.wrongs, "\n".join(report(told, pytest_command()))
        yield world


@pytest.mark.parametrize("night", [NONE, ALL], ids=["calm", "faults"], indirect=True)
def test_what_yesterdays_report_forgets_is_found(night: World) -> None:
    assert night.kernel.now().astimezone(SEOUL).date() == date(2026, 3, 4)
    before = [one for one in night.recounted.stories.values() if one.began < MIDNIGHT]
    assert any(one.talk_seconds > TALK_SECONDS for one in before)
    with night.database.transaction() as session:
        session.execute(text("UPDATE calls SET queued_at = NULL"))
    night.looks.look()
    expected = (
        "talked for long" if night.plan.faults.kinds() else "the report of 2026-03-03  counts"
    )
    assert any(expected in wrong for wrong in night.looks.wrongs)


def test_every_real_day_is_lived_on_its_own_weekday_of_this_century() -> None:
    for number in range(365):
        day = date(YEAR, 1, 1) + timedelta(days=number)
        begin = midnight(day)
        assert (begin.weekday(), begin.month, begin.day) == (day.weekday(), day.month, day.day)
        assert begin.year >= 2000
        assert named(begin) == day
