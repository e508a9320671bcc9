"""The API and the carrier's REST as they are under faults: broken connections, lost answers."""

from functools import partial
from typing import Any

import requests
from twilio.http.response import Response as TwilioResponse

from simulator.kernel import VirtualKernel
from simulator.rest import Rest
from tests.simulation.commits import Killed
from tests.simulation.faults_drawn import SLOW_SECONDS, Misfortune
from tests.simulation.faults_process import Processes
from tests.simulation.wires import RestWire, WsgiServer

TRIES_MAX = 4
OUR_FAULT = 500
"""Where the database is away, 503 is said; a gateway says 502."""
RING = "POST Calls.json"
"""Nobody overtakes this: the leg would ring meanwhile, but here the exchange stands still."""


class StubbornServer(WsgiServer):
    """The API as a page asks it: again, with the same Idempotency-Key, after a broken connection.

    Where nobody is up, the supervisor of the processes is quick, so that people go on.
    """

    def __init__(self, processes: Processes) -> None:
        """Ask whichever process is up."""
        super().__init__(processes.app)
        self.wrongs: list[str] = []
        self._processes = processes

    def _call(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        status, raw = 502, b""
        for _ in range(TRIES_MAX):
            if not self._processes.is_any_up:
                self._processes.first.revive()
            environ["wsgi.input"].seek(0)
            try:
                status, raw = super()._call(environ)
            except Killed:
                self._processes.bury()
                status, raw = 502, b""
            if status == OUR_FAULT:
                asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
                self.wrongs.append(f"{asked} was answered {status}")
            if status < 500:
                break
        return status, raw


class FaultyRestWire(RestWire):
    """REST that fails before or after it did what was asked, or does it when nobody waits."""

    def __init__(self, rest: Rest, kernel: VirtualKernel, misfortune: Misfortune) -> None:
        """Wrap `rest`."""
        super().__init__(rest)
        self._kernel = kernel
        self._misfortune = misfortune

    def request(self, method: str, uri: str, *args: Any, **kwargs: Any) -> TwilioResponse:
        """Carry one request, or not; raises what the HTTP library raises."""
        what = f"{method} {uri.partition('/Accounts/')[2][35:]}"
        happens = self._misfortune.happens
        if self._misfortune.is_rest_away() or happens("rest_failing", what):
            self._misfortune.refuse(what)
            return TwilioResponse(503, '{"code": 20503, "message": "Service unavailable"}')
        if happens("rest_slow", what):
            self._misfortune.refuse(what)
            late = partial(super().request, method, uri, *args, **kwargs)
            if what == RING:
                self._misfortune.let_ring_late(late)
            else:
                self._kernel.at(SLOW_SECONDS, late)
            raise requests.ReadTimeout(what)
        answer = super().request(method, uri, *args, **kwargs)
        if what != RING:
            self._misfortune.let_overtake(what)
        if happens("rest_failing_after", what):
            raise requests.ReadTimeout(what)
        return answer
