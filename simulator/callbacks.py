"""Status callbacks of a call: who is told which events, numbered as the carrier numbers them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from simulator.legs import FINAL

if TYPE_CHECKING:
    from simulator.legs import Leg

EVENTS: Final = {
    "initiated": "initiated",
    "ringing": "ringing",
    "in-progress": "answered",
} | dict.fromkeys(FINAL, "completed")
"""CallStatus -> the event one subscribes to; every end is the event "completed" [D]."""


def rfc2822(moment: datetime) -> str:
    """A moment as the carrier writes it: `Fri, 18 Oct 2019 17:00:00 +0000`."""
    return format_datetime(moment)


@dataclass
class Subscription:
    """One status callback URL and the events it wants; SequenceNumber counts those only [O]."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    sequence: int = 0

    def notify(self, leg: Leg, status: str) -> None:
        """Send the callback if this change of `leg` to `status` was subscribed to."""
        if EVENTS.get(status) not in self.events:
            return
        exchange = leg.exchange
        params = leg.params() | {
            "CallStatus": status,
            "Timestamp": rfc2822(exchange.kernel.now()),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self.sequence),
        }
        if status in FINAL:
            seconds = leg.talk_seconds
            params["CallDuration"] = str(seconds)
            params["Duration"] = str(-(-seconds // 60))
        self.sequence += 1
        exchange.webhooks.send("status", self.url, params, method=self.method)


def read_events(text: str) -> frozenset[str]:
    """The events of a TwiML attribute, words separated by spaces; "completed" where it is empty."""
    return frozenset((text or "completed").split())
