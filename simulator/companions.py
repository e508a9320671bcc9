"""Seeded companions: they work through their list, call who was promised a call, and write it down.

They know the server by its API and the citizens by the telephone; what they said came of a call is
in their diary.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from simulator.agreeing import working_moment
from simulator.api_user import ApiUser, Server
from simulator.people import Switchboard, Wish, lognormal_mu
from simulator.sounds import Bridge, Sound

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg

LOOK_AFTER_SECONDS: Final = 4.0
PUTS_DOWN_SECONDS: Final = 5.0
VIEWS: Final = ("overdue", "today")
OUR_FAULT: Final = 500
OUTCOME: Final = {
    "contact_kind": "follow_up",
    "outcome": "eased_closed",
    "main_reason": "loneliness",
    "risk": "none",
}


@dataclass(frozen=True, slots=True)
class CompanionHabits:
    """What companions are like. Shares are probabilities; times in seconds.

    absent: of the working days. hears_mailbox, wrong_person: of the calls that were answered.
    brings_in: of the talks, a counselor is brought into; stays: does not hand over, then, but
    leaves it to the others to end the talk. These have dice of their own.
    """

    looks_every_seconds: float = 900.0
    between_calls_seconds: tuple[float, float] = (60.0, 300.0)
    wrap_seconds: float = 120.0
    wrap_sigma: float = 0.5
    absent: float = 0.05
    forgets_outcome: float = 0.05
    writes_late_seconds: tuple[float, float] = (400.0, 1800.0)
    hears_mailbox: float = 0.03
    wrong_person: float = 0.02
    agrees_next: float = 0.35
    agrees_series: float = 0.1
    drops_talk: float = 0.02
    brings_in: float = 0.02
    brings_in_seconds: tuple[float, float] = (20.0, 600.0)
    sees_counselor_seconds: float = 8.0
    hands_over_seconds: tuple[float, float] = (10.0, 120.0)
    stays: float = 0.2


@dataclass(frozen=True, slots=True)
class Said:
    """What a companion wrote of a call: the answer of the server says what is recorded.

    in_series: the call belongs to a series, which plans its next one by itself.
    """

    at: datetime
    callback_id: str
    outcome: str
    recorded: str
    agreed_next: bool
    in_series: bool


@dataclass(slots=True)
class Idle:
    """From a look at the list that began no call until the next one; until: None while it lasts.

    refused: whom they pressed call for in vain, and why not. is_hindered: the page did not work.
    """

    since: datetime
    until: datetime | None = None
    refused: dict[str, str] = field(default_factory=dict)
    is_hindered: bool = False


class Companion(ApiUser):
    """One companion at the worklist page, with a softphone.

    idle: when they were at work and found nobody to call.
    """

    def __init__(
        self,
        exchange: Exchange,
        server: Server,
        switchboard: Switchboard,
        *,
        login: str,
        password: str,
        seed: str,
        habits: CompanionHabits,
    ) -> None:
        """Not at work yet."""
        super().__init__(exchange, server, login=login, password=password, seed=seed)
        self.address = f"client:{login}"
        self.leg: Leg | None = None
        self.diary: list[Said] = []
        self.idle: list[Idle] = []
        self._switchboard = switchboard
        self._habits = habits
        self._crisis = random.Random(f"{seed}/crisis")
        self._day = 0
        self._writes = False
        self._in_series = False
        self._talked = False

    @property
    def looks_every(self) -> timedelta:
        """How long they wait until they look at the list again."""
        return timedelta(seconds=self._habits.looks_every_seconds)

    @property
    def busy(self) -> bool:
        """Whether a call or an outcome to be written is on the desk."""
        return self.leg is not None or self._writes

    def begin_day(self) -> None:
        """Come to work, most days, and look at the list."""
        self._day += 1
        if self._rng.random() < self._habits.absent:
            return
        self._sign_in()
        self._exchange.unregister(self)
        self.address = self._softphone()
        self._exchange.register(self)
        self._look(self._day)

    def end_day(self) -> None:
        """No further call today."""
        self._day += 1
        self._end_idling()

    # -- the list ------------------------------------------------------------------------------

    def _look(self, day: int) -> None:
        """Call the first who is due and may be called; else look again later."""
        if day != self._day:
            return
        self._end_idling()
        if self.busy or not self._call_somebody():
            self._at(self._habits.looks_every_seconds, partial(self._look, day))

    def _call_somebody(self) -> bool:
        """Begin a call, or note that there was none to begin."""
        looks = Idle(self._exchange.kernel.now())
        for row in self._due(looks):
            if self._call(str(row["id"]), looks):
                self._in_series = row["series"] is not None
                return True
        self.idle.append(looks)
        return False

    def _end_idling(self) -> None:
        if self.idle and self.idle[-1].until is None:
            self.idle[-1].until = self._exchange.kernel.now()

    def _due(self, looks: Idle) -> Iterator[Mapping[str, Any]]:
        """Go through who is due: the overdue first, the longest due first in each view."""
        for view in VIEWS:
            answer = self._ask("GET", f"/callbacks?view={view}")
            looks.is_hindered |= answer.status != 200
            for row in answer.body.get("callbacks", []):
                is_due = datetime.fromisoformat(row["next_at"]) <= looks.since
                if row["state"] == "planned" and row["purpose"] == "companion" and is_due:
                    yield row

    def _call(self, callback_id: str, looks: Idle) -> bool:
        """Press call, and connect the own telephone."""
        answer = self._ask("POST", f"/callbacks/{callback_id}/call", {})
        if answer.status != 200:
            looks.refused[callback_id] = str(answer.body.get("reason", answer.status))
            looks.is_hindered |= answer.status >= OUR_FAULT
            return False
        params = {name: str(value) for name, value in answer.body["connect"]["params"].items()}
        self._talked = False
        self.leg = self._exchange.dial(self, "", params)
        return True

    # -- the call ------------------------------------------------------------------------------

    def ring(self, leg: Leg) -> None:
        """Nobody rings a companion."""
        leg.refuse("busy", self)

    def hear(self, leg: Leg, sound: Sound) -> None:
        """The citizen is there."""
        if isinstance(sound, Bridge):
            self._talked = True
            self._switchboard.seats[sound.room_id] = self
            if self._crisis.random() < self._habits.brings_in:
                delay = self._crisis.uniform(*self._habits.brings_in_seconds)
                self._at(delay, partial(self._bring_in, leg, sound.room_id))

    def conclude(self) -> None:
        """End the talk: kindly, through the server, or by a line that drops."""
        if self.leg is None:
            return
        if self._rng.random() < self._habits.drops_talk:
            self.leg.hang_up()
            return
        going_on = self._ask("GET", "/me/worklist").body.get("session")
        way = f"/sessions/{going_on['id']}/end" if going_on else ""
        if not way or self._ask("POST", way, {}).status >= 400:  # put the receiver down
            self._at(PUTS_DOWN_SECONDS, self.leg.hang_up)

    # -- risk rises ----------------------------------------------------------------------------

    def _running(self) -> Mapping[str, Any]:
        """The talk that goes on, as the own page shows it; nothing where none does."""
        return self._ask("GET", "/me/worklist").body.get("session") or {}

    def _bring_in(self, leg: Leg, room_id: str) -> None:
        """Call a counselor to the talk, and tell the citizen that one will call if it breaks."""
        going_on = self._running() if self.leg is leg else {}
        if not going_on:
            return
        body = {"note": "죽고 싶다는 말씀을 하심"}
        answer = self._ask("POST", f"/sessions/{going_on['id']}/bring-in", body)
        if answer.status != 200:
            return
        citizen = self._switchboard.citizens.get(room_id)
        if answer.body.get("callback_id") and citizen is not None and citizen.leg is not None:
            now = self._exchange.kernel.now()
            citizen.wishes.append(Wish(now, citizen.leg.to, "companion"))
        self._at(self._habits.sees_counselor_seconds, partial(self._see_counselor, leg, False))

    def _see_counselor(self, leg: Leg, is_met: bool) -> None:
        """Look how far the counselor is: there, hand over or stay; gone again, end it kindly.

        The citizen may have said good-bye already, to the counselor who was there. A page that
        shows nothing is looked at again.
        """
        if self.leg is not leg:
            return
        habits = self._habits
        state = (self._running().get("handing") or {}).get("state")
        if state == "gone":
            self._at(habits.sees_counselor_seconds, partial(self._end_alone, leg))
            return
        if state == "there" and not is_met and self._crisis.random() >= habits.stays:
            delay = self._crisis.uniform(*habits.hands_over_seconds)
            self._at(delay, partial(self._hand_over, leg))
        again = partial(self._see_counselor, leg, is_met or state == "there")
        self._at(habits.sees_counselor_seconds, again)

    def _end_alone(self, leg: Leg) -> None:
        if self.leg is leg:
            self.conclude()

    def _hand_over(self, leg: Leg) -> None:
        """Leave the citizen with the counselor who is there."""
        going_on = self._running() if self.leg is leg else {}
        if going_on:
            self._ask("POST", f"/sessions/{going_on['id']}/hand-over", {})

    def ended(self, leg: Leg, status: str) -> None:
        """The leg is over: see what is to be written, and go on."""
        self.leg = None
        self._writes = True
        self._at(LOOK_AFTER_SECONDS, self._see_what_is_left)

    def _see_what_is_left(self) -> None:
        owed = self._ask("GET", "/me/worklist").body.get("wrapping")
        if not owed or not owed.get("callback_id"):
            self._go_on()
            return
        mu = lognormal_mu(self._habits.wrap_seconds, self._habits.wrap_sigma)
        seconds = self._rng.lognormvariate(mu, self._habits.wrap_sigma)
        if self._rng.random() < self._habits.forgets_outcome:
            seconds = self._rng.uniform(*self._habits.writes_late_seconds)
        self._at(seconds, partial(self._write, str(owed["callback_id"])))

    def _write(self, callback_id: str) -> None:
        """Say what came of it, and what is agreed for next."""
        body = self._outcome()
        answer = self._ask("PUT", f"/callbacks/{callback_id}/outcome", body)
        recorded = str(answer.body.get("recorded", ""))
        now = self._exchange.kernel.now()
        agreed = answer.body.get("next") is not None
        self.diary.append(
            Said(now, callback_id, body["outcome"], recorded, agreed, self._in_series)
        )
        self._go_on()

    def _go_on(self) -> None:
        self._writes = False
        delay = self._rng.uniform(*self._habits.between_calls_seconds)
        self._at(delay, partial(self._look, self._day))

    def _outcome(self) -> dict[str, Any]:
        if not self._talked:
            return {"outcome": "no_answer"}
        chance, habits = self._rng.random(), self._habits
        for share, body in (
            (habits.hears_mailbox, {"outcome": "voicemail"}),
            (habits.wrong_person, {"outcome": "wrong_person"}),
            (habits.agrees_next, _reached() | {"next": {"at": self._moment()}}),
            (habits.agrees_series, _reached() | {"next": {"series": self._series()}}),
        ):
            if chance < share:
                return body
            chance -= share
        return _reached()

    def _moment(self) -> str:
        return working_moment(self._exchange.kernel.now(), self._rng).isoformat()

    def _series(self) -> Mapping[str, Any]:
        return {"goal": "밖에 한 번 나가기", "first_at": self._moment(), "sessions": 4}


def _reached() -> dict[str, Any]:
    return {"outcome": "reached", "session_outcome": OUTCOME}
