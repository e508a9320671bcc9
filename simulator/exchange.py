"""The exchange itself: numbers, legs, queues and conferences, and how a call gets in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulator.callbacks import Subscription
from simulator.conferences import Conferences
from simulator.endpoints import Endpoint, is_client, is_telephone
from simulator.journal import Complaint, Journal
from simulator.kernel import Kernel
from simulator.legs import Leg, Voice
from simulator.queues import Queues
from simulator.run import MAIN, Run
from simulator.settings import Settings
from simulator.sids import Sids
from simulator.sounds import Ringback, Sound, estimated_seconds
from simulator.transport import Transport
from simulator.webhooks import Webhooks


class Exchange:
    """One carrier account, its helpline number and its TwiML application.

    All methods run on the kernel's thread. `sound_seconds` may be replaced by a renderer that
    knows how long its speech really lasts.
    """

    def __init__(
        self,
        kernel: Kernel,
        settings: Settings,
        transport: Transport,
        sound_seconds: Callable[[Sound], float] = estimated_seconds,
    ) -> None:
        """An empty exchange.

        transport: carries webhooks to the server. sound_seconds: length of a sound, in seconds.
        """
        self.kernel = kernel
        self.settings = settings
        self.oddities = settings.oddities
        self.sound_seconds = sound_seconds
        self.journal = Journal(settings.journal_entries_max)
        self.sids = Sids(settings.seed)
        self.webhooks = Webhooks(self, transport)
        self.legs: dict[str, Leg] = {}
        self.queues = Queues(self)
        self.conferences = Conferences(self)
        self._endpoints: dict[str, list[Endpoint]] = {}
        self._ended: list[str] = []

    # -- telephones ----------------------------------------------------------------------------

    def register(self, endpoint: Endpoint) -> None:
        """Make `endpoint` reachable at its address."""
        at_address = self._endpoints.setdefault(endpoint.address, [])
        if endpoint not in at_address:
            at_address.append(endpoint)

    def unregister(self, endpoint: Endpoint) -> None:
        """Make `endpoint` unreachable; its live calls go on."""
        at_address = self._endpoints.get(endpoint.address, [])
        if endpoint in at_address:
            at_address.remove(endpoint)
        if not at_address:
            self._endpoints.pop(endpoint.address, None)

    def endpoints_at(self, address: str) -> list[Endpoint]:
        """The telephones registered at `address`."""
        return list(self._endpoints.get(address, ()))

    # -- calls ---------------------------------------------------------------------------------

    def dial(
        self, endpoint: Endpoint, to: str, params: Mapping[str, str] | None = None
    ) -> Leg:
        """An inbound call: a telephone dials our number, or a browser connects to the TwiML app.

        params: what the browser gave to `connect()`; they become plain form fields.
        A number that is not ours ends the leg at once as "failed".
        """
        if is_client(endpoint.address):
            leg = self._app_leg(endpoint, to, dict(params or {}))
            url = self.settings.hook(self.settings.client_path)
        else:
            leg = self._number_leg(endpoint, to)
            url = self.settings.hook(self.settings.voice_path)
        leg.endpoint = endpoint
        self.legs[leg.sid] = leg
        self.kernel.post(lambda: self._admit(leg, url))
        return leg

    def _admit(self, leg: Leg, url: str) -> None:
        if not leg.live:
            return
        if leg.direction == "inbound" and not self._routable(leg):
            leg.end("failed")
            return
        leg.rung_at = self.kernel.now()
        leg.become("ringing")
        leg.hear(Ringback())
        leg.run = Run(leg, MAIN)
        leg.run.fetch(url, "POST", purpose="voice")

    def _routable(self, leg: Leg) -> bool:
        return is_client(leg.from_) or leg.to == self.settings.helpline_number

    def _number_leg(self, endpoint: Endpoint, to: str) -> Leg:
        leg = Leg(self, direction="inbound", from_=endpoint.address, to=self.resolve(to))
        settings = self.settings
        leg.voice = Voice(fallback_url=settings.hook(settings.fallback_path))
        if self.oddities.call_token and is_telephone(endpoint.address):
            leg.voice.extra["CallToken"] = self._call_token(leg)
        url = settings.hook(settings.status_path)
        leg.subscriptions.append(Subscription(url, "POST", frozenset({"completed"})))
        return leg

    def _app_leg(self, endpoint: Endpoint, to: str, params: dict[str, str]) -> Leg:
        leg = Leg(self, direction="inbound", from_=endpoint.address, to=params.get("To", to))
        settings = self.settings
        leg.voice = Voice(
            fallback_url=settings.hook(settings.fallback_path),
            extra=params | {"ApplicationSid": settings.twiml_app_sid},
        )
        return leg

    def resolve(self, number: str) -> str:
        """Our number in E.164 for any of the ways of dialling it; other numbers unchanged."""
        dialled = "".join(letter for letter in number if letter.isdigit() or letter in "+*#-")
        if dialled in (*self.settings.helpline_aliases, self.settings.helpline_number):
            return self.settings.helpline_number
        return number

    def _call_token(self, leg: Leg) -> str:
        """Url-encoded JSON of the size the carrier sends; it means nothing."""
        filler = "".join(self.sids.hex(f"{leg.sid}{index}") for index in range(14))
        return "%7B%22parentCallInfoToken%22%3A%22" + filler + "%22%7D"

    def retire(self, leg: Leg) -> None:
        """Forget the oldest ended calls beyond the bound in the settings."""
        keep = self.settings.ended_calls_max
        if keep is None:
            return
        self._ended.append(leg.sid)
        while len(self._ended) > keep:
            self.legs.pop(self._ended.pop(0), None)

    def complain(self, code: int, message: str, call_sid: str = "") -> None:
        """Write an error or warning to the journal, as the carrier's debugger would show it."""
        self.journal.append(Complaint(self.kernel.now(), code, message, call_sid))
