"""Running one TwiML document after another on one leg."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from simulator.sounds import Sound, Speech
from simulator.transport import Outcome
from simulator.twiml import Document, Element, TwimlError, parse, read_outcome

if TYPE_CHECKING:
    from simulator.kernel import Timer
    from simulator.legs import Leg

APPLICATION_ERROR: Final = Speech(
    "We are sorry, an application error has occurred. Goodbye.", "en-US", "man"
)


@dataclass(frozen=True, slots=True)
class RunKind:
    """What a run is for and which verbs it may hold; None: all but Leave."""

    name: str
    verbs: frozenset[str] | None = None


MAIN: Final = RunKind("main")
QUEUE_WAIT: Final = RunKind(
    "wait", frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"})
)
CONFERENCE_WAIT: Final = RunKind("conference-wait", frozenset({"Play", "Say", "Pause", "Redirect"}))
WHISPER: Final = RunKind("whisper", frozenset({"Play", "Say", "Gather", "Hangup"}))
QUEUE_WHISPER: Final = RunKind("queue-whisper", frozenset({"Play", "Say", "Pause", "Redirect"}))


@dataclass(frozen=True, slots=True)
class LastAction:
    """An action request whose answer no longer steers anything."""

    url: str
    method: str
    params: Mapping[str, str]


class Activity:
    """What a run is busy with while one verb lasts; verbs override what concerns them."""

    def press(self, digit: str) -> bool:
        """A key was pressed; whether it meant anything."""
        return False

    def speak(self, text: str, confidence: float) -> None:
        """Something was said."""

    def stop(self) -> LastAction | None:
        """A redirect by REST breaks the verb off; which action is still requested, if any."""
        return None

    def leg_ended(self) -> LastAction | None:
        """The leg is over; which action is still requested, if any."""
        self.stop()
        return None


class Run:
    """A document under way. Only the newest fetch counts; a dead run does nothing any more."""

    def __init__(
        self,
        leg: Leg,
        kind: RunKind,
        *,
        extra: Callable[[], Mapping[str, str]] = dict,
        on_end: Callable[[], None] | None = None,
        on_error: Callable[[int], None] | None = None,
    ) -> None:
        """A run on `leg`.

        extra: parameters for every request of this run. on_end: after the last verb (a main run
        hangs up). on_error: when a document fails and this is not a main run.
        """
        self.leg = leg
        self.kind = kind
        self.alive = True
        self.activity: Activity | None = None
        self.document = Document(())
        self._extra = extra
        self._on_end = on_end
        self._on_error = on_error
        self._cursor = 0
        self._fetches = 0
        self._in_fallback = False
        leg.runs.append(self)

    # -- documents -----------------------------------------------------------------------------

    def fetch(
        self,
        url: str,
        method: str = "POST",
        params: Mapping[str, str] | None = None,
        purpose: str = "action",
    ) -> None:
        """Request a document and run it; `params` are added to the standard ones."""
        self.activity = None
        self._fetches += 1
        number = self._fetches
        self.leg.exchange.webhooks.send(
            purpose,
            url,
            {**self.leg.params(), **self._extra(), **(params or {})},
            method=method,
            leg=self.leg,
            done=lambda outcome: self._loaded(number, url, method, outcome),
        )

    def start_inline(self, twiml: str) -> None:
        """Run TwiML that came in a REST request."""
        try:
            self._begin(Document(parse(twiml)))
        except TwimlError as error:
            self.fail(error.code, error.message)

    def _loaded(self, number: int, url: str, method: str, outcome: Outcome) -> None:
        if not self.alive or number != self._fetches:
            return
        try:
            document = read_outcome(outcome, url.split("#", 1)[0], method)
        except TwimlError as error:
            self.fail(error.code, error.message, url)
            return
        self._in_fallback = False
        self._begin(document)

    def _begin(self, document: Document) -> None:
        self.document = document
        self._cursor = 0
        self.next()

    # -- steps ---------------------------------------------------------------------------------

    def next(self) -> None:
        """Go on with the verb after the present one, or end the document."""
        if not self.alive:
            return
        self.activity = None
        verbs = self.leg.exchange.verbs
        while self._cursor < len(self.document.verbs):
            element = self.document.verbs[self._cursor]
            self._cursor += 1
            verb = verbs.get(element.name)
            if verb is None:
                self._warn(12200, f"<{element.name}> is not a verb; it was passed over.")
                continue
            if not self._allowed(element.name):
                message = f"<{element.name}> may not stand in a {self.kind.name} document."
                self.fail(12200, message, self.document.url)
                return
            for name in element.attributes.keys() - verb.attributes:
                self._warn(12200, f"<{element.name}> has no attribute {name!r}.")
            if not verb.stays_ringing(self, element):
                self.leg.pick_up()
            if self.alive and self.leg.live:
                verb.perform(self, element)
            return
        self._end()

    def _allowed(self, name: str) -> bool:
        if self.kind.verbs is None:
            return name != "Leave"
        return name in self.kind.verbs

    def _end(self) -> None:
        if self._on_end is not None:
            self._on_end()
        elif self.kind is MAIN:
            self.leg.finish()

    def follow(self, element: Element, params: Mapping[str, str], default: bool = False) -> None:
        """Request the verb's action with `params`, or go on when it has none.

        default: without the attribute, the present document is the action (Gather, Record).
        """
        if not self.alive:
            return
        action = self.action_of(element, default)
        if action is None:
            self.next()
            return
        url, method = action
        if not url:
            self.fail(15004, f"<{element.name}> in inline TwiML needs an absolute action.")
            return
        self.fetch(url, method, params)

    def action_of(self, element: Element, default: bool = False) -> tuple[str, str] | None:
        """URL and method of the verb's action; the URL is empty when it cannot be resolved."""
        if "action" not in element.attributes and not default:
            return None
        url = self.resolve(element.get("action"))
        return url, element.get("method", "POST").upper()

    def last_action(self, element: Element, params: Mapping[str, str]) -> LastAction | None:
        """The verb's action as something still requested but no longer heeded."""
        action = self.action_of(element)
        if action is None or not action[0]:
            return None
        return LastAction(*action, params)

    def resolve(self, url: str) -> str:
        """An absolute URL: relative ones belong to the present document's; "" when impossible."""
        if urlsplit(url).scheme:
            return url
        return urljoin(self.document.url, url) if self.document.url else ""

    # -- failures and endings ------------------------------------------------------------------

    def fail(self, code: int, message: str, url: str = "") -> None:
        """The document failed: fallback URL, or else an application error and the end."""
        self._warn(code, message)
        if self.kind is not MAIN:
            if self._on_error is not None:
                self._on_error(code)
            return
        voice = self.leg.voice
        if voice.fallback_url and not self._in_fallback:
            self._in_fallback = True
            params = {"ErrorCode": str(code), "ErrorUrl": url or self.document.url}
            self.fetch(voice.fallback_url, voice.fallback_method, params, purpose="fallback")
            return
        unanswered = self.leg.answered_at is None
        if unanswered and self.leg.exchange.oddities.first_fetch_failure == "busy":
            self.leg.end("busy")
            return
        self.leg.pick_up()
        self.activity = Playing(self.leg, iter((APPLICATION_ERROR,)), self.leg.finish)

    def _warn(self, code: int, message: str) -> None:
        self.leg.exchange.complain(code, message, self.leg.sid)

    def interrupt(self) -> LastAction | None:
        """A REST redirect breaks the run off; which action is still to be requested."""
        activity = self.activity
        self._die()
        return activity.stop() if activity is not None else None

    def kill(self) -> None:
        """Stop without a trace: the waiting music of a caller who is served, and the like."""
        self.interrupt()

    def leg_ended(self) -> None:
        """The leg is over: break off, and request an action that reports the end."""
        activity = self.activity
        self._die()
        last = activity.leg_ended() if activity is not None else None
        if last is not None:
            self.request_last(last)

    def request_last(self, last: LastAction) -> None:
        """Request an action whose answer is ignored."""
        params = {**self.leg.params(), **last.params}
        webhooks = self.leg.exchange.webhooks
        webhooks.send("late-action", last.url, params, method=last.method, leg=self.leg)

    def _die(self) -> None:
        self.alive = False
        self.activity = None
        if self in self.leg.runs:
            self.leg.runs.remove(self)


class Playing(Activity):
    """Sounds heard one after another, each for as long as it lasts."""

    def __init__(self, leg: Leg, sounds: Iterator[Sound], done: Callable[[], None]) -> None:
        """Start at once; `done` is called after the last, always through the kernel."""
        self._leg = leg
        self._sounds = sounds
        self._done = done
        self._timer: Timer = leg.exchange.kernel.at(0.0, self._on)

    def _on(self) -> None:
        sound = next(self._sounds, None)
        if sound is None:
            self._done()
            return
        self._leg.hear(sound)
        exchange = self._leg.exchange
        self._timer = exchange.kernel.at(exchange.sound_seconds(sound), self._on)

    def stop(self) -> None:
        """Fall silent."""
        self._timer.cancel()
