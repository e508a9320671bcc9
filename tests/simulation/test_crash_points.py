"""The process dies before and after each commit of each main flow; nothing is lost by it."""

from functools import partial

import pytest

from tests.simulation.crash_points import FLOWS, Flow, KillAt, enumerate_crashes, live
from tests.simulation.replay import report_of_flow

SHARES = 4
"""So many parts of a flow's commits are tried apart, on whichever worker is free."""


@pytest.mark.spread
@pytest.mark.parametrize("share", range(1, SHARES + 1))
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.replace(" ", "-"))
def test_whoever_dies_at_a_commit_the_story_ends_sound(
    postgres_url: str, template_database: str, flow: Flow, share: int
) -> None:
    found = enumerate_crashes(postgres_url, template_database, flow, share, SHARES)
    assert not found, "\n".join(report_of_flow(flow.name, found))


def test_a_commit_killed_before_it_is_lost_and_killed_after_it_is_kept(
    postgres_url: str, template_database: str
) -> None:
    """A request by the form is stored by one commit among those of whoever else is at work."""
    flow = FLOWS[-1]
    tell = partial(live, postgres_url, template_database, flow)
    points = range(1, tell(KillAt()).commits + 1)
    (stored_by,) = [point for point in points if not tell(KillAt(point)).went_well]
    assert tell(KillAt(stored_by, after=True)).went_well
