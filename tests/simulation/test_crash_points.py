"""The process dies before and after commits of each main flow; nothing is lost by it.

Here every commit of the shortest flows and each fourth of the others, for the time it takes;
`python -m tests.simulation --crash-points` dies at every one.
"""

import pytest

from tests.simulation.crash_points import FLOWS, Flow, KillAt, enumerate_crashes, live


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.replace(" ", "-"))
def test_whoever_dies_at_a_commit_the_story_ends_sound(
    postgres_url: str, template_database: str, flow: Flow
) -> None:
    each = 1 if flow in (FLOWS[0], FLOWS[-1]) else 4
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
