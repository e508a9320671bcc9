"""Seeded counselors at the desk page: they look, accept, connect, and shut their laptops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.sounds import Bridge, Sound
from simulator.staff import Counselor

if TYPE_CHECKING:
    from simulator.legs import Leg


class BrowserCounselor(Counselor):
    """A counselor at the desk page: looks every few seconds, accepts there, then connects."""

    _seen_offer = ""
    _is_away = False
    _was_talking = False

    def begin_shift(self) -> None:
        """Come to work, and keep the page open."""
        super().begin_shift()
        self._exchange.unregister(self)
        self.address = self._softphone()
        self._exchange.register(self)
        self._look(self._shift)

    def _look(self, shift: int) -> None:
        """The desk page asks what is new; that is a sign of life as well."""
        if shift != self._shift and self._status == "off":
            return
        self._at(self._habits.looks_every_seconds, partial(self._look, shift))
        if self.busy or self._is_away or self._status != "ready":
            return
        desk = self._ask("GET", "/me/desk").body
        self._notice(desk.get("presence", {}))
        offer = desk.get("offer")
        if offer and offer["id"] != self._seen_offer:
            self._seen_offer = str(offer["id"])
            self._switchboard.happens("ring")
            if self._rng.random() < self._habits.closes_laptop_in_ring:
                self._go_away(self._habits.laptop_shut_seconds)
                return
            delay = self._rng.uniform(*self._habits.presses_seconds)
            self._at(delay, partial(self._take, self._seen_offer))

    def _take(self, offer_id: str) -> None:
        if self.leg is not None or self._is_away:
            return
        if self._rng.random() < self._habits.declines:
            self._ask("POST", f"/offers/{offer_id}/decline", {"reason": "not now"})
            return
        answer = self._ask("POST", f"/offers/{offer_id}/accept", {})
        if answer.status == 200:
            params = {name: str(value) for name, value in answer.body["connect"]["params"].items()}
            self._talked = False
            self.leg = self._exchange.dial(self, "", params)
            self._switchboard.happens("answer")

    def hear(self, leg: Leg, sound: Sound) -> None:
        """There is somebody; perhaps not for long."""
        super().hear(leg, sound)
        if isinstance(sound, Bridge):
            self._tempt_fate(leg)

    def _tempt_fate(self, leg: Leg) -> None:
        chance, habits = self._rng.random(), self._habits
        for share, seconds in (
            (habits.closes_laptop_in_talk, habits.laptop_shut_seconds),
            (habits.loses_network, habits.network_lost_seconds),
        ):
            if chance < share:
                self._at(self._rng.uniform(5, 300), partial(self.lose_network, leg, seconds))
                return
            chance -= share

    def lose_network(self, leg: Leg, seconds: tuple[float, float]) -> None:
        """Be cut off from `leg` and everything else, for so many seconds."""
        if self.leg is leg and leg.live:
            self._go_away(seconds)

    def _go_away(self, seconds: tuple[float, float]) -> None:
        """The laptop is shut, or its network gone: nothing is heard of it, and its leg breaks."""
        self._is_away = True
        self._exchange.unregister(self)
        self._at(self._rng.uniform(*seconds), self._come_to)
        if self.leg is not None:
            self._was_talking = self._talked
            self._at(self._rng.uniform(1, 8), self.leg.hang_up)

    def _come_to(self) -> None:
        """It is there again: what lies on the desk comes first, then ready as before."""
        self._is_away = False
        self._exchange.register(self)
        if self._was_talking:
            self._was_talking = False
            self._begin_wrap()
        else:
            self._notice(self._ask("GET", "/me").body)
            self._follow_wish()

    def _say(self, status: str) -> None:
        if not self._is_away:
            super()._say(status)

    def _follow_wish(self) -> None:
        if not self._is_away:
            super()._follow_wish()

    def ended(self, leg: Leg, status: str) -> None:
        """As at a telephone; a connection that came to nothing ends quietly."""
        if self._is_away:
            self.leg = None
            return
        super().ended(leg, "completed" if not self._talked else status)
