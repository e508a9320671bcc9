"""The process dies before and after commits of each main flow; nothing is lost by it.

Here every commit of the shortest flow and a share of the others, for the time it takes;
`python -m tests.simulation --crash-points` dies at every one.
"""

import pytest

from tests.simulation.crash_points import FLOWS, Flow, KillAt, enumerate_crashes, live

EACH = {FLOWS[0].name: 2, FLOWS[-1].name: 1}
EACH_OTHER = 10


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.replace(" ", "-"))
def test_whoever_dies_at_a_commit_the_story_ends_sound(
    postgres_url: str, template_database: str, flow: Flow
) -> None:
    each = EACH.get(flow.name, EACH_OTHER)
    found = enumerate_crashes(postgres_url, template_database, flow, each)
    assert not found, "\n".join(found)


def test_a_commit_killed_before_it_is_lost_and_killed_after_it_is_kept(
    postgres_url: str, template_database: str
) -> None:
    """The first commit of a request by the form is the whole of it."""
    flow = FLOWS[-1]
    calm = live(postgres_url, template_database, flow, KillAt())
    lost = live(postgres_url, template_database, flow, KillAt(calm.commits, after=False))
    kept = live(postgres_url, template_database, flow, KillAt(calm.commits, after=True))
    assert (calm.went_well, lost.went_well, kept.went_well) == (True, False, True)
