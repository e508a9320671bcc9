"""What a citizen's telephone hears, and how long it ever heard nothing.

Silence: no sound and nobody in the same room, from the end of the last sound to the next one or to
the end of the leg. What waits for a key by design counts as well; people here press at once.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from simulator.legs import Leg
from simulator.sounds import Bridge, HoldMusic, Ringback, Silence, Sound

ENDLESS = (Bridge, HoldMusic, Ringback)
KEPT = 5


@dataclass(frozen=True)
class Quiet:
    """A stretch of silence: how long, on which leg, after what and before what."""

    seconds: float
    sid: str
    after: str
    before: str


@dataclass
class _Ear:
    silent_from: float
    heard: str


class Ears:
    """Keeps the longest silences. seconds_of: how long a sound lasts."""

    def __init__(self, seconds_of: Callable[[Sound], float]) -> None:
        self.longest: list[Quiet] = []
        self._seconds_of = seconds_of
        self._ears: dict[str, _Ear] = {}

    def hear(self, leg: Leg, sound: Sound) -> None:
        """A leg hears something else from now on."""
        now = time.monotonic()
        ear = self._ears.setdefault(leg.sid, _Ear(math.inf, ""))
        if isinstance(sound, Silence):
            ear.silent_from = min(ear.silent_from, now)
            return
        self._close(leg.sid, ear, now, _named(sound))
        lasts = math.inf if isinstance(sound, ENDLESS) else self._seconds_of(sound)
        ear.silent_from, ear.heard = now + lasts, _named(sound)

    def ended(self, leg: Leg) -> None:
        """A leg is over."""
        ear = self._ears.pop(leg.sid, None)
        if ear is not None:
            self._close(leg.sid, ear, time.monotonic(), "the end")

    @property
    def worst_seconds(self) -> float:
        """The longest silence so far."""
        return self.longest[0].seconds if self.longest else 0.0

    def _close(self, sid: str, ear: _Ear, now: float, before: str) -> None:
        if ear.silent_from < now:
            self.longest.append(Quiet(now - ear.silent_from, sid, ear.heard, before))
            self.longest = sorted(self.longest, key=lambda quiet: -quiet.seconds)[:KEPT]


def _named(sound: Sound) -> str:
    text = getattr(sound, "text", "")
    return f"{type(sound).__name__} {text[:24]}".strip()
