"""The last look before anybody is rung: consent, do-not-call, quiet hours, the number itself.

Asked when a promise is planned and again when the order to ring is carried out, because consent
may be withdrawn and the clock may have moved in between.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks.keeping import rules_for
from callbacks.schedule import Rules, next_ring
from citizens import records as citizen_records
from citizens.consent import MayNotCall
from citizens.models import NUMBER_CONTEXT, Citizen
from core.phone_numbers import Refused, may_dial
from core.sealing import Sealer


@dataclass(frozen=True)
class Clear:
    """The citizen may be rung now, at this number."""

    e164: str


@dataclass(frozen=True)
class NotNow:
    """Not at this moment; `next_at` is the first when it may be, None where there is none."""

    next_at: datetime | None


@dataclass(frozen=True)
class Never:
    """Not at all; reason: do_not_call, no_consent, or why the number may not be dialled."""

    reason: str


def rules_of(
    session: Session,
    citizen: Citizen,
    now: datetime,
    purpose: str,
    hours_tried: Collection[int] = (),
) -> Rules | Never:
    """Return what calls to this citizen keep to, or Never where consent is missing."""
    allowed = citizen_records.may_be_called(session, citizen)
    if isinstance(allowed, MayNotCall):
        return Never(allowed.reason)
    return rules_for(citizen.windows, purpose, now, allowed.at_night, hours_tried)


def look(
    session: Session,
    citizen: Citizen,
    now: datetime,
    purpose: str,
    sealer: Sealer,
    hours_tried: Collection[int] = (),
) -> Clear | NotNow | Never:
    """Tell whether this citizen may be rung at `now`. hours_tried: as in `Rules`."""
    rules = rules_of(session, citizen, now, purpose, hours_tried)
    if isinstance(rules, Never):
        return rules
    number = may_dial(sealer.unseal(citizen.sealed_number, NUMBER_CONTEXT))
    if isinstance(number, Refused):
        return Never(number.reason)
    next_at = next_ring(now, rules)
    if next_at != now:
        return NotNow(next_at)
    return Clear(number.e164)
