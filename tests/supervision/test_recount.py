"""The figures equal an independent recount from the journal, on random days on a real database."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest

from core.clock import SteppedClock
from core.database import Database
from core.policy import load_policy
from supervision.board import figures_of
from supervision.records import unrecorded
from tests.supervision.people import add_counselor
from tests.supervision.random_day import RandomDay
from tests.supervision.recount import read_journal, recount, stories

MIDNIGHT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # Seoul's, at the end of 2026-03-02
DAYS = (date(2026, 3, 2), date(2026, 3, 3))


@pytest.mark.parametrize("seed", [1, 120, 2026])
def test_every_figure_equals_the_recount(
    seed: int, database: Database, database_url: str, clock: SteppedClock
) -> None:
    policy = load_policy(ring_seconds_max=60, join_seconds_max=60)  # else hardly anyone is joined
    clock.set(MIDNIGHT - timedelta(minutes=25))
    seats = [
        add_counselor(database, clock, f"c{n}", skills={"grief": 3} if n % 2 else {})
        for n in range(5)
    ]
    day = RandomDay(database, clock, policy, seats, seed)
    day.live_through(steps=400)
    now = clock.now()
    told = stories(read_journal(database_url), now.timestamp())
    assert len(told) > 30
    assert any(story.owes and not story.recorded for story in told)
    for number, which in enumerate(DAYS):
        start = MIDNIGHT + timedelta(days=number - 1)
        with database.transaction() as session:
            counted = figures_of(session, which, now, policy)
        expected = recount(
            told, day.seen, start.timestamp(), start.timestamp() + 86400, now.timestamp()
        )
        assert asdict(counted.whole) == pytest.approx(expected, abs=1e-4), which
        assert counted.whole.answered and counted.whole.occupancy
        for half_hour in counted.half_hours:
            begins = half_hour.start.timestamp()
            again = recount(told, day.seen, begins, begins + 1800, now.timestamp())
            assert asdict(half_hour.figures) == pytest.approx(again, abs=1e-4), half_hour.start
        assert sum(h.figures.offered for h in counted.half_hours) == counted.whole.offered
    with database.transaction() as session:
        listed = {one.call_id for one in unrecorded(session, 1000)}
    owed = sum(story.closed and story.owes and not story.recorded for story in told)
    assert len(listed) == owed
