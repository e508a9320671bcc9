"""Conference callbacks: which events exist, what they carry, and who subscribed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulator.callbacks import rfc2822

if TYPE_CHECKING:
    from simulator.conferences import Conference
    from simulator.participants import Participant

SUBSCRIPTIONS: Final = {
    "conference-start": "start",
    "conference-end": "end",
    "participant-join": "join",
    "participant-leave": "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
    "participant-modify": "modify",
    "announcement-end": "announcement",
    "announcement-fail": "announcement",
}
"""Event -> the word that subscribes to it."""

REASON_TEXTS: Final = {
    "conference-ended-via-api": "Conference ended via API",
    "participant-with-end-conference-on-exit-left": (
        "Participant with endConferenceOnExit left the conference"
    ),
    "participant-with-end-conference-on-exit-kicked": (
        "Participant with endConferenceOnExit was kicked"
    ),
    "last-participant-left": "The last participant left",
    "last-participant-kicked": "The last participant was kicked",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a conference ended, and through whom."""

    reason: str
    call_sid: str = ""
    label: str = ""

    def params(self) -> dict[str, str]:
        """What conference-end carries about it."""
        params = {
            "ReasonConferenceEnded": self.reason,
            "Reason": REASON_TEXTS.get(self.reason, self.reason),
        }
        if self.call_sid:
            params["CallSidEndingConference"] = self.call_sid
        if self.label:
            params["ParticipantLabelEndingConference"] = self.label
        return params


@dataclass
class ConferenceCallback:
    """The first participant's subscription, numbering the events it gets."""

    url: str
    method: str
    events: frozenset[str]
    sequence: int = 0

    def notify(
        self,
        conference: Conference,
        event: str,
        participant: Participant | None,
        extra: dict[str, str],
    ) -> None:
        """Send `event` if it was subscribed to. Not a call webhook: no From, To, CallStatus."""
        if SUBSCRIPTIONS.get(event) not in self.events:
            return
        self.sequence += 1
        exchange = conference.exchange
        params = {
            "ConferenceSid": conference.sid,
            "FriendlyName": conference.name,
            "AccountSid": exchange.settings.account_sid,
            "SequenceNumber": str(self.sequence),
            "Timestamp": rfc2822(exchange.kernel.now()),
            "StatusCallbackEvent": event,
        }
        if participant is not None:
            params |= participant.event_params()
        if event == "participant-leave" and participant is not None:
            params["ParticipantCallStatus"] = participant.leg.status
        exchange.webhooks.send("conference", self.url, params | extra, method=self.method)
