"""Calls that the server places by REST: pacing, ringing, and what happens when they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator.run import MAIN, Run

if TYPE_CHECKING:
    from simulator.kernel import Kernel, Timer
    from simulator.legs import Leg


class Pacer:
    """Lets through so many calls a second; the rest wait their turn, in order [D]."""

    def __init__(self, kernel: Kernel, per_second: float) -> None:
        """Pace calls to `per_second`; 0 lets everything through."""
        self._kernel = kernel
        self._gap = timedelta(seconds=1 / per_second) if per_second > 0 else timedelta()
        self._free_at: datetime | None = None

    def seconds_to_wait(self) -> float:
        """Take the next place in line; seconds until it comes."""
        now = self._kernel.now()
        turn = now if self._free_at is None else max(now, self._free_at)
        self._free_at = turn + self._gap
        return (turn - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Detection:
    """Answering-machine detection asked for with a call."""

    asynchronous: bool = False
    callback_url: str = ""
    callback_method: str = "POST"


class OutgoingCall:
    """Owner of a leg placed by REST: waits for its turn, rings it, starts it when answered."""

    def __init__(
        self,
        leg: Leg,
        *,
        ring_seconds: float,
        on_answer: Callable[[Leg], None],
        on_end: Callable[[Leg, str], None] | None = None,
        time_limit_seconds: float,
        detection: Detection | None = None,
    ) -> None:
        """Prepare a call.

        ring_seconds: how long it rings at most. on_answer: starts what the leg is for. on_end:
        told why that is over: "participant_hung_up" or "participant_updated_via_api".
        """
        self.leg = leg
        self._ring_seconds = ring_seconds
        self._on_answer = on_answer
        self._on_end = on_end
        self._time_limit_seconds = time_limit_seconds
        self._detection = detection
        self._timer: Timer | None = None
        leg.owner = self

    def start(self) -> None:
        """Queue it; it rings when the pace allows."""
        exchange = self.leg.exchange
        exchange.legs[self.leg.sid] = self.leg
        self.leg.become("queued")
        wait = exchange.pacer.seconds_to_wait()
        self.leg.queue_seconds = wait
        exchange.kernel.at(wait, self._ring)

    def _ring(self) -> None:
        if not self.leg.live:
            return
        exchange = self.leg.exchange
        exchange.place(self.leg)
        self._timer = exchange.kernel.at(self._ring_seconds, self._unanswered)

    def _unanswered(self) -> None:
        if self.leg.answered_at is None:
            self.leg.end("no-answer")

    def placed_answered(self, leg: Leg) -> None:
        """It was picked up: listen for a machine if asked to, then start."""
        self._disarm()
        leg.exchange.limit(leg, self._time_limit_seconds)
        detection = self._detection
        if detection is None:
            self._on_answer(leg)
            return
        leg.answered_by = leg.picked_up_by
        kernel = leg.exchange.kernel
        seconds = leg.exchange.oddities.amd_seconds
        if detection.asynchronous:
            self._on_answer(leg)
            kernel.at(seconds, lambda: self._report(leg, detection))
        else:
            leg.voice.extra["AnsweredBy"] = leg.answered_by
            kernel.at(seconds, lambda: self._start_held(leg))

    def _start_held(self, leg: Leg) -> None:
        if leg.live and leg.owner is self:
            self._on_answer(leg)

    def _report(self, leg: Leg, detection: Detection) -> None:
        if not leg.live or not detection.callback_url:
            return
        exchange = leg.exchange
        params = {
            "CallSid": leg.sid,
            "AccountSid": exchange.settings.account_sid,
            "AnsweredBy": leg.answered_by,
            "MachineDetectionDuration": str(round(exchange.oddities.amd_seconds * 1000)),
        }
        exchange.webhooks.send(
            "amd", detection.callback_url, params, method=detection.callback_method, leg=leg
        )

    def placed_ended(self, leg: Leg) -> None:
        """It is over, answered or not."""
        self._disarm()
        if self._on_end is not None:
            self._on_end(leg, "participant_hung_up")

    def placed_redirected(self, leg: Leg) -> None:
        """It got another document: what it was for is over."""
        leg.owner = None
        if self._on_end is not None:
            self._on_end(leg, "participant_updated_via_api")

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def starter(url: str, method: str, twiml: str) -> Callable[[Run], None]:
    """What begins a run: a URL to fetch, or inline TwiML (the URL wins when both are given)."""

    def begin(run: Run) -> None:
        if url:
            run.fetch(url, method, purpose="voice")
        else:
            run.start_inline(twiml)

    return begin


def run_on(leg: Leg, begin: Callable[[Run], None]) -> None:
    """Start a main run on a leg that has just answered."""
    leg.run = Run(leg, MAIN)
    begin(leg.run)
