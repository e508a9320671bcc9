"""A seeded supervisor: looks at the board, promises calls, decides of spent tries, takes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from simulator.agreeing import WORDING, agreed_call
from simulator.api_user import ApiUser, Server
from simulator.people import Caller, Wish

if TYPE_CHECKING:
    from simulator.exchange import Exchange

DECISIONS: Final = ("again", "again", "letter", "visit", "welfare_check", "close")
DECIDES_AT_ONCE_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class SupervisorHabits:
    """What supervisors are like. Shares are probabilities; times in seconds.

    promises: of the looks at the board. takes_back: of the promises made, with do-not-call.
    """

    looks_every_seconds: float = 3600.0
    promises: float = 0.25
    promises_talk: float = 0.4
    takes_back: float = 0.1
    takes_back_seconds: tuple[float, float] = (5.0, 3600.0)


class Supervisor(ApiUser):
    """One supervisor in office hours. `walk_in` makes a person who asks for a call.

    series_decided: when calls of a series were decided of; its next one may be planned then.
    """

    def __init__(
        self,
        exchange: Exchange,
        server: Server,
        walk_in: Callable[[], Caller],
        *,
        login: str,
        password: str,
        seed: str,
        habits: SupervisorHabits,
    ) -> None:
        """Not at work yet."""
        super().__init__(exchange, server, login=login, password=password, seed=seed)
        self._walk_in = walk_in
        self._habits = habits
        self._day = 0
        self.series_decided: list[datetime] = []

    def begin_day(self) -> None:
        """Come to work and look."""
        self._day += 1
        self._sign_in()
        self._look(self._day)

    def end_day(self) -> None:
        """Go home."""
        self._day += 1

    def _look(self, day: int) -> None:
        if day != self._day:
            return
        self.board()
        self._decide()
        if self._rng.random() < self._habits.promises:
            self._promise()
        self._at(self._habits.looks_every_seconds, partial(self._look, day))

    def board(self) -> Mapping[str, Any]:
        """Look at the board."""
        return self._ask("GET", "/board").body

    def figures(self, day: date | None = None) -> tuple[Mapping[str, Any], str]:
        """Fetch the report of a day, or of today; and the same for a spreadsheet."""
        of = f"?day={day}" if day is not None else ""
        table = self._ask("GET", f"/figures.csv{of}").body.get("text", "")
        return self._ask("GET", f"/figures{of}").body, str(table)

    def promise_figures(self, day: date | None = None) -> tuple[Mapping[str, Any], str]:
        """Fetch what the promises of a day, or of today, came to; and for a spreadsheet."""
        of = f"?from={day}&until={day}" if day is not None else ""
        table = self._ask("GET", f"/callbacks/figures.csv{of}").body.get("text", "")
        return self._ask("GET", f"/callbacks/figures{of}").body, str(table)

    def unrecorded(self) -> Mapping[str, Any]:
        """Fetch which sessions owe an outcome."""
        return self._ask("GET", "/unrecorded").body

    def _decide(self) -> None:
        """Nothing ends in silence: what nobody answered is decided of, in writing."""
        listed = self._ask("GET", "/callbacks?view=decision").body.get("callbacks", [])
        for row in listed[:DECIDES_AT_ONCE_MAX]:
            body = {"decision": self._rng.choice(DECISIONS), "note": "전화를 받지 않으심"}
            self._ask("POST", f"/callbacks/{row['id']}/decision", body)
            if row["series"] is not None:
                self.series_decided.append(self._exchange.kernel.now())

    def _promise(self) -> None:
        """Somebody asks in person to be called."""
        person, now = self._walk_in(), self._exchange.kernel.now()
        number = person.numbers[0]
        body, windows = agreed_call(now, self._rng)
        is_talk = self._rng.random() < self._habits.promises_talk
        if is_talk:
            body, windows = {"consent": {"wording": WORDING, "heard": True}}, None
        body |= {"number": number, "purpose": "talk" if is_talk else "companion"}
        answer = self._ask("POST", "/callbacks", body)
        if answer.status != 201:
            return
        person.wishes.append(Wish(now, number, "in person", body["purpose"], windows=windows))
        if self._rng.random() < self._habits.takes_back:
            delay = self._rng.uniform(*self._habits.takes_back_seconds)
            self._at(delay, partial(self._take_back, person, str(answer.body["id"])))

    def _take_back(self, person: Caller, callback_id: str) -> None:
        body = {"reason": "전화를 원하지 않으심", "do_not_call": True}
        answer = self._ask("POST", f"/callbacks/{callback_id}/withdraw", body)
        if answer.status == 200:
            now = self._exchange.kernel.now()
            person.wishes.append(Wish(now, person.numbers[0], "in person", wants=False))
