"""People who ask for a call by the public form, as their browsers would send it."""

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from werkzeug.test import Client, TestResponse

from simulator.exchange import Exchange
from simulator.people import Caller, Wish

TOKEN = re.compile(r'name="token" value="([^"]+)"')
SLOTS = {
    "morning": ("09:00", "12:00"),
    "afternoon": ("12:00", "18:00"),
    "night": ("21:00", "23:00"),
}
DAY_SECONDS = 86_400.0


class Neighbours:
    """Asks by the form at random moments; a wrong number first, now and then."""

    def __init__(
        self,
        exchange: Exchange,
        app: Callable[..., Any],
        person: Callable[[], Caller],
        thanked: Callable[[Wish], None],
        seed: str,
    ) -> None:
        """person: makes somebody with a telephone. thanked: hears at once of who was thanked."""
        self._exchange = exchange
        self._app = app
        self._person = person
        self._thanked = thanked
        self._rng = random.Random(seed)

    def come(self, hours: float, a_day: float) -> None:
        """Let so many people a day fill the form in, in the next `hours`."""
        at = 0.0
        while a_day > 0:
            at += self._rng.expovariate(a_day / DAY_SECONDS)
            if at > hours * 3600:
                return
            self._exchange.kernel.at(at, self.ask)

    def ask(self) -> None:
        """Somebody fills the form in."""
        person = self._person()
        form = self._filled(person)
        if self._rng.random() < 0.2:
            self._send(form | {"number": "119"})
        asked = Wish(
            self._exchange.kernel.now(),
            person.numbers[0],
            "form",
            "companion",
            windows=_windows(form),
            at_night="night_calls" in form,
        )
        person.asked.append(asked)
        if self._send(form).status_code == 200:
            person.wishes.append(asked)
            self._thanked(asked)

    def _filled(self, person: Caller) -> dict[str, Any]:
        form: dict[str, Any] = {
            "number": "0" + person.numbers[0].removeprefix("+82"),
            "about": self._rng.choice(("self", "self", "other")),
            "contact_by_phone": "yes",
        }
        chance = self._rng.random()
        if chance < 0.2:
            form |= {"slot": ["afternoon"], "day": [str(day) for day in range(5)]}
        elif chance < 0.3:
            form |= {"slot": ["morning", "night"], "night_calls": "yes"}
        return form

    def _send(self, form: dict[str, Any]) -> TestResponse:
        """Load the page, then send it, from an address of one's own."""
        address = {"REMOTE_ADDR": f"203.0.113.{self._rng.randrange(1, 255)}"}
        browser = Client(self._app)
        page = browser.get("/callback", environ_overrides=address)
        token = TOKEN.search(page.text)
        if token is None:  # the server is away; whoever asks gives up
            return page
        data = form | {"token": token[1]}
        return browser.post("/callback", data=data, environ_overrides=address)


def _windows(form: dict[str, Any]) -> Sequence[dict[str, object]]:
    if "slot" not in form:
        return ()
    days = [int(day) for day in form.get("day", range(7))]
    slots = (SLOTS[slot] for slot in form["slot"])
    return tuple({"days": days, "from": start, "until": end} for start, end in slots)
