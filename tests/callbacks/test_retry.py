"""Trying again: at most so often, so far apart, never twice at an hour of day, then a person."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks.retry import (
    DEFAULT_RULES,
    RULES_FOR,
    PersonDecides,
    TryAgain,
    TryOutcome,
    after_try,
)
from callbacks.schedule import Rules
from tests.callbacks.moments import SEOUL_OFF_BY, is_allowed, moments, rules

FAILED_TRIES = [said for said in TryOutcome if said not in (TryOutcome.REACHED, TryOutcome.REFUSED)]


@settings(max_examples=200, deadline=None)
@given(
    moments,
    rules,
    st.sampled_from(list(RULES_FOR)),
    st.lists(st.sampled_from(FAILED_TRIES), min_size=3, max_size=6),
    st.lists(st.integers(0, 900), min_size=6, max_size=6),
)
def test_the_tries_of_one_promise_keep_to_the_rule_and_end_with_a_person(
    begun: datetime, kept: Rules, purpose: str, outcomes: list[TryOutcome], late: list[int]
) -> None:
    """late: seconds from the planned moment until it really rings, in the same hour of day."""
    tried = [begun]
    decided: TryAgain | PersonDecides | None = None
    for number, outcome in enumerate(outcomes):
        ended = tried[-1] + timedelta(seconds=35)
        decided = after_try(outcome, tried, ended, kept, RULES_FOR[purpose])
        if isinstance(decided, PersonDecides):
            break
        assert is_allowed(decided.at, kept)
        rings = decided.at + timedelta(seconds=late[number])
        tried.append(rings if _hour(rings) == _hour(decided.at) else decided.at)
    assert isinstance(decided, PersonDecides)
    assert decided.reason
    assert len(tried) <= (2 if purpose == "talk" else 3)
    assert all(after - before >= timedelta(minutes=30) for before, after in pairwise(tried))
    assert len({_hour(moment) for moment in tried}) == len(tried)


def _hour(moment: datetime) -> int:
    return (moment + SEOUL_OFF_BY).hour


@given(moments, st.sampled_from(list(TryOutcome)))
def test_every_outcome_has_an_answer(moment: datetime, outcome: TryOutcome) -> None:
    decided = after_try(outcome, [moment], moment, Rules())
    assert isinstance(decided, TryAgain) == (outcome in DEFAULT_RULES and outcome != "wrong_person")


@pytest.mark.parametrize("purpose", list(RULES_FOR))
def test_a_wrong_person_is_not_rung_again_by_rule(purpose: str) -> None:
    now = datetime.fromisoformat("2026-03-02T01:00:00+00:00")
    decided = after_try(TryOutcome.WRONG_PERSON, [now], now, Rules(), RULES_FOR[purpose])
    assert decided == PersonDecides("wrong_person")
