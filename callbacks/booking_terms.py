"""What a call is booked with: the consents heard, the person, the moment. Pure.

Rule: a booking rests on a consent in the ledger, given now or before.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from citizens.consent import How, Purpose


@dataclass(frozen=True)
class Consented:
    """What was consented to. wording: version of the text; heard_by: the account or program."""

    purposes: tuple[Purpose, ...]
    wording: str
    how: How
    heard_by: str


@dataclass(frozen=True)
class Booking:
    """A call to be promised to the person at `e164`, a number that may be dialled.

    windows: None leaves those that the citizen has. companion_id: None chooses. is_heard: a person
    of ours heard the consent.
    """

    e164: str
    purpose: str
    origin: str
    consented: Consented | None
    at: datetime | None = None
    windows: list[dict[str, Any]] | None = None
    about: str = "self"
    language: str = "ko"
    need: str = "talk"
    companion_id: uuid.UUID | None = None
    origin_call_id: uuid.UUID | None = None
    sealed_note: bytes | None = None
    is_heard: bool = True
