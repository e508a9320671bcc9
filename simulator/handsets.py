"""A person's own telephone: what happens when the line rings somebody back."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg
    from simulator.sounds import Sound

VOICEMAIL_SECONDS: Final = 20.0
"""After so long a mailbox takes the call."""
MAILBOX_SECONDS: Final = 120.0
"""So long it records, then it hangs up: whoever talks to it does not for ever."""


@dataclass(frozen=True, slots=True)
class RungHabits:
    """How people take a call they asked for. Shares are probabilities, of one ring; the rest
    answers within `picks_up_seconds`."""

    misses: float = 0.15
    is_busy: float = 0.04
    refuses: float = 0.02
    voicemail: float = 0.05
    picks_up_seconds: tuple[float, float] = (3.0, 18.0)
    withdraws: float = 0.02
    hangs_up_in_greeting: float = 0.02


class Owner(Protocol):
    """Whose telephone it is."""

    leg: Leg | None

    def hear(self, leg: Leg, sound: Sound) -> None:
        """Understand what is heard."""

    def ended(self, leg: Leg, status: str) -> None:
        """The receiver is back on the hook."""


class Handset:
    """One telephone of a person who may be rung there; each ring is taken as chance has it."""

    def __init__(
        self, exchange: Exchange, owner: Owner, address: str, rng: random.Random, habits: RungHabits
    ) -> None:
        """Reachable at `address`, a number in E.164."""
        self.address = address
        self.answered_by = "human"
        self._kernel = exchange.kernel
        self._owner = owner
        self._rng = rng
        self._habits = habits
        exchange.register(self)

    def ring(self, leg: Leg) -> None:
        """It rings: answered, missed, refused, or taken by a mailbox."""
        held = self._owner.leg
        if held is not None and held.live:
            leg.refuse("busy", self)
            return
        chance, habits = self._rng.random(), self._habits
        for share, take in (
            (habits.misses, None),
            (habits.is_busy, partial(leg.refuse, "busy", self)),
            (habits.refuses, partial(leg.refuse, "rejected", self)),
            (habits.voicemail, partial(self._mailbox, leg)),
        ):
            if chance < share:
                if take is not None:
                    take()
                return
            chance -= share
        delay = self._rng.uniform(*habits.picks_up_seconds)
        self._kernel.at(delay, partial(self._pick_up, leg))

    def _pick_up(self, leg: Leg) -> None:
        held = self._owner.leg
        if leg.live and (held is None or not held.live):
            self.answered_by, self._owner.leg = "human", leg
            leg.answer(self)

    def _mailbox(self, leg: Leg) -> None:
        self._kernel.at(VOICEMAIL_SECONDS, partial(self._record, leg))

    def _record(self, leg: Leg) -> None:
        self.answered_by = "machine_start"
        leg.answer(self)
        self._kernel.at(MAILBOX_SECONDS, leg.hang_up)

    def hear(self, leg: Leg, sound: Sound) -> None:
        """A mailbox understands nothing."""
        if leg is self._owner.leg:
            self._owner.hear(leg, sound)

    def ended(self, leg: Leg, status: str) -> None:
        """It stopped ringing, or the talk is over."""
        if leg is self._owner.leg:
            self._owner.ended(leg, status)
