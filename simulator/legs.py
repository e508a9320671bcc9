"""One call leg: its life, who is at the end of it, and what it hears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from simulator.endpoints import Endpoint, is_telephone
from simulator.journal import DigitPressed, LegChanged
from simulator.sounds import Bridge, HoldMusic, Ringback, Sound

if TYPE_CHECKING:
    from simulator.callbacks import Subscription
    from simulator.exchange import Exchange
    from simulator.kernel import Timer
    from simulator.run import Run

FINAL: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
REFUSALS: Final = {"busy": "busy", "rejected": "busy", "failed": "failed"}
"""What an endpoint says when it will not answer -> how the leg ends. A browser's reject reaches
the caller as busy [I]."""
ENDLESS: Final = (Bridge, HoldMusic, Ringback)
GEOGRAPHY: Final = ("City", "State", "Zip", "Country")


class Owner(Protocol):
    """Who placed an outgoing leg and wants to know how it goes."""

    def placed_answered(self, leg: Leg) -> None:
        """The far end picked up."""

    def placed_ended(self, leg: Leg) -> None:
        """The leg reached a final status."""

    def placed_redirected(self, leg: Leg) -> None:
        """REST gives the leg a document of its own; it belongs to its owner no longer."""


@dataclass
class Voice:
    """Where a leg's documents come from: the fallback URL and fixed parameters of the route."""

    fallback_url: str = ""
    fallback_method: str = "POST"
    extra: dict[str, str] = field(default_factory=dict)


