"""When to try again, by what came of a try. Pure; the policy is data.

Rule (requirement 13 of the line): at most three tries, at least 30 minutes apart, never twice at
the same hour of day; then a person decides between a letter, a visit, a welfare check and closing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from callbacks.schedule import Rules, next_moment
from core.clock import SEOUL


class TryOutcome(StrEnum):
    """What came of one try to reach somebody."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    WRONG_PERSON = "wrong_person"
    REFUSED = "refused"
    FAILED = "failed"


NOBODY_THERE: Mapping[str, TryOutcome] = MappingProxyType(
    {
        "silent": TryOutcome.NO_ANSWER,
        "hung_up_early": TryOutcome.FAILED,
        "misdial_wrong_menu": TryOutcome.WRONG_PERSON,
    }
)
"""Kinds of contact by which a counselor says of our call that it reached nobody it was for."""


@dataclass(frozen=True)
class RetryRule:
    """tries_max counts all tries of the promise; gap_minutes is the least pause before the next."""

    tries_max: int
    gap_minutes: int
    counts: bool = True


DEFAULT_RULES: Mapping[TryOutcome, RetryRule] = MappingProxyType(
    {
        TryOutcome.NO_ANSWER: RetryRule(3, 120),
        TryOutcome.BUSY: RetryRule(3, 30),
        TryOutcome.VOICEMAIL: RetryRule(3, 180),
        TryOutcome.FAILED: RetryRule(3, 30),
        TryOutcome.WRONG_PERSON: RetryRule(0, 0),
    }
)


TALK_RULES: Mapping[TryOutcome, RetryRule] = MappingProxyType(
    {said: replace(rule, tries_max=min(rule.tries_max, 2)) for said, rule in DEFAULT_RULES.items()}
)
"""A place kept in the queue: no answer, one more try later, then a person decides."""

RULES_FOR: Mapping[str, Mapping[TryOutcome, RetryRule]] = MappingProxyType(
    {"talk": TALK_RULES, "companion": DEFAULT_RULES}
)


@dataclass(frozen=True)
class TryAgain:
    """Try again at `at`."""

    at: datetime


@dataclass(frozen=True)
class PersonDecides:
    """No further try by rule; reason in words for the worklist."""

    reason: str


def after_try(
    outcome: TryOutcome,
    tried_at: Sequence[datetime],
    now: datetime,
    rules: Rules,
    retry: Mapping[TryOutcome, RetryRule] = DEFAULT_RULES,
) -> TryAgain | PersonDecides:
    """Decide after a try that did not reach the citizen.

    tried_at: when it rang at each try so far, this one included.
    """
    rule = retry.get(outcome)
    if rule is None or rule.tries_max == 0:
        return PersonDecides(outcome)
    if len(tried_at) >= rule.tries_max:
        return PersonDecides(f"{len(tried_at)} tries, last {outcome}")
    fresh = replace(rules, hours_tried=hours_of(tried_at) | frozenset(rules.hours_tried))
    at = next_moment(now + timedelta(minutes=rule.gap_minutes), fresh)
    return (
        PersonDecides("no time left by the citizen's own windows") if at is None else TryAgain(at)
    )


def hours_of(tried_at: Iterable[datetime]) -> frozenset[int]:
    """Return the hours of day (Seoul) of some moments."""
    return frozenset(moment.astimezone(SEOUL).hour for moment in tried_at)
