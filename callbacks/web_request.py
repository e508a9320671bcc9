"""Reads what a stranger asked for in the public form, and names kindly what is amiss. Pure.

Rule: whoever fills the form in gives their own number, because only who is called can consent to
it; for a neighbour or a family member we first talk with the one who asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from citizens.consent import Purpose
from core.phone_numbers import Refused, may_dial

DAYS = tuple(range(7))
SLOTS = {
    "morning": ("09:00", "12:00"),
    "afternoon": ("12:00", "18:00"),
    "evening": ("18:00", "21:00"),
    "night": ("21:00", "23:00"),
}
ALL_DAY = ("08:00", "21:00")
NUMBER_LENGTH_MAX = 40
ABOUT = ("self", "other")
NUMBER_FAULTS = ("emergency", "special", "premium", "foreign", "business")


class Form(Protocol):
    """A form as it was sent: werkzeug's MultiDict has this face."""

    def get(self, name: str, default: str, /) -> str:
        """Return the first value of a field."""
        ...

    def getlist(self, name: str, /) -> list[str]:
        """Return every value of a field."""
        ...


@dataclass(frozen=True)
class Asked:
    """What was asked for. windows: when we may call, in the form that citizens keep."""

    e164: str
    about: str
    windows: tuple[dict[str, Any], ...]
    consents: tuple[Purpose, ...]

    @property
    def at_night(self) -> bool:
        """Tell whether night calls were consented to."""
        return Purpose.NIGHT_CALLS in self.consents


@dataclass(frozen=True)
class FormFault:
    """One field that needs another look. key: which sentence of the catalog says it."""

    field: str
    key: str


def read_request(form: Form) -> Asked | tuple[FormFault, ...]:
    """Return what was asked for, or every fault at once, in the order of the page."""
    consents = tuple(purpose for purpose in _OFFERED if form.get(purpose, "") == "yes")
    number = may_dial(form.get("number", "")[:NUMBER_LENGTH_MAX])
    faults = [
        *_about_fault(form.get("about", "")),
        *_number_fault(form.get("number", ""), number),
        *_time_faults(form.getlist("day"), form.getlist("slot"), consents),
        *_consent_fault(consents),
        *_trap_fault(form.get("website", "")),
    ]
    if faults or isinstance(number, Refused):
        return tuple(faults)
    windows = windows_of(form.getlist("day"), form.getlist("slot"))
    return Asked(number.e164, form.get("about", ""), windows, consents)


_OFFERED = (Purpose.CONTACT_BY_PHONE, Purpose.SENSITIVE, Purpose.NIGHT_CALLS)


def windows_of(days: Sequence[str], slots: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return the windows of these choices; nothing chosen means any time by day."""
    if not days and not slots:
        return ()
    chosen = sorted({int(day) for day in days}) or list(DAYS)
    times = [SLOTS[slot] for slot in SLOTS if slot in slots] or [ALL_DAY]
    return tuple({"days": chosen, "from": start, "until": end} for start, end in times)


def _about_fault(about: str) -> list[FormFault]:
    return [] if about in ABOUT else [FormFault("about", "about")]


def _number_fault(sent: str, number: object) -> list[FormFault]:
    if not isinstance(number, Refused):
        return []
    if not sent.strip():
        return [FormFault("number", "number_needed")]
    known = number.reason in NUMBER_FAULTS
    return [FormFault("number", f"number_{number.reason}" if known else "number_malformed")]


def _time_faults(
    days: Sequence[str], slots: Sequence[str], consents: Sequence[Purpose]
) -> list[FormFault]:
    if not set(days) <= {str(day) for day in DAYS} or not set(slots) <= set(SLOTS):
        return [FormFault("when", "when")]
    if "night" in slots and Purpose.NIGHT_CALLS not in consents:
        return [FormFault("when", "night_without_consent")]
    return []


def _consent_fault(consents: Sequence[Purpose]) -> list[FormFault]:
    if Purpose.CONTACT_BY_PHONE in consents:
        return []
    return [FormFault("contact_by_phone", "consent_needed")]


def _trap_fault(trap: str) -> list[FormFault]:
    """A field that people do not see; what fills it is told so, and never thanked for nothing."""
    return [FormFault("website", "trap")] if trap else []
