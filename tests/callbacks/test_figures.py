"""What promises came to: counted against a second, plainer count."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callbacks.figures import (
    Ended,
    SeriesTalk,
    Standing,
    Tried,
    continuity,
    is_silent,
    promise_figures,
)

NOON = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
MARU, NABI = uuid.UUID(int=1), uuid.UUID(int=2)
NOTHING = Standing(0, 0, 0)


def kept(minutes: float) -> Ended:
    """A promise kept so many minutes before (negative: after) its deadline."""
    return Ended("kept", NOON, NOON - timedelta(minutes=minutes), False)


def test_an_empty_period_divides_by_nothing() -> None:
    found = promise_figures(0, [], [], [], NOTHING)
    assert (found.kept_in_time_share, found.tries_per_reach, found.continuity) == (None, None, None)


def test_in_time_is_to_the_deadline_itself() -> None:
    found = promise_figures(4, [kept(10), kept(0), kept(-1)], [], [], NOTHING)
    assert (found.kept, found.kept_in_time) == (3, 2)


def test_only_a_decision_in_writing_is_no_silence() -> None:
    assert is_silent(Ended("decided", NOON, None, False))
    assert not is_silent(Ended("decided", NOON, None, True))
    assert not is_silent(Ended("withdrawn", NOON, None, False))


def test_tries_per_reach() -> None:
    tried = [Tried("no_answer", MARU), Tried("busy", MARU), Tried("reached", MARU)]
    assert promise_figures(1, [], tried, [], NOTHING).tries_per_reach == 3


def test_continuity_leaves_first_talks_out() -> None:
    talks = [SeriesTalk(MARU, None), SeriesTalk(MARU, MARU), SeriesTalk(NABI, MARU)]
    assert continuity(talks) == 0.5
    assert continuity([SeriesTalk(MARU, None)]) is None


@given(
    st.lists(
        st.builds(
            Ended,
            state=st.sampled_from(["kept", "declined", "withdrawn", "decided"]),
            deadline=st.just(NOON),
            kept_at=st.integers(-3000, 3000).map(lambda late: NOON + timedelta(minutes=late)),
            is_decided_in_writing=st.booleans(),
        )
    )
)
def test_every_end_is_counted_once(ended: list[Ended]) -> None:
    found = promise_figures(len(ended), ended, [], [], NOTHING)
    assert found.kept + found.declined + found.withdrawn + found.decided == len(ended)
    assert found.kept_in_time <= found.kept
    assert found.silent_ends <= found.decided
