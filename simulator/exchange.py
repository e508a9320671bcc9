"""The exchange itself: numbers, legs, queues and conferences, and how a call gets in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulator.callbacks import Subscription
from simulator.conferences import Conference, Conferences
from simulator.endpoints import Endpoint, is_client, is_telephone
from simulator.journal import Complaint, ConferenceChanged, Journal
from simulator.kernel import Kernel
from simulator.legs import Leg, Voice
from simulator.outgoing import Pacer
from simulator.queues import Queues
from simulator.run import MAIN, LastAction, Run
from simulator.settings import Settings
from simulator.sids import Sids
from simulator.sounds import Ringback, Silence, Sound, estimated_seconds
from simulator.transport import Transport
from simulator.verbs import VERBS
from simulator.webhooks import Webhooks

CALL_SECONDS_MAX = 14_400
"""[D] no call lasts longer than four hours."""


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
        self.verbs = VERBS
        self.pacer = Pacer(kernel, settings.calls_per_second)
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

    def dial(self, endpoint: Endpoint, to: str, params: Mapping[str, str] | None = None) -> Leg:
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
        self.limit(leg, CALL_SECONDS_MAX)

    def _routable(self, leg: Leg) -> bool:
        return is_client(leg.from_) or leg.to == self.settings.helpline_number

    def _number_leg(self, endpoint: Endpoint, to: str) -> Leg:
        leg = Leg(self, direction="inbound", from_=endpoint.address, to=self.resolve(to))
        settings = self.settings
        leg.voice = Voice(fallback_url=settings.hook(settings.fallback_path))
        if self.oddities.call_token and is_telephone(endpoint.address):
            leg.voice.extra["CallToken"] = self._call_token(leg)
        if leg.to != settings.helpline_number:
            return leg
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

    def place(self, leg: Leg, fault: tuple[int, str] | None = None) -> None:
        """Ring the telephone at `leg.to`, as an event of its own.

        fault: error number and message that make the leg fail at once. Nobody at the address: a
        telephone number rings on, a browser's identity ends at once.
        """
        self.legs[leg.sid] = leg
        self.kernel.post(lambda: self._ring(leg, fault))

    def _ring(self, leg: Leg, fault: tuple[int, str] | None) -> None:
        if not leg.live:
            return
        leg.become("initiated")
        if fault is not None:
            self.complain(*fault, leg.sid)
            leg.end("failed")
            return
        endpoints = self.endpoints_at(leg.to)
        if not endpoints and is_client(leg.to):
            leg.end(self.oddities.unregistered_client_status)
            return
        leg.ring(endpoints)

    def limit(self, leg: Leg, seconds: float) -> None:
        """Hang the leg up after `seconds` from now, if it still lives."""
        leg.timers.append(self.kernel.at(seconds, leg.finish))

    def redirect(self, leg: Leg, begin: Callable[[Run], None], at_once: bool = False) -> None:
        """REST gives a live leg another document, whatever it is doing.

        begin: starts the new run. The interrupted verb's action is requested too, where the
        carrier does that; only the new run steers. at_once: without the usual delay before the
        old verb is broken off (a dequeued member).
        """
        odd = self.oddities
        if at_once:
            self._break_off(leg, begin, 0.0)
        else:
            to_action = odd.redirect_action_seconds - odd.redirect_child_gone_seconds
            self.kernel.at(
                odd.redirect_child_gone_seconds, lambda: self._break_off(leg, begin, to_action)
            )

    def _break_off(self, leg: Leg, begin: Callable[[Run], None], to_action: float) -> None:
        if not leg.live:
            return
        last: LastAction | None = None
        if leg.run is not None:
            last = leg.run.interrupt()
        if leg.owner is not None:
            leg.owner.placed_redirected(leg)
        for run in list(leg.runs):
            run.kill()
        leg.hear(Silence())
        run = Run(leg, MAIN)
        leg.run = run
        if last is None:
            begin(run)
            return
        odd = self.oddities
        action = last
        to_target = to_action + odd.redirect_target_seconds - odd.redirect_action_seconds
        self.kernel.at(to_action, lambda: run.request_last(action))
        self.kernel.at(to_target, lambda: begin(run) if run.alive else None)

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

    def note_conference(self, event: str, conference: Conference, call_sid: str) -> None:
        """Write a conference event to the journal."""
        now = self.kernel.now()
        entry = ConferenceChanged(now, event, conference.sid, conference.name, call_sid)
        self.journal.append(entry)

    def complain(self, code: int, message: str, call_sid: str = "") -> None:
        """Write an error or warning to the journal, as the carrier's debugger would show it."""
        self.journal.append(Complaint(self.kernel.now(), code, message, call_sid))
