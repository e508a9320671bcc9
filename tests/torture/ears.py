"""What a citizen's telephone hears, and how long it ever heard nothing.

Silence: no sound and nobody in the same room, from the end of the last sound to the next one or to
the end of the leg. What waits for a key by design counts as well; people here press at once.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from simulator.journal import BridgeChanged, Entry, Journal
from simulator.legs import Leg
from simulator.sounds import Bridge, HoldMusic, Ringback, Silence, Sound

ENDLESS = (HoldMusic, Ringback)
KEPT = 5
ALONE = "nobody in the room"


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
    room_id: str = ""


class Ears:
    """Keeps the longest silences. seconds_of: how long a sound lasts. journal: tells who is in
    which room; the exchange lets whoever is left there alone hear the room as before."""

    def __init__(self, seconds_of: Callable[[Sound], float], journal: Journal) -> None:
        self.longest: list[Quiet] = []
        self._seconds_of = seconds_of
        self._ears: dict[str, _Ear] = {}
        self._people: dict[str, set[str]] = defaultdict(set)
        journal.watchers.append(self._read)

    def hear(self, leg: Leg, sound: Sound) -> None:
        """A leg hears something else from now on."""
        now = time.monotonic()
        ear = self._ears.setdefault(leg.sid, _Ear(math.inf, ""))
        ear.room_id = sound.room_id if isinstance(sound, Bridge) else ""
        if isinstance(sound, Bridge):
            self._hear_room(leg.sid, ear, now)
            return
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

    def _read(self, entry: Entry) -> None:
        """Somebody came or went: whoever listens to that room may be alone now, or no longer."""
        if not isinstance(entry, BridgeChanged):
            return
        people = self._people[entry.room_id]
        (people.add if entry.change == "join" else people.discard)(entry.call_sid)
        for sid, ear in self._ears.items():
            if ear.room_id == entry.room_id:
                self._hear_room(sid, ear, time.monotonic())
        if not people:
            del self._people[entry.room_id]

    def _hear_room(self, sid: str, ear: _Ear, now: float) -> None:
        if self._people.get(ear.room_id, set()) - {sid}:
            self._close(sid, ear, now, Bridge.__name__)
            ear.silent_from, ear.heard = math.inf, Bridge.__name__
        elif ear.silent_from > now:
            ear.silent_from, ear.heard = now, ALONE

    def _close(self, sid: str, ear: _Ear, now: float, before: str) -> None:
        if ear.silent_from < now:
            self.longest.append(Quiet(now - ear.silent_from, sid, ear.heard, before))
            self.longest = sorted(self.longest, key=lambda quiet: -quiet.seconds)[:KEPT]


def _named(sound: Sound) -> str:
    text = getattr(sound, "text", "")
    return f"{type(sound).__name__} {text[:24]}".strip()
