"""Citizens at their telephones: they press keys, wait, talk, hang up, and call again when cut off.

They know only what they hear.
"""

import random
import time
from dataclasses import dataclass, field
from functools import partial

from simulator.exchange import Exchange
from simulator.legs import Leg
from simulator.sounds import Bridge, Sound, Speech
from tests.torture.ears import Ears

MENU, READ_BACK, PROMISED = "이야기 나누고 싶으시면", "이 번호로 전화드릴까요", "약속드립니다"
WAITING = ("번째로 기다리고", "다음 순서이십니다")
CUT_OFF = ("지금은 연결할 수 없습니다", "application error")
CALLS_MAX = 8


@dataclass(frozen=True)
class Pace:
    """How fast people live, in seconds: (least, most). talk_over: when a citizen hangs up if the
    other did not end it."""

    talk: tuple[float, float] = (5.0, 40.0)
    write: tuple[float, float] = (3.0, 10.0)
    think: tuple[float, float] = (0.5, 2.0)
    patience: tuple[float, float] = (90.0, 240.0)
    calls_again: tuple[float, float] = (3.0, 8.0)
    talk_over: float = 90.0


@dataclass
class Town:
    """What the citizens share. open: they still call; with the faults over they only finish."""

    exchange: Exchange
    ears: Ears
    pace: Pace
    open: bool = True
    callers: int = 0
    calls: int = 0
    talks: int = 0
    gave_up: int = 0
    cut_off: list[float] = field(default_factory=list)
    """When (monotonic) a citizen's leg ended before they were served or promised anything."""
    told_fallback: int = 0
    promises: list[str] = field(default_factory=list)
    """The legs that heard a promise."""


class Citizen:
    """One person with one number. plan: "talk", "menu" (asks in the menu to be called), "place"
    (asks while waiting) or "companion" (never calls, is called)."""

    def __init__(self, town: Town, number: str, plan: str, seed: str) -> None:
        self.address, self.plan = number, plan
        self.is_content = False
        self._town, self._rng = town, random.Random(seed)
        self._legs: list[Leg] = []
        self._has_given_up = False
        town.exchange.register(self)

    def dial(self) -> None:
        """Call the line, for the first time or again."""
        self._town.calls += 1
        self._has_given_up = False
        leg = self._town.exchange.dial(self, "02-120")
        self._legs.append(leg)
        self._after(self._town.pace.patience, partial(self._give_up, leg))

    # -- what the exchange tells a telephone -----------------------------------------------------

    def ring(self, leg: Leg) -> None:
        """The line calls: pick up, unless on the telephone."""
        if any(held.live for held in self._legs):
            leg.refuse("busy", self)
            return
        self._legs.append(leg)
        self._after(self._town.pace.think, partial(leg.answer, self))

    def hear(self, leg: Leg, sound: Sound) -> None:
        """Do what this person would."""
        self._town.ears.hear(leg, sound)
        if isinstance(sound, Bridge):
            self._talk(leg)
        elif isinstance(sound, Speech):
            self._listen(leg, sound.text)

    def ended(self, leg: Leg, status: str) -> None:
        """Who was neither served nor promised anything calls again."""
        self._town.ears.ended(leg)
        is_own = leg.direction == "inbound"
        if self.is_content or self._has_given_up or not is_own:
            return
        self._town.cut_off.append(time.monotonic())
        if self._town.open and len(self._legs) < CALLS_MAX:
            self._after(self._town.pace.calls_again, self._dial_again)

    # -- what this person does -------------------------------------------------------------------

    def _dial_again(self) -> None:
        if self._town.open and not self.is_content:
            self.dial()

    def _listen(self, leg: Leg, text: str) -> None:
        if MENU in text:
            self._press(leg, "2" if self.plan == "menu" else "5")
        elif READ_BACK in text:
            self._press(leg, "1")
        elif self.plan == "place" and any(words in text for words in WAITING):
            self._press(leg, "2")
        elif PROMISED in text:
            self.is_content = True
            self._town.promises.append(leg.sid)
        elif any(words in text for words in CUT_OFF):
            self._town.told_fallback += 1

    def _press(self, leg: Leg, key: str) -> None:
        self._after(self._town.pace.think, partial(leg.press, key))

    def _talk(self, leg: Leg) -> None:
        self._town.talks += not self.is_content
        self.is_content = True
        if self._rng.random() < 0.5:
            self._after(self._town.pace.talk, leg.hang_up)
        self._town.exchange.kernel.at(self._town.pace.talk_over, leg.hang_up)

    def _give_up(self, leg: Leg) -> None:
        if leg.live and not isinstance(leg.heard, Bridge) and not self.is_content:
            self._has_given_up = True
            self._town.gave_up += 1
            leg.hang_up()

    def _after(self, span: tuple[float, float], action: object) -> None:
        self._town.exchange.kernel.at(self._rng.uniform(*span), action)  # type: ignore[arg-type]
