"""The people of a call without a browser: a caller's leg, and a counselor at the API."""

from __future__ import annotations

import base64
import csv
import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

from tests.faults.carrier import ASKS_AGAIN_SECONDS_MAX, Carrier, Heard, new_sid
from tests.stranger import ROOT

PASSWORDS = {
    row["login"]: row["password"]
    for row in csv.DictReader((ROOT / "demo" / "roster.csv").read_text("utf-8").splitlines())
}
OUTCOME = {
    "contact_kind": "loneliness_talk",
    "reasons": ["loneliness"],
    "risk": "none",
    "outcome": "eased_closed",
}
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Caller:
    """A citizen's leg; follows the documents as the carrier does."""

    def __init__(self, carrier: Carrier, number: str = "+821000001200") -> None:
        self.carrier, self.leg, self.number = carrier, new_sid(), number
        self.next = "/ivr/voice"

    def dial(self) -> Heard:
        """The call comes in; the menu is heard."""
        heard = self.carrier.insist(self.next, self.leg, From=self.number, To="+82220000120")
        self.next = heard.link("Gather", "action")
        return heard

    def press_five(self) -> Heard:
        """Press 5 and wait in the queue."""
        heard = self.carrier.insist(self.next, self.leg, Digits="5")
        self.next = heard.link("Enqueue", "waitUrl")
        return heard

    def wait(self) -> Heard:
        """Hear the waiting document, and where it leads."""
        heard = self.carrier.insist(self.next, self.leg)
        self.next = heard.link("Redirect", "")
        return heard

    def be_moved(self, seconds_max: float = 10.0) -> Heard:
        """Go where our REST request sends this leg."""
        return self.carrier.insist(self.carrier.moved(self.leg, seconds_max), self.leg)

    def enter(self, seconds_max: float = 10.0) -> None:
        """Be moved into the room, perhaps after being told of a reconnection, and be there."""
        heard = self.be_moved(seconds_max)
        while (room := heard.document.find(".//Conference")) is None:
            heard = self.be_moved(seconds_max)
        events = room.attrib["statusCallback"]
        self.carrier.insist(events, self.leg, StatusCallbackEvent="participant-join")


class Counselor:
    """A counselor's program at the API; each look counts as a sign of life."""

    def __init__(self, carrier: Carrier, login: str) -> None:
        self.carrier, self.leg = carrier, ""
        self._base = carrier.base_url + "/api/v1"
        self._token = ""
        said = {"login": login, "password": PASSWORDS[login]}
        self._token = self.ask("POST", "/tokens", said)["token"]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the API, again with the same key while the server is away; return its JSON."""
        key, deadline = str(uuid.uuid4()), time.monotonic() + ASKS_AGAIN_SECONDS_MAX
        while True:
            try:
                return self._once(method, path, body, key)
            except urllib.error.HTTPError as refused:
                with refused:
                    said = refused.read().decode()
                if refused.code < 500 or time.monotonic() > deadline:
                    raise AssertionError(f"{method} {path}: {refused.code} {said}") from None
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _once(self, method: str, path: str, body: object, key: str) -> Any:
        request = urllib.request.Request(self._base + path, method=method)
        request.data = json.dumps(body or {}).encode() if method != "GET" else None
        request.add_header("Content-Type", "application/json")
        request.add_header("Idempotency-Key", key)
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        with _OPENER.open(request, timeout=15) as answer:
            return json.load(answer)

    def say(self, status: str) -> None:
        """Say ready, break or off."""
        self.ask("PUT", "/me/presence", {"status": status})

    @property
    def state(self) -> str:
        """What the machine knows of this counselor."""
        return str(self.ask("GET", "/me")["state"])

    def offered(self, seconds_max: float = 10.0) -> str:
        """Wait for an offer; return its id."""
        deadline = time.monotonic() + seconds_max
        while True:
            offer = self.ask("GET", "/me/desk")["offer"]
            if offer is not None:
                return str(offer["id"])
            assert time.monotonic() < deadline, "no offer came"
            time.sleep(0.05)

    def accept(self, offer_id: str) -> tuple[str, str]:
        """Accept; return the session's id and the way in."""
        taken = self.ask("POST", f"/offers/{offer_id}/accept")
        return taken["session_id"], taken["connect"]["params"]["join"]

    def join(self, way_in: str) -> Heard:
        """Connect the page's telephone."""
        self.leg = new_sid()
        heard = self.carrier.insist(
            "/ivr/client", self.leg, From=f"client:{self._identity()}", join=way_in
        )
        assert heard.document.find(".//Conference") is not None, heard.said
        return heard

    def _identity(self) -> str:
        token = self.ask("GET", "/me/softphone")["token"]
        payload = token.split(".")[1]
        grants = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(grants["grants"]["identity"])

    def end_and_write(self, session_id: str) -> None:
        """End the conversation, write what came of it, and go off duty."""
        self.ask("POST", f"/sessions/{session_id}/end")
        self.ask("PUT", f"/sessions/{session_id}/outcome", OUTCOME)
        self.say("off")


def today(supervisor: Counselor) -> dict[str, Any]:
    """Return today's figures as the board tells them."""
    figures: dict[str, Any] = supervisor.ask("GET", "/board")["today"]
    return figures
