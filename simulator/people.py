"""Seeded callers: they dial, mis-key, wait as long as they can bear, talk, and hang up.

They know what a caller knows: what is heard. Each has a generator of its own, so that one
person's chances do not depend on what the others do.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import log
from typing import TYPE_CHECKING, Final

from simulator.sounds import Bridge, Recording, Sound, Speech

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.kernel import Timer
    from simulator.legs import Leg
    from simulator.staff import Seat

MENU_WORDS: Final = ("오 번", "press five", "5번", "press 5")
DIALLED: Final = ("02120", "02-120", "120", "+8202120")
WITHHELD: Final = ("anonymous", "+266696687", "+86282452253")
HOURS_24: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Habits:
    """What callers are like. Shares are probabilities; times in seconds.

    patience_seconds: mean of an exponential. talk_seconds: mean of a lognormal with talk_sigma
    (Brown et al. 2005 found lognormal service times).
    """

    patience_seconds: float = 480.0
    talk_seconds: float = 1500.0
    talk_sigma: float = 0.6
    think_seconds: tuple[float, float] = (1.5, 6.0)
    withheld: float = 0.12
    leaves_in_menu: float = 0.02
    mis_keys: float = 0.06
    presses_nothing: float = 0.03
    presses_safety: float = 0.02
    hangs_up_first: float = 0.45


@dataclass
class Switchboard:
    """Who sits with whom: tells a caller's end of a talk to whoever is in the same room."""

    seats: dict[str, Seat] = field(default_factory=dict)


class Caller:
    """One citizen and one call; a telephone of the exchange."""

    def __init__(
        self,
        exchange: Exchange,
        switchboard: Switchboard,
        seed: str,
        habits: Habits,
    ) -> None:
        """A caller who will call when `dial` is called. seed: this person's own."""
        self._exchange = exchange
        self._switchboard = switchboard
        self._rng = random.Random(seed)
        self._habits = habits
        self.address = self._number()
        self.leg: Leg | None = None
        self._presses = self._plan()
        self._patience: Timer | None = None
        self._talk: Timer | None = None
        self._talk_began: datetime | None = None
        mean = lognormal_mu(habits.talk_seconds, habits.talk_sigma)
        self._talk_left = min(self._rng.lognormvariate(mean, habits.talk_sigma), HOURS_24)
        self._bears_seconds = self._rng.expovariate(1 / habits.patience_seconds)
        self._ends_it = self._rng.random() < habits.hangs_up_first
        self._cries_for_help = self._rng.random() < habits.presses_safety

    def _number(self) -> str:
        if self._rng.random() < self._habits.withheld:
            return self._rng.choice(WITHHELD)
        return f"+8210{self._rng.randrange(20_000_000, 99_999_999)}"

    def _plan(self) -> list[str]:
        """What to do each time the menu is heard: a key, nothing, or H to hang up; then 5."""
        chance = self._rng.random()
        habits = self._habits
        for share, keys in (
            (habits.leaves_in_menu, ["H"]),
            (habits.mis_keys, [self._rng.choice("1346780*"), "5"]),
            (habits.presses_nothing, ["", "", "", "", ""]),
        ):
            if chance < share:
                return keys
            chance -= share
        return ["5"]

    def dial(self) -> None:
        """Take the receiver off and dial."""
        self.leg = self._exchange.dial(self, self._rng.choice(DIALLED))

    # -- what the exchange tells a telephone ----------------------------------------------------

    def ring(self, leg: Leg) -> None:
        """Nobody calls a caller back yet."""
        leg.refuse("busy")

    def hear(self, leg: Leg, sound: Sound) -> None:
        """Understand what is heard, and do what this person would."""
        self._break_off_talk()
        if isinstance(sound, Bridge):
            self._begin_talk(sound.room_id)
        elif isinstance(sound, Speech) and any(words in sound.text for words in MENU_WORDS):
            self._think_of_key(leg)
        elif isinstance(sound, Recording):
            self._wait(leg)

    def ended(self, leg: Leg, status: str) -> None:
        """The receiver is back on the hook."""
        self._break_off_talk()
        if self._patience is not None:
            self._patience.cancel()

    # -- what this person does -----------------------------------------------------------------

    def _think_of_key(self, leg: Leg) -> None:
        key = self._presses.pop(0) if self._presses else "5"
        delay = self._rng.uniform(*self._habits.think_seconds)
        if key == "H":
            self._exchange.kernel.at(delay, leg.hang_up)
        elif key:
            self._exchange.kernel.at(delay, partial(leg.press, key))

    def _wait(self, leg: Leg) -> None:
        """The hold music begins: from the first time on, patience runs."""
        if self._cries_for_help:
            self._cries_for_help = False
            self._exchange.kernel.at(self._rng.uniform(1, 8), partial(leg.press, "9"))
        if self._patience is None:
            self._patience = self._exchange.kernel.at(self._bears_seconds, self._give_up)

    def _give_up(self) -> None:
        self._patience = None  # a caller who is cut off later waits with new patience
        if self.leg is not None and not isinstance(self.leg.heard, Bridge):
            self.leg.hang_up()

    def _begin_talk(self, room_id: str) -> None:
        now = self._exchange.kernel.now()
        self._talk_began = now
        self._talk = self._exchange.kernel.at(self._talk_left, partial(self._conclude, room_id))

    def _break_off_talk(self) -> None:
        """The other is no longer heard; what is left to say will be said when they are back."""
        if self._talk is None or self._talk_began is None:
            return
        self._talk.cancel()
        spent = (self._exchange.kernel.now() - self._talk_began).total_seconds()
        self._talk_left = max(60.0, self._talk_left - spent)
        self._talk = None

    def _conclude(self, room_id: str) -> None:
        """All is said: one of the two ends it. Whoever hangs up, the talk was as long."""
        seat = self._switchboard.seats.get(room_id)
        if self._ends_it or seat is None:
            assert self.leg is not None
            self.leg.hang_up()
        else:
            seat.conclude()


def lognormal_mu(mean: float, sigma: float) -> float:
    """The mu of a lognormal with this mean."""
    return log(mean) - sigma * sigma / 2


def send_callers(
    exchange: Exchange,
    switchboard: Switchboard,
    arrivals: Sequence[datetime],
    seed: int,
    habits: Habits,
) -> list[Caller]:
    """Let a caller dial at each of `arrivals`; returns them in that order."""
    now = exchange.kernel.now()
    callers = []
    for number, moment in enumerate(arrivals):
        caller = Caller(exchange, switchboard, f"{seed}/caller/{number}", habits)
        exchange.kernel.at((moment - now).total_seconds(), caller.dial)
        callers.append(caller)
    return callers
