"""The announced wait: a band, never nothing while nobody is free, not rising without a reason."""

from hypothesis import given
from hypothesis import strategies as st

from routing.estimate import BANDS_MINUTES, Wait, estimate, not_rising

positions, seats, talks = st.integers(1, 3000), st.integers(0, 600), st.floats(60, 7200)


@given(positions, seats, talks)
def test_a_band_is_never_a_false_minute_and_never_nothing(
    position: int, seats: int, talk: float
) -> None:
    told = estimate(position, seats, talk)
    assert told.position == position
    if told.high_minutes is None:
        assert told.low_minutes == BANDS_MINUTES[-1][1]
        return
    assert (told.low_minutes, told.high_minutes) in BANDS_MINUTES
    assert told.high_minutes >= 5


def test_with_no_seat_the_band_is_open() -> None:
    assert estimate(1, 0, 1500) == Wait(1, 60, None)


@given(positions, st.integers(1, 600), talks)
def test_a_place_ahead_never_means_a_longer_wait(position: int, seats: int, talk: float) -> None:
    assert _high(estimate(position, seats, talk)) <= _high(estimate(position + 1, seats, talk))


@given(positions, st.integers(1, 600), talks)
def test_one_seat_more_never_means_a_longer_wait(position: int, seats: int, talk: float) -> None:
    assert _high(estimate(position, seats + 1, talk)) <= _high(estimate(position, seats, talk))


def test_three_seats_and_twenty_five_minutes() -> None:
    assert estimate(1, 3, 1500) == Wait(1, 5, 10)
    assert estimate(4, 3, 1500) == Wait(4, 30, 45)
    assert estimate(9, 3, 1500) == Wait(9, 60, None)


@given(
    st.lists(st.tuples(positions, st.integers(1, 9)), min_size=2, max_size=8),
    talks,
)
def test_the_announced_wait_rises_only_when_seats_fell(
    turns: list[tuple[int, int]], talk: float
) -> None:
    spoken = None
    before = None
    for position, working in turns:
        fell = before is not None and working < before
        told = not_rising(estimate(position, working, talk), spoken, fell)
        if spoken is not None and not fell:
            assert _high(told) <= spoken
        spoken, before = told.high_minutes or spoken, working


def _high(told: Wait) -> float:
    return float("inf") if told.high_minutes is None else told.high_minutes