class Leg:
    """One side of the exchange's talk with one telephone.

    Endpoints use: answer, refuse, hang_up, press, speak, and the properties sid, status,
    direction, from_, to, custom_parameters; `on_answered` may be set to learn that an inbound
    call was picked up by the line.
    """

    def __init__(self, exchange: Exchange, *, direction: str, from_: str, to: str) -> None:
        """A new leg in status queued; the exchange rings it or runs its document."""
        self.exchange = exchange
        self.sid = exchange.sids.new("CA")
        self.direction = direction
        self.from_ = from_
        self.to = to
        self.parent_sid = ""
        self.status = "queued"
        self.custom_parameters: dict[str, str] = {}
        self.created_at: datetime = exchange.kernel.now()
        self.updated_at: datetime = self.created_at
        self.rung_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.queue_seconds = 0.0
        self.picked_up_by = ""
        self.answered_by = ""
        self.timers: list[Timer] = []
        self.voice = Voice()
        self.cookies: dict[str, str] = {}
        self.subscriptions: list[Subscription] = []
        self.owner: Owner | None = None
        self.run: Run | None = None
        self.runs: list[Run] = []
        self.endpoint: Endpoint | None = None
        self.ringing: list[Endpoint] = []
        self.heard: Sound | None = None
        self.hung_up = False
        self.on_answered: Callable[[Leg], None] | None = None

    def __repr__(self) -> str:
        return f"<Leg {self.sid} {self.direction} {self.status}>"

    # -- what endpoints do ---------------------------------------------------------------------

    def answer(self, endpoint: Endpoint | None = None) -> None:
        """A rung telephone picks up; too late or twice is harmless.

        endpoint: which one, where several share the address; the first of them when omitted.
        """
        if self.status != "ringing" or self.direction == "inbound" or not self.ringing:
            return
        winner = endpoint if endpoint in self.ringing else self.ringing[0]
        losers = [other for other in self.ringing if other is not winner]
        self.ringing, self.endpoint = [], winner
        for loser in losers:
            loser.ended(self, "canceled")
        self.picked_up_by = getattr(winner, "answered_by", "human")
        self.pick_up()
        if self.owner is not None:
            self.owner.placed_answered(self)

    def refuse(self, reason: str = "busy", endpoint: Endpoint | None = None) -> None:
        """A rung telephone will not answer: "busy" or "rejected".

        One browser tab of several rejecting stops them all (the carrier's way [O])."""
        if self.status == "ringing" and self.direction != "inbound":
            self.end(REFUSALS.get(reason, "busy"))

    def hang_up(self, endpoint: Endpoint | None = None) -> None:
        """The telephone hangs up; on an unanswered inbound call that is "no-answer".

        `hung_up` tells from then on that no one else ended the leg.
        """
        if self.status in FINAL:
            return
        self.hung_up = True
        if self.answered_at is not None:
            self.end("completed")
        elif self.direction == "inbound":
            self.end("no-answer")
        else:
            self.refuse("rejected", endpoint)

    def press(self, digits: str) -> None:
        """Keys are pressed, one after another at a hand's pace; "w" waits half a second."""
        delay = 0.0
        for digit in digits:
            if digit in "wW":
                delay += 0.5
                continue
            if delay == 0.0:
                self._key(digit)
            else:
                self.exchange.kernel.at(delay, partial(self._key, digit))
            delay += self.exchange.oddities.digit_seconds

    def speak(self, text: str, confidence: float = 0.9) -> None:
        """Something is said that speech recognition would hear as `text`."""
        if self.live and self.runs and (activity := self.runs[-1].activity) is not None:
            activity.speak(text, confidence)

    def _key(self, digit: str) -> None:
        if self.status in FINAL:
            return
        listeners = [run.activity for run in reversed(self.runs) if run.activity is not None]
        heeded = any(activity.press(digit) for activity in listeners)
        now = self.exchange.kernel.now()
        self.exchange.journal.append(DigitPressed(now, self.sid, digit, heeded))

    # -- what the exchange does ----------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether the leg has not ended."""
        return self.status not in FINAL

    @property
    def talk_seconds(self) -> int:
        """Whole seconds since it was answered (until it ended); 0 when it was not."""
        if self.answered_at is None:
            return 0
        until = self.ended_at or self.exchange.kernel.now()
        return round((until - self.answered_at).total_seconds())

    def become(self, status: str) -> None:
        """Change to a status that is not final, and tell the subscribers."""
        self.status = status
        self._changed(status)

    def pick_up(self) -> None:
        """The leg is answered, by its telephone or by the line."""
        if self.answered_at is not None or not self.live:
            return
        self.answered_at = self.exchange.kernel.now()
        self.become("in-progress")
        if self.on_answered is not None:
            self.on_answered(self)

    def ring(self, endpoints: list[Endpoint]) -> None:
        """Ring these telephones; with none of them it just rings on."""
        self.rung_at = self.exchange.kernel.now()
        self.ringing = list(endpoints)
        self.become("ringing")
        for endpoint in endpoints:
            if endpoint in self.ringing:
                endpoint.ring(self)

    def hear(self, sound: Sound) -> None:
        """Change what the telephone hears."""
        if not self.live or (sound == self.heard and isinstance(sound, ENDLESS)):
            return
        self.heard = sound
        if self.endpoint is not None:
            self.endpoint.hear(self, sound)

    def finish(self) -> None:
        """The line hangs up."""
        self.end("completed" if self.answered_at is not None else "no-answer")

    def end(self, status: str) -> None:
        """The leg is over; everything that hung on it is told, once."""
        if not self.live:
            return
        self.status = status
        self.ended_at = self.exchange.kernel.now()
        rung, self.ringing = self.ringing, []
        for endpoint in [self.endpoint] if self.endpoint is not None else rung:
            endpoint.ended(self, status)
        if self.run is not None:
            self.run.leg_ended()
        if self.owner is not None:
            self.owner.placed_ended(self)
        for run in list(self.runs):
            run.kill()
        for timer in self.timers:
            timer.cancel()
        self._changed(status)
        self.exchange.retire(self)

    def _changed(self, status: str) -> None:
        now = self.exchange.kernel.now()
        self.updated_at = now
        entry = LegChanged(
            now, self.sid, status, self.direction, self.from_, self.to, self.parent_sid
        )
        self.exchange.journal.append(entry)
        for subscription in self.subscriptions:
            subscription.notify(self, status)

    def params(self) -> dict[str, str]:
        """What every voice request about this leg carries; many blank, as the carrier does."""
        params = dict(self.voice.extra)
        params |= {
            "CallSid": self.sid,
            "AccountSid": self.exchange.settings.account_sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "ApiVersion": "2010-04-01",
            "Direction": self.direction,
        }
        if self.parent_sid:
            params["ParentCallSid"] = self.parent_sid
        if self.exchange.oddities.blank_geography:
            params |= _geography(self.from_, ("From", "Caller"))
            params |= _geography(self.to, ("To", "Called"))
        return params


def _geography(address: str, prefixes: tuple[str, str]) -> dict[str, str]:
    """Place names of a telephone number: all blank outside North America but the country."""
    if not address or not is_telephone(address):
        return {}
    country = "KR" if address.startswith("+82") else ""
    return {
        prefix + part: country if part == "Country" else ""
        for prefix in prefixes
        for part in GEOGRAPHY
    }
