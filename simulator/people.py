"""Seeded callers: they dial, mis-key, wait as long as they can bear, talk, and hang up.

They know what a caller knows: what is heard. Each has a generator of its own, so that one
person's chances do not depend on what the others do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import log
from typing import TYPE_CHECKING, Final, Protocol

from simulator.habits import Habits
from simulator.handsets import Handset
from simulator.keying import Keying
from simulator.sounds import Bridge, Recording, Sound, Speech

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.kernel import Timer
    from simulator.legs import Leg

MENU_WORDS: Final = ("오 번", "press five", "5번", "press 5")
LANGUAGE_WORDS: Final = ("For English, press one",)
READ_BACK_WORDS: Final = ("이 번호로 전화드릴까요", "Shall we call this number")
ASK_WORDS: Final = ("우물 정 자", "then press the hash key")
OFFER_WORDS: Final = ("기다리지 않고", "instead of waiting")
PROMISE_WORDS: Final = ("약속드립니다", "We promise")
GREETING_WORDS: Final = ("부탁하신 전화", "the call you asked for")
CONNECTING_WORDS: Final = ("상담사와 연결되었습니다", "connected with a counselor")
NO_MORE_WORDS: Final = ("앞으로 전화드리지 않겠습니다", "We will not call again")
DIALLED: Final = ("02120", "02-120", "120", "+8202120")
WITHHELD: Final = ("anonymous", "+266696687", "+86282452253")
WORST_MOMENTS: Final = ("ring", "answer", "join")
HOURS_24: Final = 86_400.0
CALLS_MAX: Final = 3
BEARS_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody said, and heard confirmed, of being called at a number.

    purpose: talk, with a counselor, or companion. wants: False where no more calls are wanted.
    windows: None where nothing was said of them.
    """

    at: datetime
    number: str
    how: str
    purpose: str = "talk"
    wants: bool = True
    windows: Sequence[Mapping[str, object]] | None = None
    at_night: bool = False


class Seated(Protocol):
    """Who sits with a citizen: a counselor or a companion."""

    def conclude(self) -> None:
        """All is said: end the talk."""


@dataclass
class Switchboard:
    """Who sits with whom, by room; and who is about to lose their nerve, in the order of waiting.

    Tells a caller's end of a talk to whoever is in the same room.
    """

    seats: dict[str, Seated] = field(default_factory=dict)
    citizens: dict[str, Caller] = field(default_factory=dict)
    nervous: dict[Caller, str] = field(default_factory=dict)

    def happens(self, moment: str) -> None:
        """A counselor is rung ("ring") or picks up ("answer"): who fears that runs away."""
        fleeing = next((one for one, fears in self.nervous.items() if fears == moment), None)
        if fleeing is not None:
            del self.nervous[fleeing]
            fleeing.flee()

    def calm(self, caller: Caller) -> None:
        """This caller waits no longer."""
        self.nervous.pop(caller, None)


