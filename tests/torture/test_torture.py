"""A short torture: eight kills and four outages, at a hundred times the busiest hour.

PostgreSQL falls twice, Valkey is emptied, and Valkey is stopped; both webs never fall at once.
`make torture` is the long one; docs/torture.md holds what it found.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.torture.citizens import Pace
from tests.torture.killer import Outage
from tests.torture.story import Story, Torture

pytestmark = pytest.mark.slow

QUICK = Pace(
    talk=(2.0, 5.0), write=(0.5, 2.0), patience=(40.0, 60.0), calls_again=(1.0, 2.0), talk_over=12.0
)

# Less than the line's own, so that what a kill leaves is found again in the time of a test.
LIMITS = {"order_lease_seconds": 7, "ring_seconds_max": 6, "join_seconds_max": 6}


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory with a short name, since sockets live in it."""
    with TemporaryDirectory(prefix="helpline-torture-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def test_a_short_torture_loses_doubles_and_blocks_nothing(directory: Path) -> None:
    asked = Torture(
        seed=int(os.environ.get("FAULT_SEED", "120")),
        kills=8,
        seconds=12.0,
        times=100.0,
        books_every_seconds=5.0,
        outage_every=2,
        outages=(Outage.CRASHED, Outage.FLUSHED, Outage.STOPPED),
        valkey_seconds=(2.0, 4.0),
        limits=LIMITS,
        pace=QUICK,
    )
    lines: list[str] = []
    story = Story(directory, asked, lines.append)
    outcome = asyncio.run(story.run())
    assert outcome.wrongs == [], "\n".join([*outcome.lines, *lines[-1:]])
    assert len(story.killer.told.kills) == 8
    assert len(story.killer.told.outages) == 4
    assert story.town.talks >= 1
