"""How far a machine's clock is from another's, told by one question whose answer took its time."""

from datetime import UTC, datetime, timedelta

import pytest

from core.clock import SteppedClock, ahead_seconds
from tests.wrong_clock import WrongClock


def at_least(off_by: float, took: float, at: float) -> float:
    """Ask a right clock `took` seconds ago; it told the time after a share `at` of that."""
    clock = WrongClock(off_by)
    asked_at = clock.now() - timedelta(seconds=took)
    told_at = datetime.now(UTC) - timedelta(seconds=took * (1 - at))
    return ahead_seconds(clock, asked_at, told_at)


@pytest.mark.parametrize("off_by", [-3600.0, -20.0, -3.0, 3.0, 20.0, 3600.0])
def test_what_a_clock_is_off_by_is_told(off_by: float) -> None:
    assert at_least(off_by, 0.0, 0.0) == pytest.approx(off_by, abs=0.5)


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_an_answer_that_took_long_is_held_against_nobody(at: float) -> None:
    assert at_least(0.0, 30.0, at) == pytest.approx(0.0, abs=0.5)


def test_a_clock_moved_by_hand_agrees_with_nobodys() -> None:
    clock = SteppedClock(datetime(2000, 1, 1, tzinfo=UTC))
    assert ahead_seconds(clock, clock.now(), datetime(2026, 1, 1, tzinfo=UTC)) == 0
