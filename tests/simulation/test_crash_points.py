"""The process dies before and after each commit of each main flow; nothing is lost by it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.simulation.crash_ends import BROKEN_OFF, unkept, unserved, was_broken_off
from tests.simulation.crash_points import FLOWS, Flow, KillAt, enumerate_crashes, live
from tests.simulation.recount import Story
from tests.simulation.replay import report_of_flow

AT = datetime(2026, 3, 3, 1, tzinfo=UTC)
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


@pytest.mark.parametrize(
    ("story", "is_queued", "is_promised", "is_excused", "wrong"),
    [
        (Story("CA1", "n", AT), False, False, False, ""),
        (Story("CA1", "n", AT), True, False, False, "was queued, and neither served"),
        (Story("CA1", "n", AT, told_queue=AT), False, False, False, "was queued, and neither"),
        (Story("CA1", "n", AT), True, False, True, ""),
        (Story("CA1", "n", AT), True, True, False, ""),
        (Story("CA1", "n", AT, joined=AT), True, False, False, ""),
        (Story("CA1", "n", AT, told_promise=AT), True, False, True, "and nobody owes it"),
        (Story("CA1", "n", AT, told_promise=AT), True, True, False, ""),
    ],
)
def test_who_was_queued_or_promised_a_call_is_owed_it(
    story: Story, is_queued: bool, is_promised: bool, is_excused: bool, wrong: str
) -> None:
    found = unserved(story, is_queued=is_queued, is_promised=is_promised, is_excused=is_excused)
    assert bool(found) == bool(wrong)
    assert wrong in "".join(found)


def test_a_promise_ends_by_nobodys_wish_and_is_kept_by_a_talk_only() -> None:
    rung, talked = Story("CA1", "n", AT, rung=AT), Story("CA2", "n", AT, joined=AT)
    assert unkept("p", "withdrawn", [talked])
    assert unkept("p", "kept", [])
    assert unkept("p", "kept", [rung])
    assert not unkept("p", "kept", [rung, talked])
    assert not unkept("p", "planned", [])


def test_a_leg_is_broken_off_by_its_own_document_shortly_before_its_end_only() -> None:
    story = Story("CA1", "n", AT, ended=AT)
    assert was_broken_off(story, {("CA1", AT - BROKEN_OFF)})
    assert not was_broken_off(story, {("CA1", AT - BROKEN_OFF - timedelta(seconds=1))})
    assert not was_broken_off(story, {("CA1", AT + timedelta(seconds=1)), ("CA2", AT)})
    assert not was_broken_off(Story("CA1", "n", AT), {("CA1", AT)})
