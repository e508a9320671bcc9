"""`<Dial><Queue>`: take the caller at the front of a queue, or wait for one."""

from __future__ import annotations

from simulator.bridges import Bridged
from simulator.kernel import Timer
from simulator.queues import Member, Queue
from simulator.run import Activity, LastAction, Run
from simulator.sounds import Ringback, Silence
from simulator.twiml import Element
from simulator.verbs.dial_legs import TIME_LIMIT_DEFAULT, TIMEOUT_DEFAULT


class Dequeuing(Activity):
    """A dialer that waits for the front of a queue and then talks with it."""

    def __init__(self, run: Run, element: Element, noun: Element, queue: Queue) -> None:
        """Stand in line among the dialers of `queue`."""
        self._run = run
        self._element = element
        self._whisper_url = run.resolve(noun.get("url")) if noun.get("url") else ""
        self._queue = queue
        self._member: Member | None = None
        self._bridge: Bridged | None = None
        self._over = False
        self._timer: Timer | None = None

    def start(self) -> None:
        """Take the front, or wait until somebody comes or the timeout passes."""
        exchange = self._run.leg.exchange
        self._run.leg.hear(Ringback())
        seconds = self._element.number("timeout", TIMEOUT_DEFAULT, 5, 600)
        seconds += exchange.oddities.dial_timeout_extra_seconds
        self._timer = exchange.kernel.at(seconds, lambda: self._finish("no-answer"))
        self._queue.dialers.append(self)
        self._queue.serve()

    def take(self, member: Member) -> None:
        """This is the caller; the whisper comes first if there is one."""
        self._disarm()
        self._member = member
        if member.on_taken is not None:
            member.on_taken(self._whisper_url, self._run.leg.sid, self._connect, self._gone)

    def _connect(self) -> None:
        if self._over or self._member is None:
            return
        exchange = self._run.leg.exchange
        self._bridge = Bridged(exchange, (self._run.leg, self._member.leg))
        seconds = self._element.number("timeLimit", TIME_LIMIT_DEFAULT, 1, TIME_LIMIT_DEFAULT)
        self._timer = exchange.kernel.at(seconds, lambda: self._finish("completed"))

    def _gone(self) -> None:
        """The caller hung up or was redirected."""
        if not self._over:
            self._finish("completed" if self._bridge is not None else "canceled")

    def press(self, digit: str) -> bool:
        """With hangupOnStar the star ends the bridge."""
        if digit == "*" and self._bridge is not None and self._element.flag("hangupOnStar"):
            self._finish("completed")
            return True
        return False

    def _finish(self, status: str) -> None:
        params = self._params(status)
        self._close()
        self._run.leg.hear(Silence())
        self._run.follow(self._element, params)

    def _params(self, status: str) -> dict[str, str]:
        bridged = self._bridge is not None
        params = {"DialCallStatus": status, "DialBridged": str(bridged).lower()}
        if self._member is not None:
            params |= self._member.result_params("bridged" if bridged else "hangup")
            params["DialCallSid"] = self._member.leg.sid
        return params

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _close(self) -> None:
        """Out of every line; the caller's Enqueue goes on when the bridge ends [D]."""
        if self._over:
            return
        self._over = True
        self._disarm()
        if self in self._queue.dialers:
            self._queue.dialers.remove(self)
        if self._bridge is not None:
            self._bridge.close()
        member = self._member
        if member is not None and member.leg.live:
            member.partner_left()

    def stop(self) -> LastAction | None:
        """REST redirects the dialer."""
        params = self._params("completed")
        self._close()
        return self._run.last_action(self._element, params)

    def leg_ended(self) -> LastAction | None:
        """The dialer hung up."""
        last = self.stop()
        wanted = self._run.leg.exchange.oddities.dial_action_after_caller_hangup
        return last if wanted else None


def perform(run: Run, element: Element, noun: Element) -> None:
    """Dial the queue of that name; an unknown one is an error to the action [D]."""
    exchange = run.leg.exchange
    queue = exchange.queues.named(noun.text)
    if queue is None:
        status = exchange.oddities.unknown_queue_status
        run.follow(element, {"DialCallStatus": status, "QueueResult": "error"})
        return
    dequeuing = Dequeuing(run, element, noun, queue)
    run.activity = dequeuing
    dequeuing.start()
