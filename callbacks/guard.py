"""The last look before anybody is rung: consent, do-not-call, quiet hours, the number itself.

Asked when a promise is planned and again when the order to ring is carried out, because consent
may be withdrawn and the clock may have moved in between.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks.holidays_kr import holidays_near
from callbacks.schedule import Rules, may_ring, next_moment, read_window
from citizens import records as citizen_records
from citizens.actions import NUMBER_CONTEXT
from citizens.consent import MayNotCall
from citizens.models import Citizen
from core.clock import SEOUL
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


def rules_of(session: Session, citizen: Citizen, now: datetime, purpose: str) -> Rules | Never:
    """Return what calls to this citizen keep to. Holidays bind companions, not the 24-hour line."""
    allowed = citizen_records.may_be_called(session, citizen)
    if isinstance(allowed, MayNotCall):
        return Never(allowed.reason)
    windows = tuple(read_window(raw) for raw in citizen.windows)
    days = holidays_near(now.astimezone(SEOUL).date()) if purpose == "companion" else frozenset()
    return Rules(windows, allowed.at_night, days)


def look(
    session: Session, citizen: Citizen, now: datetime, purpose: str, sealer: Sealer
) -> Clear | NotNow | Never:
    """Tell whether this citizen may be rung at `now`."""
    rules = rules_of(session, citizen, now, purpose)
    if isinstance(rules, Never):
        return rules
    number = may_dial(sealer.unseal(citizen.sealed_number, NUMBER_CONTEXT))
    if isinstance(number, Refused):
        return Never(number.reason)
    if not may_ring(now, rules):
        return NotNow(next_moment(now, rules))
    return Clear(number.e164)
