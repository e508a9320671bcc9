"""`<Dial>` with Number, Client and Sip: ring them, whisper to the first who answers, bridge."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from simulator.bridges import Bridged
from simulator.callbacks import Subscription, read_events
from simulator.endpoints import is_telephone
from simulator.kernel import Timer
from simulator.legs import Leg
from simulator.run import WHISPER, Activity, LastAction, Run
from simulator.sounds import Ringback, Silence
from simulator.twiml import Element
from simulator.verbs.record import recording_url, report_recording

TARGETS_MAX: Final = 10
TIMEOUT_DEFAULT: Final = 30.0
TIME_LIMIT_DEFAULT: Final = 14_400.0
E164: Final = re.compile(r"\+?[0-9]{3,15}")


def _client_address(noun: Element) -> str:
    identity = next((child.text for child in noun.children if child.name == "Identity"), noun.text)
    return f"client:{identity}"


def _number_address(noun: Element) -> str:
    return re.sub(r"[\s().-]", "", noun.text)


ADDRESSES: Final[dict[str, Callable[[Element], str]]] = {
    "Number": _number_address,
    "Client": _client_address,
    "Sip": lambda noun: noun.text,
}
"""Noun -> the address that it rings. One row, one noun."""


class Ringing(Activity):
    """The dialled legs, from the first ring to the end of the bridge. Owner of those legs."""

    def __init__(self, run: Run, element: Element, nouns: list[Element]) -> None:
        """Prepare; `start` rings."""
        self._run = run
        self._element = element
        self._todo = nouns[:TARGETS_MAX]
        self._nouns: dict[str, Element] = {}
        self._children: list[Leg] = []
        self._winner: Leg | None = None
        self._bridge: Bridged | None = None
        self._bridged_at: datetime | None = None
        self._last: Leg | None = None
        self._timer: Timer | None = None
        self._limit: Timer | None = None
        self._over = False

    def start(self) -> None:
        """Ring all at once, or the first of a sequence."""
        self._run.leg.hear(Ringback())
        if not self._todo:
            self._finish("failed")
        elif self._element.flag("sequential"):
            self._ring_next()
        else:
            while self._todo:
                self._place(self._todo.pop(0))
            self._arm()

    def _ring_next(self) -> None:
        self._place(self._todo.pop(0))
        self._arm()

    def _arm(self) -> None:
        exchange = self._run.leg.exchange
        seconds = self._element.number("timeout", TIMEOUT_DEFAULT, 5, 600)
        seconds += exchange.oddities.dial_timeout_extra_seconds
        self._timer = exchange.kernel.at(seconds, self._unanswered)

    def _place(self, noun: Element) -> None:
        parent = self._run.leg
        caller_id = self._element.get("callerId") or parent.from_
        child = Leg(
            parent.exchange,
            direction="outbound-dial",
            from_=caller_id,
            to=ADDRESSES[noun.name](noun),
        )
        child.parent_sid = parent.sid
        child.owner = self
        child.custom_parameters = {
            item.get("name"): item.get("value")
            for item in noun.children
            if item.name == "Parameter"
        }
        callback = noun.get("statusCallback")
        if callback:
            child.subscriptions.append(
                Subscription(
                    self._run.resolve(callback),
                    noun.get("statusCallbackMethod", "POST").upper(),
                    read_events(noun.get("statusCallbackEvent")),
                )
            )
        self._nouns[child.sid] = noun
        self._children.append(child)
        parent.exchange.place(child, self._fault(child))

    def _fault(self, child: Leg) -> tuple[int, str] | None:
        """Why a leg cannot even be tried: its error number and message."""
        if not is_telephone(child.to):
            return None
        if not E164.fullmatch(child.to):
            return 13223, f"<Number> {child.to!r} is not a telephone number."
        explicit = "callerId" in self._element.attributes
        inherited = not explicit and is_telephone(child.from_)
        if not inherited and not E164.fullmatch(child.from_):
            return 13214, f"callerId {child.from_!r} may not be used to call a telephone."
        return None

    # -- what the legs report ------------------------------------------------------------------

    def placed_answered(self, leg: Leg) -> None:
        """The first to answer wins; the others stop ringing."""
        if self._over or self._winner is not None:
            leg.end("canceled")
            return
        self._winner = leg
        self._todo.clear()
        self._disarm()
        for other in self._children:
            if other is not leg:
                other.end("canceled")
        self._whisper(leg)

    def _whisper(self, leg: Leg) -> None:
        noun = self._nouns[leg.sid]
        url = self._run.resolve(noun.get("url")) if noun.get("url") else ""
        if not url:
            self._connect()
            return
        side = Run(
            leg,
            WHISPER,
            on_end=self._connect,
            on_error=lambda code: leg.end("failed"),
        )
        side.fetch(url, noun.get("method", "POST").upper(), purpose="whisper")

    def _connect(self) -> None:
        leg, parent = self._winner, self._run.leg
        if self._over or leg is None or not leg.live:
            return
        for run in list(leg.runs):
            run.kill()
        parent.pick_up()
        exchange = parent.exchange
        self._bridged_at = exchange.kernel.now()
        self._bridge = Bridged(exchange, (parent, leg))
        seconds = self._element.number("timeLimit", TIME_LIMIT_DEFAULT, 1, TIME_LIMIT_DEFAULT)
        self._limit = exchange.kernel.at(seconds, lambda: leg.end("completed"))

    def placed_ended(self, leg: Leg) -> None:
        """A dialled leg ended: the end of the bridge, or one less that could answer."""
        self._last = leg
        if self._over:
            return
        if leg is self._winner:
            hung_up_early = self._bridge is None and leg.status == "completed"
            oddities = self._run.leg.exchange.oddities
            self._finish(oddities.whisper_hangup_status if hung_up_early else leg.status)
        elif self._winner is None and not any(child.live for child in self._children):
            self._disarm()
            if self._todo:
                self._ring_next()
            else:
                self._finish(leg.status)

    def placed_redirected(self, leg: Leg) -> None:
        """The other side got a document of its own: the bridge is over."""
        leg.owner = None
        self._children.remove(leg)
        self._last = leg
        if leg is self._winner:
            self._finish("completed", redirected=True)
        elif not any(child.live for child in self._children) and self._winner is None:
            self._finish("canceled", redirected=True)

    def _unanswered(self) -> None:
        for child in list(self._children):
            child.end("no-answer")

    # -- the end -------------------------------------------------------------------------------

    def press(self, digit: str) -> bool:
        """With hangupOnStar the caller's star ends the bridge."""
        winner = self._winner
        if digit != "*" or self._bridge is None or winner is None:
            return False
        if not self._element.flag("hangupOnStar"):
            return False
        winner.end("completed")
        return True

    def _finish(self, status: str, redirected: bool = False) -> None:
        params = self._params(status, redirected)
        self._close()
        self._run.leg.hear(Silence() if self._run.leg.answered_at is not None else Ringback())
        self._run.follow(self._element, params)

    def _params(self, status: str, redirected: bool = False) -> dict[str, str]:
        params = {"DialCallStatus": status, "DialBridged": str(self._bridge is not None).lower()}
        leg = self._winner or self._last
        if leg is not None:
            params["DialCallSid"] = leg.sid
        if self._winner is not None and not redirected:
            params["DialCallDuration"] = str(self._winner.talk_seconds)
        return params | self._recorded()

    def _recorded(self) -> dict[str, str]:
        mode = self._element.get("record", "do-not-record")
        if self._bridged_at is None or mode in ("do-not-record", "false"):
            return {}
        exchange = self._run.leg.exchange
        sid = exchange.sids.new("RE")
        seconds = round((exchange.kernel.now() - self._bridged_at).total_seconds())
        report_recording(self._run, self._element, sid, seconds, "DialVerb")
        url = recording_url(self._run, sid)
        return {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": str(seconds)}

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _close(self) -> None:
        if self._over:
            return
        self._over = True
        self._disarm()
        if self._limit is not None:
            self._limit.cancel()
        if self._bridge is not None:
            self._bridge.close()
        for child in self._children:
            child.end("completed" if child.answered_at is not None else "canceled")

    def stop(self) -> LastAction | None:
        """REST redirects the caller: the other side is hung up; the action is asked too [O]."""
        self._close()
        return self._run.last_action(self._element, self._params("completed"))

    def leg_ended(self) -> LastAction | None:
        """The caller hung up."""
        self._close()
        if not self._run.leg.exchange.oddities.dial_action_after_caller_hangup:
            return None
        status = "completed" if self._winner is not None else "canceled"
        return self._run.last_action(self._element, self._params(status))


def perform(run: Run, element: Element, nouns: list[Element]) -> None:
    """Ring the nouns."""
    ringing = Ringing(run, element, nouns)
    run.activity = ringing
    ringing.start()
