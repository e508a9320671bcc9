"""A small stage for exchange tests: telephones that do as told, and a server of canned TwiML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from simulator.exchange import Exchange
from simulator.journal import Complaint, WebhookSent
from simulator.kernel import VirtualKernel
from simulator.legs import Leg
from simulator.settings import Oddities, Settings
from simulator.sounds import Sound, Speech
from simulator.transport_wsgi import WsgiTransport

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
BASE = "http://server.example"
HELPLINE = "+8225550120"
CITIZEN = "+821012345678"

Answer = str | tuple[int, str, str] | Callable[[dict[str, str]], str]


class Phone:
    """A telephone; it answers after `answer_after` seconds, or never."""

    def __init__(self, stage: Stage, address: str, answer_after: float | None = 0.0) -> None:
        self.address = address
        self.answer_after = answer_after
        self.refuses = ""
        self.heard: list[tuple[float, Sound]] = []
        self.over: list[tuple[float, str]] = []
        self.legs: list[Leg] = []
        self.stage = stage

    def ring(self, leg: Leg) -> None:
        self.legs.append(leg)
        if self.refuses:
            leg.refuse(self.refuses, self)
        elif self.answer_after is not None:
            self.stage.kernel.at(self.answer_after, lambda: leg.answer(self))

    def hear(self, leg: Leg, sound: Sound) -> None:
        self.heard.append((self.stage.seconds, sound))

    def ended(self, leg: Leg, status: str) -> None:
        self.over.append((self.stage.seconds, status))

    @property
    def hears(self) -> Sound | None:
        return self.heard[-1][1] if self.heard else None

    @property
    def words(self) -> list[str]:
        return [sound.text for _, sound in self.heard if isinstance(sound, Speech)]


class Stage:
    """An exchange on the virtual clock and the server behind it."""

    def __init__(self, oddities: Oddities | None = None, **settings: Any) -> None:
        self.kernel = VirtualKernel(START)
        given = {"public_base_url": BASE, "helpline_number": HELPLINE} | settings
        self.settings = replace(Settings(), oddities=oddities or Oddities(), **given)
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.environs: list[dict[str, Any]] = []
        transport = WsgiTransport(self.app, self.kernel, latency_seconds=0.02)
        self.exchange = Exchange(self.kernel, self.settings, transport)

    @property
    def seconds(self) -> float:
        return round((self.kernel.now() - START).total_seconds(), 3)

    def app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read().decode()
        query = environ["QUERY_STRING"]
        params = dict(parse_qsl(f"{query}&{body}", keep_blank_values=True))
        path = environ["PATH_INFO"]
        self.requests.append((environ["REQUEST_METHOD"], path, params))
        self.environs.append(environ)
        answer = self.answers.get(path, "")
        if callable(answer):
            answer = answer(params)
        if isinstance(answer, tuple):
            status, content_type, text = answer
        else:
            status, content_type, text = 200, "text/xml", f"<Response>{answer}</Response>"
        headers = [("Content-Type", content_type)] if content_type else []
        start_response(f"{status} X", headers)
        return [text.encode()]

    def phone(self, address: str = CITIZEN, answer_after: float | None = 0.0) -> Phone:
        phone = Phone(self, address, answer_after)
        self.exchange.register(phone)
        return phone

    def call(self, voice: str = "", phone: Phone | None = None) -> tuple[Phone, Leg]:
        """A citizen calls the helpline, whose first document is `voice`."""
        if voice:
            self.answers["/ivr/voice"] = voice
        phone = phone or self.phone()
        return phone, self.exchange.dial(phone, "02-120")

    def run(self, seconds: float) -> None:
        self.kernel.run_for(seconds)

    def asked(self, path: str) -> list[dict[str, str]]:
        return [params for _, asked, params in self.requests if asked == path]

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.requests]

    def sent(self, purpose: str) -> list[WebhookSent]:
        hooks = self.exchange.journal.of(WebhookSent)
        return [hook for hook in hooks if hook.purpose == purpose]

    def complaints(self) -> list[int]:
        return [entry.code for entry in self.exchange.journal.of(Complaint)]
