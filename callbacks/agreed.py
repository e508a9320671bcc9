"""Reads what was agreed with a person: number, moment, days, consents; bad ones are named. Pure.

Rule: who is called has said so, and the moment is one that a person could agree on today.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from callbacks.bodies import ConsentHeard, NewSeries, NextCall, Window
from callbacks.booking_terms import Consented
from callbacks.series_plan import Plan, agreed_end
from citizens.consent import How, Purpose
from core.clock import SEOUL
from core.fields import Fault
from core.phone_numbers import Refused, may_dial
from core.problems import Problem

AHEAD = timedelta(days=400)
BEHIND = timedelta(minutes=5)  # a clock in a browser may be late
REFUSALS = {
    "emergency": "is an emergency number",
    "special": "is a service's number",
    "premium": "is a premium number",
    "foreign": "is a number abroad; only numbers in Korea are called",
    "business": "is a business's number, nobody's own telephone",
    "withheld": "is withheld; ask for one",
}


def invalid(*faults: Fault) -> Problem:
    """Return the refusal that names these fields."""
    return Problem(422, "invalid", "Some fields are wrong; each is named in errors.", faults)


def dialable(number: str, field: str = "number") -> str:
    """Return the number to be dialled in E.164. Raises Problem 422 saying why it may not be."""
    looked = may_dial(number)
    if isinstance(looked, Refused):
        said = REFUSALS.get(looked.reason, "is no telephone number in Korea")
        raise invalid(Fault(field, said))
    return looked.e164


def moment(at: datetime | None, now: datetime, field: str = "at") -> datetime | None:
    """Return the agreed moment in UTC. Raises Problem 422 where it is past or too far away."""
    if at is None:
        return None
    try:
        agreed = at.astimezone(UTC)
    except (OverflowError, ValueError):
        raise invalid(Fault(field, "is no moment of this century")) from None
    if not now - BEHIND <= agreed <= now + AHEAD:
        raise invalid(Fault(field, f"must be from now to {AHEAD.days} days ahead"))
    return agreed


def day(on: date, now: datetime, field: str) -> date:
    """Return a day from today on. Raises Problem 422 where it is past or too far away."""
    today = now.astimezone(SEOUL).date()
    if not today <= on <= today + 2 * AHEAD:
        raise invalid(Fault(field, f"must be from today to {2 * AHEAD.days} days ahead"))
    return on


def kept_windows(windows: Sequence[Window] | None) -> list[dict[str, object]] | None:
    """Return windows as citizens keep them."""
    return None if windows is None else [window.kept() for window in windows]


def consented(heard: ConsentHeard | None, by: uuid.UUID) -> Consented | None:
    """Return what was consented to in the hearing of the account `by`."""
    if heard is None:
        return None
    return Consented(purposes(heard), heard.wording, How.SPOKEN, str(by))


def purposes(heard: ConsentHeard) -> tuple[Purpose, ...]:
    """Return the purposes: to be called, and what else was said yes to."""
    asked = {
        Purpose.SENSITIVE: heard.sensitive,
        Purpose.THIRD_PARTY: heard.third_party,
        Purpose.NIGHT_CALLS: heard.night_calls,
    }
    return (Purpose.CONTACT_BY_PHONE, *(purpose for purpose, said in asked.items() if said))


def plan(asked: NewSeries, now: datetime, prefix: str = "") -> Plan:
    """Return the plan of a series. Raises Problem 422 naming what can't be."""
    moments = [moment(at, now, f"{prefix}dates.{i}") for i, at in enumerate(asked.dates)]
    dates = tuple(sorted(at for at in moments if at is not None))
    first_at = dates[0] if dates else moment(asked.first_at, now, f"{prefix}first_at")
    sessions = asked.sessions or len(dates)
    if first_at is None or (dates and sessions > len(dates)):
        raise invalid(Fault(f"{prefix}sessions", "must be no more than the dates"))
    last = dates[-1].astimezone(SEOUL).date() if dates else None
    ends_on = asked.ends_on or last or agreed_end(first_at, asked.every_days, sessions)
    if asked.ends_on is not None and asked.ends_on < first_at.astimezone(SEOUL).date():
        raise invalid(Fault(f"{prefix}ends_on", "must not come before the first call"))
    if asked.ends_on is not None and asked.ends_on > (now + 5 * AHEAD).date():
        raise invalid(Fault(f"{prefix}ends_on", "is too far away"))
    return Plan(first_at, asked.every_days, sessions, ends_on, dates)


PROMISED_BY = {
    "needs_more_time_outbound": ("companion", "desk"),
    "line_lost": ("talk", "cut_line"),
}
"""Outcomes of a session in which a call may be agreed: its purpose and origin."""


def next_call_faults(outcome: str | None, agreed_call: NextCall | None) -> Sequence[Fault]:
    """Return what is wrong between an outcome and the call agreed with it.

    Who needs more time gets a first date; after a lost line a call is offered, never assumed.
    """
    if agreed_call is None:
        if outcome == "needs_more_time_outbound":
            return (Fault("next_call", "is needed: the first date, agreed in the session"),)
        return ()
    if outcome not in PROMISED_BY:
        return (Fault("next_call", f"goes with {' or '.join(PROMISED_BY)} only"),)
    if outcome == "needs_more_time_outbound" and agreed_call.at is None:
        return (Fault("next_call.at", "is needed: the first date, agreed in the session"),)
    return ()
