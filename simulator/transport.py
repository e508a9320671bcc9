"""How a webhook travels to the server: the port, its values, and faults on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeAlias

from simulator.kernel import Kernel

USER_AGENT = "TwilioProxy/1.1"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. url: exactly as it goes on the wire; params: the form of a POST."""

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 15.0
    connect_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. kind: "connect" (TCP or TLS), "timeout", "broken" (a partial response)."""

    kind: str
    detail: str = ""


Outcome: TypeAlias = Response | Failure
Done: TypeAlias = Callable[[Outcome], None]


class Transport(Protocol):
    """Carries requests; `done` is called once, on the kernel's thread, never before returning."""

    def request(self, request: Request, done: Done) -> None:
        """Send `request` and report its outcome."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one request on its way.

    deliveries: seconds until each copy reaches the server; none = lost, two = duplicated.
    answer_lost: the server did it, the answer never comes. answer_delay_seconds: it comes later.
    """

    deliveries: tuple[float, ...] = (0.0,)
    answer_lost: bool = False
    answer_delay_seconds: float = 0.0


class FaultyTransport:
    """Any transport with mishaps: each request's fate is asked of `faults`.

    A delay beyond the request's time limit is a timeout to the exchange, though the server may
    still get the request, as on a real network.
    """

    def __init__(self, inner: Transport, kernel: Kernel, faults: Callable[[Request], Fate]) -> None:
        """Wrap `inner`; `faults` decides for each request."""
        self._inner = inner
        self._kernel = kernel
        self._faults = faults

    def request(self, request: Request, done: Done) -> None:
        """Send the request as its fate wills; see Transport."""
        fate = self._faults(request)
        once = _Once(done)
        timeout = Failure("timeout", "no answer in time")
        limit = self._kernel.at(request.timeout_seconds, lambda: once(timeout))

        def answered(outcome: Outcome) -> None:
            if not fate.answer_lost:
                self._kernel.at(fate.answer_delay_seconds, partial(arrived, outcome))

        def arrived(outcome: Outcome) -> None:
            limit.cancel()
            once(outcome)

        for number, delay in enumerate(fate.deliveries):
            report = answered if number == 0 else _ignore
            self._kernel.at(delay, partial(self._inner.request, request, report))


class _Once:
    """Calls `done` the first time only."""

    def __init__(self, done: Done) -> None:
        self._done: Done | None = done

    def __call__(self, outcome: Outcome) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(outcome)


def _ignore(outcome: Outcome) -> None:
    """Nobody waits for the answer to a duplicate."""
