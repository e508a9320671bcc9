"""When to try again, by what came of a try. Pure; the policy is data.

Rule (requirement 13 of the line): at most three tries, at least 30 minutes apart, never twice at
the same hour of day; then a person decides between a letter, a visit, a welfare check and closing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from callbacks.schedule import Rules, next_moment
from core.clock import SEOUL

SEARCH_STEPS_MAX = 24 * 60


class TryOutcome(StrEnum):
    """What came of one try to reach somebody."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    WRONG_PERSON = "wrong_person"
    REFUSED = "refused"
    FAILED = "failed"


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

    tried_at: moments of all tries so far, this one included.
    """
    rule = retry.get(outcome)
    if rule is None or rule.tries_max == 0:
        return PersonDecides(outcome)
    if len(tried_at) >= rule.tries_max:
        return PersonDecides(f"{len(tried_at)} tries, last {outcome}")
    hours = {moment.astimezone(SEOUL).hour for moment in tried_at}
    at = _fresh_hour(now + timedelta(minutes=rule.gap_minutes), hours, rules)
    return (
        PersonDecides("no time left by the citizen's own windows") if at is None else TryAgain(at)
    )


def _fresh_hour(after: datetime, hours: set[int], rules: Rules) -> datetime | None:
    """Return the first moment when the citizen may be rung at an hour not tried before.

    Where the citizen's own windows leave no other hour, the first moment on a later day.
    """
    moment = next_moment(after, rules)
    for _ in range(SEARCH_STEPS_MAX):
        if moment is None:
            break
        local = moment.astimezone(SEOUL)
        if local.hour not in hours:
            return moment
        next_hour = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        moment = next_moment(next_hour.astimezone(after.tzinfo), rules)
    return None
