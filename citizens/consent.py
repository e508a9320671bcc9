"""May we call this citizen? The consents and the do-not-call mark, weighed. Pure.

Rule: nothing is dialled without a live consent to be called; do-not-call wins over every consent;
night calls need one of their own. Law: Personal Information Protection Act art. 15, 23 (sensitive
information apart); the night rule (21:00-08:00) is adopted from the Network Act art. 50.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a consent is for."""

    CONTACT_BY_PHONE = "contact_by_phone"
    SENSITIVE = "sensitive"
    THIRD_PARTY = "third_party"
    NIGHT_CALLS = "night_calls"


class How(StrEnum):
    """How a consent was given or withdrawn."""

    KEY_PRESS = "key_press"
    SPOKEN = "spoken"
    WEB_FORM = "web_form"
    API = "api"


@dataclass(frozen=True)
class MayCall:
    """The citizen may be called; at_night: also in quiet hours."""

    at_night: bool


@dataclass(frozen=True)
class MayNotCall:
    """The citizen may not be called; reason: do_not_call or no_consent."""

    reason: str


def may_call(live: Collection[str], *, do_not_call: bool) -> MayCall | MayNotCall:
    """Weigh the live consents (purposes) of a citizen."""
    if do_not_call:
        return MayNotCall("do_not_call")
    if Purpose.CONTACT_BY_PHONE not in live:
        return MayNotCall("no_consent")
    return MayCall(at_night=Purpose.NIGHT_CALLS in live)
