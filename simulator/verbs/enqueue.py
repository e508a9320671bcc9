"""`<Enqueue>`: wait in a queue, hearing what waitUrl says, until somebody or something ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from simulator.kernel import Timer
from simulator.queues import Member
from simulator.run import QUEUE_WAIT, QUEUE_WHISPER, Activity, LastAction, Run
from simulator.sounds import HoldMusic, Silence
from simulator.twiml import Element
from simulator.verbs.verb import Verb

QUEUE_NAME_LETTERS_MAX = 64


class Waiting(Activity):
    """A caller in a queue, then perhaps in a whisper, then perhaps in a bridge."""

    def __init__(self, run: Run, element: Element, member: Member) -> None:
        """Join the queue and start the waiting sound."""
        self._run = run
        self._element = element
        self._member = member
        self._side: Run | None = None
        self._loop: Timer | None = None
        self._asked_at: datetime = member.enqueued_at
        self._state = "waiting"
        self._on_partner_gone: Callable[[], None] | None = None
        member.on_release = self._released
        member.on_taken = self._taken
        member.on_partner_left = self._partner_left

    def start(self) -> None:
        """Begin to wait."""
        wait_url = self._element.attributes.get("waitUrl")
        if wait_url is None:
            self._run.leg.hear(HoldMusic())
        elif not wait_url:
            self._run.leg.hear(Silence())
        else:
            self._ask_again()

    # -- the waiting sound ---------------------------------------------------------------------

    def _ask_again(self) -> None:
        if self._state != "waiting":
            return
        leg = self._run.leg
        if self._side is None:
            self._side = Run(
                leg,
                QUEUE_WAIT,
                extra=self._member.wait_params,
                on_end=self._document_over,
                on_error=lambda code: self._released("error"),
            )
        self._asked_at = leg.exchange.kernel.now()
        url = self._run.resolve(self._element.get("waitUrl"))
        method = self._element.get("waitUrlMethod", "POST").upper()
        self._side.fetch(url, method, purpose="wait")

    def _document_over(self) -> None:
        """At the end of the document waitUrl is requested again, for ever [D]."""
        exchange = self._run.leg.exchange
        spent = (exchange.kernel.now() - self._asked_at).total_seconds()
        pause = exchange.oddities.wait_loop_seconds_min - spent
        self._loop = exchange.kernel.at(pause, self._ask_again)

    def _silence_side(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
        if self._side is not None:
            self._side.kill()
            self._side = None

    # -- ways out ------------------------------------------------------------------------------

    def _released(self, result: str) -> None:
        """Leave, error, or the end of a bridge: the action at once, or the next verb."""
        self._close(result)
        self._run.leg.hear(Silence())
        self._run.follow(self._element, self._member.result_params(result))

    def _close(self, result: str) -> None:
        self._state = "over"
        self._silence_side()
        self._member.leave(result)

    def _taken(
        self,
        whisper_url: str,
        dialer_sid: str,
        connect: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        """A `<Dial><Queue>` takes this caller: whisper if it has one, then `connect`."""
        self._silence_side()
        self._state = "whisper"
        self._on_partner_gone = gone
        if not whisper_url:
            self._connect(connect)
            return
        params = {
            "QueueSid": self._member.queue.sid,
            "QueueTime": str(self._member.seconds),
            "DequeingCallSid": dialer_sid,
        }
        self._side = Run(
            self._run.leg,
            QUEUE_WHISPER,
            extra=lambda: params,
            on_end=lambda: self._connect(connect),
            on_error=lambda code: self._whisper_failed(),
        )
        self._side.fetch(whisper_url, purpose="queue-whisper")

    def _connect(self, connect: Callable[[], None]) -> None:
        self._silence_side()
        self._state = "bridged"
        connect()

    def _whisper_failed(self) -> None:
        # [I] bad TwiML in the whisper counts as bad TwiML in waitUrl.
        self._lose_partner()
        self._released("error")

    def _partner_left(self) -> None:
        """The dialer is gone: only now, when the bridge ends, comes the action [D]."""
        if self._state in ("whisper", "bridged"):
            # [I] a dialer lost during the whisper ends the wait like a lost bridge.
            result = "bridged" if self._state == "bridged" else "error"
            self._on_partner_gone = None
            self._released(result)

    def _lose_partner(self) -> None:
        gone, self._on_partner_gone = self._on_partner_gone, None
        if gone is not None:
            gone()

    def stop(self) -> LastAction | None:
        """REST gives the caller another document."""
        result = {
            "waiting": self._member.redirect_result,
            "whisper": "bridging-in-process",
        }.get(self._state, "redirected-from-bridged")
        self._close(result)  # the state is "over" before the partner is told
        self._lose_partner()
        if not self._run.leg.exchange.oddities.redirect_also_requests_enqueue_action:
            return None
        return self._run.last_action(self._element, self._member.result_params(result))

    def leg_ended(self) -> LastAction | None:
        """The caller hung up: waiting, that is "hangup"; bridged, the bridge simply ended."""
        result = "bridged" if self._state == "bridged" else "hangup"
        self._close(result)
        self._lose_partner()
        return self._run.last_action(self._element, self._member.result_params(result))


def perform(run: Run, element: Element) -> None:
    """Join the named queue; a full one or a bad name goes straight to the action."""
    queues = run.leg.exchange.queues
    name = element.text
    if not name or len(name) > QUEUE_NAME_LETTERS_MAX:
        run.follow(element, {"QueueResult": "system-error"})
        return
    queue = queues.named(name) or queues.create(name)
    if len(queue.members) >= queue.max_size:
        run.follow(element, {"QueueResult": "queue-full"})
        return
    member = queue.join(run.leg)
    waiting = Waiting(run, element, member)
    run.activity = waiting
    queue.serve()
    if member.position:
        waiting.start()


VERB = Verb(perform, frozenset({"action", "method", "waitUrl", "waitUrlMethod", "workflowSid"}))
