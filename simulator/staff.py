"""Seeded counselors: they work shifts at a telephone or a browser, and know the server by HTTP.

What they did is in their diary, so that occupancy can be counted without asking the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from simulator.agreeing import agreed_call
from simulator.api_user import ApiUser, Server
from simulator.people import Switchboard, Wish, lognormal_mu
from simulator.sounds import Bridge, Sound, Speech

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg

WHISPER_WORDS: Final = ("일 번을 눌러", "press one", "1번")
TALK_KINDS: Final = ("loneliness_talk", "loneliness_talk", "loneliness_talk", "follow_up")
LOOK_AFTER_SECONDS: Final = 3.0
PUTS_DOWN_SECONDS: Final = 5.0
ASKED_IN_VAIN: Final = frozenset({"no-answer", "busy", "failed", "canceled", "completed"})
FORGOTTEN_SECONDS: Final = 400.0
REFUSED: Final = 409
NOBODY_CAME: Final = {"contact_kind": "hung_up_early"}
REASONS: Final = ("loneliness", "isolation_no_one_to_talk", "family_conflict", "debt_hardship")


@dataclass(frozen=True, slots=True)
class WorkHabits:
    """What counselors are like. Shares are probabilities; times in seconds.

    books_companion: of the outcomes. Laptops and networks: of a browser's rings and talks.
    """

    picks_up_seconds: tuple[float, float] = (2.0, 6.0)
    presses_seconds: tuple[float, float] = (0.5, 2.0)
    wrap_seconds: float = 150.0
    wrap_sigma: float = 0.5
    misses: float = 0.02
    declines: float = 0.01
    drops_talk: float = 0.02
    forgets_outcome: float = 0.02
    books_companion: float = 0.06
    breaks_in_ring: float = 0.004
    closes_laptop_in_ring: float = 0.004
    closes_laptop_in_talk: float = 0.005
    loses_network: float = 0.01
    laptop_shut_seconds: tuple[float, float] = (120.0, 1200.0)
    network_lost_seconds: tuple[float, float] = (8.0, 90.0)
    looks_every_seconds: float = 12.0
    shows_up_seconds: float = 1200.0
    works_seconds: tuple[float, float] = (5400.0, 9000.0)
    break_seconds: tuple[float, float] = (420.0, 900.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One stretch of a diary. kind: "on duty" (said ready) or "wrap-up"."""

    kind: str
    begin: datetime
    end: datetime


