"""Seeded counselors: they work shifts at a telephone or a browser, and know the server by HTTP.

What they did is in their diary, so that occupancy can be counted without asking the server.
"""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

from simulator.people import Switchboard, lognormal_mu
from simulator.sounds import Bridge, Sound, Speech

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg

WHISPER_WORDS: Final = ("일 번을 눌러", "press one", "1번")
TALK_KINDS: Final = ("loneliness_talk", "loneliness_talk", "loneliness_talk", "follow_up")
LOOK_AFTER_SECONDS: Final = 3.0
FORGOTTEN_SECONDS: Final = 400.0
REASONS: Final = ("loneliness", "isolation_no_one_to_talk", "family_conflict", "debt_hardship")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server's API answered: HTTP status and JSON body."""

    status: int
    body: dict[str, Any]


class Server(Protocol):
    """The server's JSON API as a program outside sees it."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Answer:
        """Send one request below /api/v1; key: its Idempotency-Key."""


@dataclass(frozen=True, slots=True)
class WorkHabits:
    """What counselors are like. Shares are probabilities; times in seconds."""

    picks_up_seconds: tuple[float, float] = (2.0, 6.0)
    presses_seconds: tuple[float, float] = (0.5, 2.0)
    wrap_seconds: float = 150.0
    wrap_sigma: float = 0.5
    misses: float = 0.02
    declines: float = 0.01
    drops_talk: float = 0.02
    forgets_outcome: float = 0.02
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


class Counselor:
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
        self.address = address
        self.login = login
        self.diary: list[Entry] = []
        self.refusals: Counter[str] = Counter()
        self.leg: Leg | None = None
        self._exchange = exchange
        self._server = server
        self._switchboard = switchboard
        self._password = password
        self._rng = random.Random(seed)
        self._habits = habits
        self._token = ""
        self._requests = 0
        self._status = "off"
        self._wants = "off"
        self._said_at: datetime | None = None
        self._talked = False
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
        self._ask("PUT", "/me/presence", {"status": status})
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
        chance = self._rng.random()
        if chance < self._habits.declines:
            self._at(2.0, partial(leg.refuse, "rejected", self))
        elif chance >= self._habits.declines + self._habits.misses:
            delay = self._rng.uniform(*self._habits.picks_up_seconds)
            self._at(delay, partial(leg.answer, self))

    def hear(self, leg: Leg, sound: Sound) -> None:
        """The whisper asks for a key; then there is somebody."""
        if isinstance(sound, Speech) and any(words in sound.text for words in WHISPER_WORDS):
            key = "2" if self._rng.random() < self._habits.declines else "1"
            self._at(self._rng.uniform(*self._habits.presses_seconds), partial(leg.press, key))
        if isinstance(sound, Bridge):
            self._talked = True
            self._switchboard.seats[sound.room_id] = self

    def ended(self, leg: Leg, status: str) -> None:
        """The leg is over: write up a talk, or be ready for the next."""
        self.leg = None
        if self._talked:
            self._begin_wrap()
        elif status in ("no-answer", "busy", "failed"):
            self._at(self._rng.uniform(60, 180), partial(self._come_back, self._shift))
        else:
            self._at(0.0, self._follow_wish)

    def _come_back(self, shift: int) -> None:
        """After a missed call the server holds us for away: say ready again."""
        if shift == self._shift and self._wants == "ready" and self.leg is None:
            self._say("ready")
        self._follow_wish()

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
        if talk:
            self._ask("POST", f"/sessions/{talk['id']}/end", {})

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
            self._ask("PUT", f"/sessions/{wrapping['id']}/outcome", self._outcome())
        self.diary.append(Entry("wrap-up", began, self._exchange.kernel.now()))
        self._follow_wish()

    def _outcome(self) -> dict[str, Any]:
        return {
            "contact_kind": self._rng.choice(TALK_KINDS),
            "outcome": "eased_closed",
            "main_reason": self._rng.choice(REASONS),
            "risk": self._rng.choice(("none", "none", "low", "moderate")),
        }

    # -- the server ----------------------------------------------------------------------------

    def _sign_in(self) -> None:
        body = {"login": self.login, "password": self._password}
        answer = self._server.ask("POST", "/tokens", body=body)
        self._token = str(answer.body.get("token", ""))
        if answer.status >= 400:
            self.refusals[f"POST /tokens {answer.status}"] += 1

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Ask as who is signed in; when that has lapsed, sign in once more."""
        self._requests += 1
        key = "" if method == "GET" else f"{self.login}-{self._requests}"
        answer = self._server.ask(method, path, token=self._token, body=body, key=key)
        if answer.status == 401:
            self._sign_in()
            answer = self._server.ask(method, path, token=self._token, body=body, key=key)
        if answer.status >= 400:
            self.refusals[f"{method} {_shape(path)} {answer.status}"] += 1
        return answer

    def _at(self, seconds: float, action: Callable[[], None]) -> None:
        self._exchange.kernel.at(seconds, action)


class BrowserCounselor(Counselor):
    """A counselor at the desk page: looks every few seconds, accepts there, then connects."""

    _identity = ""
    _seen_offer = ""

    def begin_shift(self) -> None:
        """Come to work, and keep the page open."""
        super().begin_shift()
        token = str(self._ask("GET", "/me/softphone").body.get("token", ""))
        self._exchange.unregister(self)
        self.address = f"client:{_identity(token)}"
        self._exchange.register(self)
        self._look(self._shift)

    def _look(self, shift: int) -> None:
        """The desk page asks what is new; that is a sign of life as well."""
        if shift != self._shift and self._status == "off":
            return
        self._at(self._habits.looks_every_seconds, partial(self._look, shift))
        if self.busy or self._status != "ready":
            return
        offer = self._ask("GET", "/me/desk").body.get("offer")
        if offer and offer["id"] != self._seen_offer:
            self._seen_offer = str(offer["id"])
            delay = self._rng.uniform(*self._habits.presses_seconds)
            self._at(delay, partial(self._take, self._seen_offer))

    def _take(self, offer_id: str) -> None:
        if self.leg is not None:
            return
        if self._rng.random() < self._habits.declines:
            self._ask("POST", f"/offers/{offer_id}/decline", {"reason": "not now"})
            return
        answer = self._ask("POST", f"/offers/{offer_id}/accept", {})
        if answer.status == 200:
            params = {name: str(value) for name, value in answer.body["connect"]["params"].items()}
            self._talked = False
            self.leg = self._exchange.dial(self, "", params)

    def ended(self, leg: Leg, status: str) -> None:
        """As at a telephone; a connection that came to nothing ends quietly."""
        super().ended(leg, "completed" if not self._talked else status)


Seat = Counselor


def _identity(token: str) -> str:
    """Whom an access token (a JWT) is for; the softphone registers under that name."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return str(claims["grants"]["identity"])
    except (IndexError, ValueError, KeyError):
        return "nobody"


def _shape(path: str) -> str:
    """A path with its ids taken out, to count by."""
    return "/".join("*" if _is_id(part) else part for part in path.split("/"))


def _is_id(part: str) -> bool:
    try:
        UUID(part)
    except ValueError:
        return False
    return True
