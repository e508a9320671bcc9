"""What the carrier said in one request, as a value. Pure.

Rule: nothing here raises. Unknown parameters are carried along and never refused (the carrier adds
some without notice); what is missing reads as empty; control characters and length are tamed here.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

VALUE_LENGTH_MAX = 1024
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
TURN_MAX = 1_000_000


@dataclass(frozen=True)
class Turn:
    """One request. hook: which of ours. query: what we wrote into the URL. form: what they say."""

    hook: str
    key: str
    query: Mapping[str, str]
    form: Mapping[str, str]

    @property
    def call_sid(self) -> str:
        """The leg this is about; empty in conference start and end events."""
        return self.form.get("CallSid", "")

    @property
    def call_status(self) -> str:
        """The carrier's word for the leg's state."""
        return self.form.get("CallStatus", "")

    @property
    def has_ended(self) -> bool:
        """Tell whether the leg this is about is over."""
        return self.call_status in ENDED

    @property
    def digits(self) -> str:
        """The keys pressed; missing and empty are the same."""
        return self.form.get("Digits", "")

    def number(self, name: str) -> int:
        """Return a small number that we wrote into the URL, 0 where it is not one."""
        text = self.query.get(name, "")
        is_number = text.isascii() and text.isdecimal() and len(text) < 10
        return min(int(text), TURN_MAX) if is_number else 0


def read(hook: str, target: str, query: Mapping[str, str], form: Mapping[str, str]) -> Turn:
    """Make the value of one request. target: raw path and query, which tells turns apart."""
    tamed = {name: tame(value) for name, value in form.items()}
    return Turn(hook, _key(target, tamed), query, tamed)


def tame(value: str) -> str:
    """Return `value` without control characters and of bearable length."""
    return CONTROL.sub("", value)[:VALUE_LENGTH_MAX]


def _key(target: str, form: Mapping[str, str]) -> str:
    """Name the event: its leg or room, our URL (which holds the turn), its place in a sequence.

    Each turn has a URL of its own, so the same leg at the same URL is a repeat, unless the event
    is one of a numbered series (status and conference callbacks) or a wait, told apart by its time.
    """
    parts = (
        form.get("CallSid", ""),
        form.get("ConferenceSid", ""),
        target,
        form.get("SequenceNumber", ""),
        form.get("StatusCallbackEvent", ""),
        form.get("QueueTime", ""),
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()