class Counselor(ApiUser):
    """One counselor at a telephone: rung, whispered to, presses 1, talks, writes it down."""

    def __init__(
        self,
        exchange: Exchange,
        server: Server,
        switchboard: Switchboard,
        *,
        login: str,
        password: str,
        address: str,
        seed: str,
        habits: WorkHabits,
    ) -> None:
        """Not at work yet. address: what the exchange rings, "+82..." or "sip:..."."""
        super().__init__(exchange, server, login=login, password=password, seed=seed)
        self.address = address
        self.diary: list[Entry] = []
        self.leg: Leg | None = None
        self._switchboard = switchboard
        self._habits = habits
        self._status = "off"
        self._wants = "off"
        self._said_at: datetime | None = None
        self._talked = False
        self._room = ""
        self._wrap_began: datetime | None = None
        self._shift = 0

    @property
    def busy(self) -> bool:
        """Whether a leg or an unwritten outcome is on the desk."""
        return self.leg is not None or self._wrap_began is not None

    # -- shifts --------------------------------------------------------------------------------

    def begin_shift(self) -> None:
        """Come to work: sign in and be ready."""
        self._exchange.register(self)
        self._shift += 1
        self._sign_in()
        self._wants = "ready"
        self._say("ready")
        self._at(self._rng.uniform(*self._habits.works_seconds), partial(self._tire, self._shift))
        self._at(self._habits.shows_up_seconds, partial(self._show_up, self._shift))

    def end_shift(self) -> None:
        """Go home, after what is on the desk."""
        self._wants = "off"
        self._shift += 1
        self._follow_wish()

    def _tire(self, shift: int) -> None:
        if shift == self._shift:
            self._wants = "break"
            self._follow_wish()

    def _take_break(self, shift: int) -> None:
        """Go on break while it rings: somebody else may take it."""
        if shift == self._shift and self._wants == "ready":
            self._wants = "break"
            self._say("break")
            self._at(self._rng.uniform(*self._habits.break_seconds), partial(self._refresh, shift))

    def _refresh(self, shift: int) -> None:
        """The break is over."""
        if shift == self._shift:
            self._wants = "ready"
            self._say("ready")
            again = self._rng.uniform(*self._habits.works_seconds)
            self._at(again, partial(self._tire, shift))

    def _show_up(self, shift: int) -> None:
        """Look at the own page now and then, so that the sign-in does not go idle."""
        if shift == self._shift:
            self._ask("GET", "/me")
            self._at(self._habits.shows_up_seconds, partial(self._show_up, shift))

    def _follow_wish(self) -> None:
        """Say what is wished, once nothing lies on the desk."""
        if self.busy or self._wants == self._status:
            return
        self._say(self._wants)
        if self._wants == "break":
            pause = self._rng.uniform(*self._habits.break_seconds)
            self._at(pause, partial(self._refresh, self._shift))

    def _say(self, status: str) -> None:
        now = self._exchange.kernel.now()
        if self._ask("PUT", "/me/presence", {"status": status}).status == REFUSED:
            return  # the certificate does not hold today: nothing has changed
        if self._status == "ready" and self._said_at is not None:
            self.diary.append(Entry("on duty", self._said_at, now))
        self._status, self._said_at = status, now

    def close_diary(self) -> None:
        """Write the last stretch, at the end of the story."""
        if self._status == "ready" and self._said_at is not None:
            now = self._exchange.kernel.now()
            self.diary.append(Entry("on duty", self._said_at, now))
            self._said_at = now

    # -- what the exchange tells a telephone ----------------------------------------------------

    def ring(self, leg: Leg) -> None:
        """It rings: pick up, refuse, or miss it."""
        if self.leg is not None:
            leg.refuse("busy", self)
            return
        self.leg = leg
        self._talked = False
        self._switchboard.happens("ring")
        if self._rng.random() < self._habits.breaks_in_ring:
            self._at(2.0, partial(self._take_break, self._shift))
            return
        chance = self._rng.random()
        if chance < self._habits.declines:
            self._at(2.0, partial(leg.refuse, "rejected", self))
        elif chance >= self._habits.declines + self._habits.misses:
            delay = self._rng.uniform(*self._habits.picks_up_seconds)
            self._at(delay, partial(self._pick_up, leg))

    def _pick_up(self, leg: Leg) -> None:
        leg.answer(self)
        self._switchboard.happens("answer")

    def hear(self, leg: Leg, sound: Sound) -> None:
        """The whisper asks for a key; then there is somebody."""
        if isinstance(sound, Speech) and any(words in sound.text for words in WHISPER_WORDS):
            key = "2" if self._rng.random() < self._habits.declines else "1"
            self._at(self._rng.uniform(*self._habits.presses_seconds), partial(leg.press, key))
        if isinstance(sound, Bridge):
            self._talked = True
            self._room = sound.room_id
            self._switchboard.seats[sound.room_id] = self

    def ended(self, leg: Leg, status: str) -> None:
        """The leg is over: write up a talk, or be ready for the next."""
        self.leg = None
        if self._talked:
            self._begin_wrap()
        elif status in ASKED_IN_VAIN:
            self._at(self._rng.uniform(60, 180), partial(self._come_back, self._shift))
        else:
            self._at(0.0, self._follow_wish)

    def _come_back(self, shift: int) -> None:
        """After a ring that was missed the server may hold us for away: say ready again."""
        if shift == self._shift and self._wants == "ready" and self.leg is None:
            self._notice(self._ask("GET", "/me").body)
        self._follow_wish()

    def _notice(self, me: Mapping[str, Any]) -> None:
        """Where the own page shows "not answering", say ready again; it was no time on duty."""
        since = me.get("not_answering_since")
        if since is None or self._status != "ready" or self._wants != "ready":
            return
        if self._said_at is not None:
            self.diary.append(Entry("on duty", self._said_at, datetime.fromisoformat(since)))
        self._said_at = None
        self._say("ready")

    # -- talks ---------------------------------------------------------------------------------

    def conclude(self) -> None:
        """End the talk: kindly, through the server, or by a line that drops."""
        if self.leg is None:
            return
        if self._rng.random() < self._habits.drops_talk:
            self.leg.hang_up()
            return
        desk = self._ask("GET", "/me/desk").body
        talk = desk.get("session")
        ended = talk and self._ask("POST", f"/sessions/{talk['id']}/end", {}).status < 400
        if not ended:  # the page does not work: put the receiver down
            self._at(PUTS_DOWN_SECONDS, self.leg.hang_up)

    def _begin_wrap(self) -> None:
        self._wrap_began = self._exchange.kernel.now()
        self._at(LOOK_AFTER_SECONDS, partial(self._see_what_is_left, self._wrap_began))

    def _see_what_is_left(self, began: datetime) -> None:
        """Look at the desk after a talk: there may be nothing to write where the line dropped."""
        if self._wrap_began != began:
            return
        if not self._ask("GET", "/me/desk").body.get("wrapping"):
            self._wrap_began = None
            self._follow_wish()
            return
        mu = lognormal_mu(self._habits.wrap_seconds, self._habits.wrap_sigma)
        seconds = self._rng.lognormvariate(mu, self._habits.wrap_sigma)
        if self._rng.random() < self._habits.forgets_outcome:
            seconds += FORGOTTEN_SECONDS
        self._at(seconds, partial(self._write_outcome, began))

    def _write_outcome(self, began: datetime) -> None:
        if self._wrap_began != began:
            return
        self._wrap_began = None
        wrapping = self._ask("GET", "/me/desk").body.get("wrapping")
        if wrapping:
            self._record(str(wrapping["id"]))
        self.diary.append(Entry("wrap-up", began, self._exchange.kernel.now()))
        self._follow_wish()

    def _record(self, session_id: str) -> None:
        """Write the outcome; for who needs more time, with the companion's first call."""
        outcome, path = self._outcome(), f"/sessions/{session_id}/outcome"
        citizen = self._switchboard.citizens.get(self._room)
        if citizen is None:
            outcome = NOBODY_CAME
        if citizen is None or self._rng.random() >= self._habits.books_companion:
            self._ask("PUT", path, outcome)
            return
        now = self._exchange.kernel.now()
        agreed, windows = agreed_call(now, self._rng)
        outcome |= {"outcome": "needs_more_time_outbound"}
        number = citizen.numbers[0]
        answer = self._ask("PUT", path, outcome | {"next_call": agreed | {"number": number}})
        if answer.status == 200:
            citizen.wishes.append(Wish(now, number, "desk", "companion", windows=windows))

    def _outcome(self) -> dict[str, Any]:
        return {
            "contact_kind": self._rng.choice(TALK_KINDS),
            "outcome": "eased_closed",
            "main_reason": self._rng.choice(REASONS),
            "risk": self._rng.choice(("none", "none", "low", "moderate")),
        }
