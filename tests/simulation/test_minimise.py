"""Shortening a failing story, with stories that need no town: what fails is known beforehand."""

from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.__main__ import read_arguments
from tests.simulation.commands import words_of
from tests.simulation.faults import ALL
from tests.simulation.minimise import MINUTE_HOURS, Case, minimise

KINDS = ALL.kinds()
WHOLE = Case(3, ALL, 6, 0.25)


@given(st.sets(st.sampled_from(KINDS)), st.integers(0, 6), st.floats(0.02, 0.25))
def test_what_is_needed_remains_and_nothing_else(
    needed: set[str], callers: int, hours: float
) -> None:
    def fails(case: Case) -> bool:
        enough = case.callers >= callers and case.hours >= hours
        return enough and needed <= set(case.faults.kinds())

    found = minimise(WHOLE, fails)
    assert fails(found)
    assert set(found.faults.kinds()) == needed
    assert found.callers == callers
    assert found.hours - hours <= MINUTE_HOURS


def test_the_command_holds_everything_that_was_left_out_to_the_last_digit() -> None:
    case = Case(3, ALL.only(["webhook_lost"]), 2, 0.1 + 1 / 3)
    asked = read_arguments(words_of(case.command()))
    assert asked.short
    assert asked.seed == case.seed
    assert asked.faults == case.faults
    assert (asked.callers, asked.hours) == (case.callers, case.hours)
