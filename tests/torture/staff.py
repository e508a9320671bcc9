"""Who answers: counselors at telephones and at desks, companions at their worklists.

Each looks at what the line shows and does the next thing, so that it does not matter what was
lost in between; that is how people work after a fault, too.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from simulator.legs import Leg
from simulator.sounds import Bridge, Sound, Speech
from tests.torture.api import Api, LineAway
from tests.torture.citizens import Town

WHISPER = "일 번을 눌러"
TALKED = {"contact_kind": "loneliness_talk", "reasons": ["loneliness"], "risk": "none"}
EASED = TALKED | {"outcome": "eased_closed"}
CONSENT = {"wording": "torture", "heard": True, "night_calls": True}
RESTS_SECONDS = 10.0
AGREES_SHARE = 0.2  # of talks end with the first date of a companion's calls


def now_text() -> str:
    """Return this moment as the API takes it."""
    return datetime.now(UTC).isoformat()


class Seat:
    """Somebody with a sign-in who looks every `look_seconds`."""

    look_seconds = 1.0

    def __init__(self, town: Town, api: Api, address: str, seed: str) -> None:
        self.address = address
        self.faults: list[str] = []
        self.leg: Leg | None = None
        self._town, self._api = town, api
        self._rng = random.Random(seed)
        self._due: dict[str, float] = {}

    async def work(self, closing: asyncio.Event) -> None:
        """Look and act until the house closes."""
        self._town.exchange.register(self)
        while not closing.is_set():
            try:
                await self.look()
            except LineAway as away:
                self.faults.append(f"{self._api.login}: {away} was not answered for a minute")
            except Exception as fault:  # a finding of its own, not the end of the torture
                self.faults.append(f"{self._api.login}: {fault!r}")
            await asyncio.sleep(self.look_seconds)

    async def look(self) -> None:
        """Do the next thing."""
        raise NotImplementedError

    def is_due(self, what: str, span: tuple[float, float]) -> bool:
        """Tell whether the time drawn from `span` has passed since `what` was first seen."""
        due = self._due.setdefault(what, time.monotonic() + self._rng.uniform(*span))
        return time.monotonic() >= due

    def connect(self, params: Mapping[str, str]) -> None:
        """Let the page's telephone into the room."""
        if self.leg is None or not self.leg.live:
            self.leg = self._town.exchange.dial(self, "", dict(params))

    # -- what the exchange tells a telephone -----------------------------------------------------

    def ring(self, leg: Leg) -> None:
        """It rings: pick up, unless on the telephone."""
        if self.leg is not None and self.leg.live:
            leg.refuse("busy", self)
            return
        self.leg = leg
        self._town.exchange.kernel.at(self._thinks(), partial(leg.answer, self))

    def hear(self, leg: Leg, sound: Sound) -> None:
        """The whisper asks for a key."""
        if isinstance(sound, Speech) and WHISPER in sound.text:
            self._town.exchange.kernel.at(self._thinks(), partial(leg.press, "1"))

    def ended(self, leg: Leg, status: str) -> None:
        """The receiver is back."""

    def _thinks(self) -> float:
        return self._rng.uniform(*self._town.pace.think)

    def _in_room(self) -> bool:
        return self.leg is not None and self.leg.live and isinstance(self.leg.heard, Bridge)


class Counselor(Seat):
    """A counselor; at a desk offers are taken there, at a telephone by its key."""

    at_desk = False

    async def look(self) -> None:
        """Look at the desk, and do what lies on it."""
        status, desk = await self._api.ask("GET", "/me/desk")
        if status != 200:
            return
        if desk["presence"]["status"] != "ready" and self._town.open:
            await self._api.ask("PUT", "/me/presence", {"status": "ready"})
        if desk["offer"] and self.at_desk:
            await self._take(desk["offer"]["id"])
        elif desk["session"] and self._in_room():
            await self._end(desk["session"]["id"])
        elif desk["wrapping"]:
            await self._write(desk["wrapping"])

    async def _take(self, offer_id: str) -> None:
        if not self.is_due(offer_id, self._town.pace.think):
            return
        status, taken = await self._api.ask("POST", f"/offers/{offer_id}/accept")
        if status == 200:
            self.connect(taken["connect"]["params"])

    async def _end(self, session_id: str) -> None:
        if self.is_due(session_id, self._town.pace.talk):
            await self._api.ask("POST", f"/sessions/{session_id}/end")

    async def _write(self, wrapping: Mapping[str, Any]) -> None:
        session_id = wrapping["id"]
        if not self.is_due(f"wrap {session_id}", self._town.pace.write):
            return
        path = f"/sessions/{session_id}/outcome"
        if wrapping["caller"]["number"] and self._rng.random() < AGREES_SHARE and self._town.open:
            agreed = TALKED | {
                "outcome": "needs_more_time_outbound",
                "next_call": {"at": now_text(), "consent": CONSENT},
            }
            status, _ = await self._api.ask("PUT", path, agreed)
            if status == 200:
                return
        await self._api.ask("PUT", path, EASED)


class DeskCounselor(Counselor):
    """A counselor at the desk page; each look is a sign of life."""

    at_desk = True
    look_seconds = 0.6


class Companion(Seat):
    """A companion: calls who is due on the worklist, one after the other."""

    def __init__(self, town: Town, api: Api, address: str, seed: str) -> None:
        super().__init__(town, api, address, seed)
        self._rests: dict[str, float] = {}

    async def look(self) -> None:
        """Go on with the call, write the last one up, or begin the next."""
        status, mine = await self._api.ask("GET", "/me/worklist")
        if status != 200:
            return
        if mine["session"] and self._in_room():
            if self.is_due(mine["session"]["id"], self._town.pace.talk):
                await self._api.ask("POST", f"/sessions/{mine['session']['id']}/end")
        elif mine["wrapping"]:
            await self._write(mine["wrapping"])
        elif not mine["session"]:
            await self._call_next()

    async def _write(self, wrapping: Mapping[str, Any]) -> None:
        if wrapping["callback_id"] and self.is_due(wrapping["id"] + "w", self._town.pace.write):
            said = {"outcome": "reached", "session_outcome": EASED}
            path = f"/callbacks/{wrapping['callback_id']}/outcome"
            await self._api.ask("PUT", path, said)

    async def _call_next(self) -> None:
        for view in ("overdue", "today"):
            _, listed = await self._api.ask("GET", f"/callbacks?view={view}")
            for row in listed.get("callbacks", ()):
                if _is_due(row) and time.monotonic() > self._rests.get(row["id"], 0.0):
                    await self._call(row["id"])
                    return

    async def _call(self, callback_id: str) -> None:
        status, begun = await self._api.ask("POST", f"/callbacks/{callback_id}/call")
        if status == 200:
            self.connect(begun["connect"]["params"])
        else:  # on the line with us now, or the like: somebody else first
            self._rests[callback_id] = time.monotonic() + RESTS_SECONDS


def _is_due(row: Mapping[str, Any]) -> bool:
    is_now = datetime.fromisoformat(row["next_at"]) <= datetime.now(UTC)
    return row["state"] == "planned" and row["purpose"] == "companion" and is_now
