"""The exchange on the wall clock: the carrier's own library drives it over real HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from simulator.legs import Leg
from simulator.server import EXCHANGE, build
from simulator.settings import Settings, from_environment
from simulator.sounds import Sound

ROOT = Path(__file__).parents[2]
AGENT = "+821099998888"
WAIT_SECONDS_MAX = 10


class Telephone:
    """Answers at once and remembers what it hears."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[Sound] = []
        self.over: list[str] = []

    def ring(self, leg: Leg) -> None:
        leg.answer(self)

    def hear(self, leg: Leg, sound: Sound) -> None:
        self.heard.append(sound)

    def ended(self, leg: Leg, status: str) -> None:
        self.over.append(status)


class Line:
    """The server side: canned TwiML over real HTTP, signatures checked on the raw target."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.signed: list[bool] = []
        self.base = ""
        self.token = ""

    async def serve(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers["X-Twilio-Signature"]
        url = self.base + request.raw_path
        self.signed.append(RequestValidator(self.token).validate(url, form, signature))
        self.asked.append((request.path, form))
        text = f"<Response>{self.answers.get(request.path, '')}</Response>"
        return web.Response(text=text, content_type="text/xml")


class Town:
    """An exchange and a line on one loop in a thread, and the carrier's library outside."""

    def __init__(self) -> None:
        self.line = Line()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.runners: list[web.AppRunner] = []
        hooks = web.Application()
        hooks.router.add_route("*", "/{tail:.*}", self.line.serve)
        self.line.base = self._start(hooks)
        settings = Settings(public_base_url=self.line.base, calls_per_second=0)
        self.line.token = settings.auth_token
        app = build(settings)
        self.exchange = app[EXCHANGE]
        self.base = self._start(app)
        http = TwilioHttpClient(timeout=5)
        self.client = Client(settings.account_sid, settings.auth_token, http_client=http)
        self.client.api.base_url = self.base
        self.http = http

    def _start(self, app: web.Application) -> str:
        return asyncio.run_coroutine_threadsafe(self._serve(app), self.loop).result(10)

    async def _serve(self, app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    def do(self, action: Callable[[], Any]) -> Any:
        """Run `action` on the exchange's thread."""

        async def run() -> Any:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def wait_for(self, test: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not test():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    def close(self) -> None:
        async def stop() -> None:
            for runner in reversed(self.runners):
                await runner.cleanup()

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        if self.http.session is not None:
            self.http.session.close()


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    yield town
    town.close()


def test_the_carriers_library_places_redirects_lists_and_ends_a_call(town: Town) -> None:
    phone = Telephone(AGENT)
    town.do(lambda: town.exchange.register(phone))
    number = town.exchange.settings.helpline_number
    town.line.answers["/ring"] = "<Pause length='30'/>"
    town.line.answers["/moved"] = "<Say>네</Say><Pause length='30'/>"
    call = town.client.calls.create(
        to=AGENT,
        from_=number,
        url=f"{town.line.base}/ring?x=%ED%95%9C%2F",
        status_callback=f"{town.line.base}/legs",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    assert call.status == "queued"
    assert call.date_created is not None
    town.wait_for(lambda: any(path == "/ring" for path, _ in town.line.asked))
    assert call.fetch().status == "in-progress"
    call.update(url=f"{town.line.base}/moved")
    town.wait_for(lambda: any(path == "/moved" for path, _ in town.line.asked))
    assert [found.sid for found in town.client.calls.list(to=AGENT)] == [call.sid]
    call.update(status="completed")
    town.wait_for(lambda: phone.over == ["completed"])
    town.wait_for(lambda: sum(path == "/legs" for path, _ in town.line.asked) == 4)
    assert all(town.line.signed)
    legs = [form for path, form in town.line.asked if path == "/legs"]
    assert sorted(form["SequenceNumber"] for form in legs) == list("0123")


def test_queues_conferences_pages_and_errors_through_the_library(town: Town) -> None:
    made = [town.client.queues.create(friendly_name=f"q{number}") for number in range(5)]
    assert [queue.sid for queue in town.client.queues.list(page_size=2)] == [
        queue.sid for queue in made
    ]
    assert made[0].update(max_size=7).max_size == 7
    assert made[0].delete()
    with pytest.raises(TwilioRestException) as gone:
        made[0].fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)
    phone = Telephone(AGENT)
    town.do(lambda: town.exchange.register(phone))
    number = town.exchange.settings.helpline_number
    participant = town.client.conferences("room").participants.create(to=AGENT, from_=number)
    conference = town.client.conferences(participant.conference_sid)
    inside = conference.participants(participant.call_sid)
    town.wait_for(lambda: inside.fetch().status == "connected")
    assert inside.update(muted=True).muted is True
    assert [found.call_sid for found in conference.participants.list()] == [participant.call_sid]
    conference.update(status="completed")
    town.wait_for(lambda: conference.fetch().status == "completed")
    assert [found.friendly_name for found in town.client.conferences.list()] == ["room"]


def test_wrong_credentials_are_refused_over_http(town: Town) -> None:
    http = TwilioHttpClient(timeout=5)
    client = Client(town.exchange.settings.account_sid, "wrong", http_client=http)
    client.api.base_url = town.base
    with pytest.raises(TwilioRestException) as refused:
        client.calls("CA" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    assert http.session is not None
    http.session.close()


def test_nobody_at_the_other_end_is_a_failed_connection(town: Town) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    phone = Telephone(AGENT)
    town.do(lambda: town.exchange.register(phone))
    town.line.answers["/fallback"] = "<Pause length='30'/>"
    town.client.calls.create(
        to=AGENT,
        from_=town.exchange.settings.helpline_number,
        url=f"http://127.0.0.1:{port}/x",
        fallback_url=f"{town.line.base}/fallback",
    )
    town.wait_for(lambda: any(path == "/fallback" for path, _ in town.line.asked))
    fallback = next(form for path, form in town.line.asked if path == "/fallback")
    assert fallback["ErrorCode"] == "11205"


def test_the_process_starts_from_the_environment_and_stops_on_sigterm() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "SIMULATOR_PORT": str(port), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator"], env=environ, cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "it did not start"
                time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_malformed_port_is_named() -> None:
    with pytest.raises(ValueError, match="SIMULATOR_PORT"):
        from_environment({"SIMULATOR_PORT": "eighty"})


def test_settings_come_from_the_environment_and_show_no_secret() -> None:
    settings = from_environment(
        {
            "TWILIO_AUTH_TOKEN": "primary-token, second-token",
            "PUBLIC_BASE_URL": "http://127.0.0.1:9000/",
            "HELPLINE_NUMBER": "+8225550199",
        }
    )
    assert settings.auth_token == "primary-token"
    assert settings.hook(settings.voice_path) == "http://127.0.0.1:9000/ivr/voice"
    assert settings.helpline_number == "+8225550199"
    assert "primary-token" not in repr(settings)