class Caller:
    """One citizen, who calls once or a few times, and may be rung back.

    wishes: what was heard confirmed. asked: what was asked for, confirmed or not. said_all: when
    on a leg all was said that there was to say, if no talk began there since.
    """

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
        self.numbers = tuple(self._number() for _ in range(2))
        is_withheld = self._rng.random() < habits.withheld
        self.address = self._rng.choice(WITHHELD) if is_withheld else self.numbers[0]
        self.leg: Leg | None = None
        self.wishes: list[Wish] = []
        self.asked: list[Wish] = []
        self.said_all: dict[str, datetime] = {}
        speaks_english = random.Random(f"{seed}/language").random() < habits.speaks_english
        self._presses = [*("9" if speaks_english else ""), *self._plan()]
        self._keying = Keying(
            self._rng, self.numbers, other=habits.other_number, slips=habits.mis_keys_number
        )
        self._handsets: list[Handset] = []
        self._heard = ""
        self._calls_left = CALLS_MAX
        self._patience: Timer | None = None
        self._key: Timer | None = None
        self._talk: Timer | None = None
        self._talk_began: datetime | None = None
        self._is_cut = False
        self._talk_left = self._talk_length()
        self._ends_it = self._rng.random() < habits.hangs_up_first
        self._cries_for_help = self._rng.random() < habits.presses_safety
        self._keeps_place = self._rng.random() < habits.keeps_place
        self._flees_at = self._worst_moment()

    def _number(self) -> str:
        return f"+8210{self._rng.randrange(20_000_000, 99_999_999)}"

    def _talk_length(self) -> float:
        mean = lognormal_mu(self._habits.talk_seconds, self._habits.talk_sigma)
        return min(self._rng.lognormvariate(mean, self._habits.talk_sigma), HOURS_24)

    def _worst_moment(self) -> str:
        is_nervous = self._rng.random() < self._habits.leaves_at_worst
        return self._rng.choice(WORST_MOMENTS) if is_nervous else ""

    def _plan(self) -> list[str]:
        """What to do each time the menu is heard: a key, nothing, or H to hang up; then 5."""
        chance = self._rng.random()
        habits = self._habits
        for share, keys in (
            (habits.leaves_in_menu, ["H"]),
            (habits.mis_keys, [self._rng.choice("1346780*"), "5"]),
            (habits.presses_nothing, ["", "", "", "", ""]),
            (habits.asks_callback, ["2"]),
        ):
            if chance < share:
                return keys
            chance -= share
        return ["5"]

    def dial(self) -> None:
        """Take the receiver off and dial; who is on the telephone already does not."""
        if self.leg is not None and self.leg.live:
            return
        self.be_reachable()
        self._calls_left -= 1
        self._is_cut = False
        self.leg = self._exchange.dial(self, self._rng.choice(DIALLED))

    def be_reachable(self) -> None:
        """From now on this person's own telephones ring."""
        if not self._handsets:
            rung = self._habits.rung
            self._handsets = [
                Handset(self._exchange, self, number, self._rng, rung) for number in self.numbers
            ]

    # -- what the exchange tells a telephone ----------------------------------------------------

    def ring(self, leg: Leg) -> None:
        """Nobody rings a line that shows no number."""
        leg.refuse("busy")

    def hear(self, leg: Leg, sound: Sound) -> None:
        """Understand what is heard, and do what this person would."""
        self._break_off_talk()
        if isinstance(sound, Bridge):
            self._begin_talk(sound.room_id)
        elif isinstance(sound, Speech):
            self._listen(leg, sound.text)
        elif isinstance(sound, Recording):
            self._wait(leg)

    def _listen(self, leg: Leg, text: str) -> None:
        for words, do in HEARD:
            if any(said in text for said in words):
                self._heard = text
                do(self, leg)
                return

    def ended(self, leg: Leg, status: str) -> None:
        """The receiver is back on the hook."""
        self._break_off_talk()
        self._switchboard.calm(self)
        for timer in (self._patience, self._key):
            if timer is not None:
                timer.cancel()
        self._patience = self._key = None
        share = self._habits.calls_again_when_cut if self._is_cut else 0.0
        if self._rng.random() < share:
            self._call_again()

    def _call_again(self) -> None:
        if self._calls_left > 0:
            self._presses = []
            delay = self._rng.uniform(*self._habits.again_seconds)
            self._exchange.kernel.at(delay, self.dial)

    # -- what this person presses --------------------------------------------------------------

    def _think_of_key(self, leg: Leg) -> None:
        key = self._presses.pop(0) if self._presses else "5"
        if key == "H":
            self._soon(leg.hang_up)
        elif key:
            self._soon(partial(leg.press, key))

    def _choose_english(self, leg: Leg) -> None:
        self._soon(partial(leg.press, "1"))

    def _soon(self, action: Callable[[], None]) -> None:
        """Do it after a moment's thought, instead of what was about to be done."""
        if self._key is not None:
            self._key.cancel()
        delay = self._rng.uniform(*self._habits.think_seconds)
        self._key = self._exchange.kernel.at(delay, action)

    def _check_number(self, leg: Leg) -> None:
        """The number was read back: right, wrong, or too much."""
        if self._rng.random() < self._habits.leaves_in_dialogue:
            self._soon(leg.hang_up)
            return
        key = self._keying.answer(self._heard)
        agrees = partial(self._agree, leg)
        self._soon(agrees if key == "1" else partial(leg.press, key))

    def _agree(self, leg: Leg) -> None:
        """Say that this is the number; whether it was promised is heard, or is not."""
        self.asked.append(Wish(self._exchange.kernel.now(), self.wanted, "key"))
        leg.press("1")

    def _key_number(self, leg: Leg) -> None:
        self._soon(partial(leg.press, self._keying.number()))

    def _may_keep_place(self, leg: Leg) -> None:
        """The offer is made again and again; a person makes up their mind once."""
        if self._keeps_place:
            self._soon(partial(leg.press, "2"))

    @property
    def wanted(self) -> str:
        """The number at which this person asked the line to call."""
        return self._keying.given

    def _hear_promise(self, leg: Leg) -> None:
        self.wishes.append(Wish(self._exchange.kernel.now(), self.wanted, "key"))

    def _hear_no_more(self, leg: Leg) -> None:
        self.wishes.append(Wish(self._exchange.kernel.now(), leg.to, "key", wants=False))

    def _be_greeted(self, leg: Leg) -> None:
        """Rung back: listen, withdraw by key, or think better of it."""
        chance, rung = self._rng.random(), self._habits.rung
        if chance < rung.withdraws:
            self._soon(partial(leg.press, "9"))
        elif chance < rung.withdraws + rung.hangs_up_in_greeting:
            self._soon(leg.hang_up)

    # -- waiting and talking -------------------------------------------------------------------

    def _wait(self, leg: Leg) -> None:
        """The hold music begins: from the first time on, patience runs."""
        if self._cries_for_help:
            self._cries_for_help = False
            self._exchange.kernel.at(self._rng.uniform(1, 8), partial(leg.press, "9"))
        if self._patience is None:
            bears = self._rng.expovariate(1 / self._habits.patience_seconds)
            self._patience = self._exchange.kernel.at(bears, partial(self._give_up, leg))
            if self._flees_at in ("ring", "answer"):
                self._switchboard.nervous[self] = self._flees_at

    def flee(self) -> None:
        """Hang up within the second: a counselor is being rung, or picks up, at this moment."""
        if self.leg is not None and not isinstance(self.leg.heard, Bridge):
            self._exchange.kernel.at(self._rng.random(), self.leg.hang_up)

    def _be_put_through(self, leg: Leg) -> None:
        if self._flees_at == "join":
            self._exchange.kernel.at(self._rng.random(), leg.hang_up)

    def _give_up(self, leg: Leg) -> None:
        self._patience = None  # a caller who is cut off later waits with new patience
        if not leg.live or isinstance(leg.heard, Bridge):
            return
        leg.hang_up()
        if self._rng.random() < self._habits.calls_again:
            self._call_again()

    def _begin_talk(self, room_id: str) -> None:
        now = self._exchange.kernel.now()
        self._switchboard.calm(self)
        self._switchboard.citizens[room_id] = self
        self._is_cut = True
        if self.leg is not None:
            self.said_all.pop(self.leg.sid, None)
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
        self._is_cut = False
        self._talk = None
        self._talk_left = self._talk_length()
        if self.leg is not None:
            self.said_all[self.leg.sid] = self._exchange.kernel.now()
        seat = self._switchboard.seats.get(room_id)
        if self._ends_it or seat is None:
            assert self.leg is not None
            self.leg.hang_up()
        else:
            seat.conclude()
            self._exchange.kernel.at(BEARS_SECONDS, partial(self._leave_at_last, self.leg))

    def _leave_at_last(self, leg: Leg | None) -> None:
        """All was said, and nobody put the receiver down."""
        if leg is not None and leg is self.leg and leg.live and self._talk is None:
            leg.hang_up()


HEARD: Final[tuple[tuple[tuple[str, ...], Callable[[Caller, Leg], None]], ...]] = (
    (READ_BACK_WORDS, Caller._check_number),
    (ASK_WORDS, Caller._key_number),
    (OFFER_WORDS, Caller._may_keep_place),
    (PROMISE_WORDS, Caller._hear_promise),
    (NO_MORE_WORDS, Caller._hear_no_more),
    (GREETING_WORDS, Caller._be_greeted),
    (CONNECTING_WORDS, Caller._be_put_through),
    (LANGUAGE_WORDS, Caller._choose_english),
    (MENU_WORDS, Caller._think_of_key),
)
"""What is said -> what a person does then; the first that fits."""


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
