"""`<Gather>`: collect keys (or speech) while prompts are heard."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from simulator.kernel import Timer
from simulator.run import Activity, LastAction, Playing, Run
from simulator.sounds import Silence, Sound
from simulator.twiml import Element
from simulator.verbs.pause import pause_sounds
from simulator.verbs.play import play_sounds
from simulator.verbs.say import say_sounds
from simulator.verbs.verb import Verb, words

KEYS = frozenset("0123456789*#")


def nested_sounds(run: Run, element: Element) -> Iterator[Sound]:
    """The prompts inside a verb: Say, Play and Pause, one after another."""
    return chain.from_iterable(_sounds(run, child) for child in element.children)


def _sounds(run: Run, child: Element) -> Iterator[Sound]:
    match child.name:
        case "Say":
            return say_sounds(child)
        case "Play":
            return play_sounds(run, child)
        case "Pause":
            return pause_sounds(child)
        case _:
            run.leg.exchange.complain(12200, f"<{child.name}> may not stand in <Gather>.")
            return iter(())


class Gathering(Activity):
    """Keys and speech collected so far, and the silence that ends them."""

    def __init__(self, run: Run, element: Element) -> None:
        """Start the prompts; the timeout begins when they end or a key stops them."""
        self._run = run
        self._element = element
        self._inputs = frozenset(element.get("input", "dtmf").split())
        self._timeout_seconds = element.number("timeout", 5.0)
        self._finish_on_key = element.get("finishOnKey", "#")
        self._digits_max = int(element.number("numDigits", 0))
        self._digits = ""
        self._timer: Timer | None = None
        self._prompts: Playing | None = Playing(
            run.leg, nested_sounds(run, element), self._prompts_over
        )

    def _prompts_over(self) -> None:
        self._prompts = None
        self._run.leg.hear(Silence())
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        kernel = self._run.leg.exchange.kernel
        self._timer = kernel.at(self._timeout_seconds, self._lapsed)

    def press(self, digit: str) -> bool:
        """Take a key: it stops the prompts, and may finish the input."""
        if "dtmf" not in self._inputs or digit not in KEYS:
            return False
        if self._prompts is not None:
            self._prompts.stop()
            self._prompts_over()
        if digit in self._finish_on_key:
            self._lapsed()
            return True
        self._digits += digit
        if self._digits_max and len(self._digits) >= self._digits_max:
            self._submit({"Digits": self._digits})
        else:
            self._wait()
        return True

    def speak(self, text: str, confidence: float) -> None:
        """Take what was said; with both inputs the first kind wins."""
        if "speech" in self._inputs and not self._digits:
            self._submit({"SpeechResult": text, "Confidence": str(confidence)})

    def _lapsed(self) -> None:
        if self._digits:
            self._submit({"Digits": self._digits})
        elif self._element.flag("actionOnEmptyResult"):
            self._submit({"Digits": ""})
        else:
            self._quiet()
            self._run.next()

    def _submit(self, params: dict[str, str]) -> None:
        self._quiet()
        self._run.leg.hear(Silence())
        self._run.follow(self._element, params, default=True)

    def _quiet(self) -> None:
        if self._prompts is not None:
            self._prompts.stop()
        if self._timer is not None:
            self._timer.cancel()

    def stop(self) -> LastAction | None:
        """Broken off by a redirect."""
        self._quiet()
        if self._run.leg.exchange.oddities.redirect_also_requests_gather_action:
            return self._run.last_action(self._element, {"Digits": self._digits})
        return None

    def leg_ended(self) -> None:
        """A caller who hangs up while typing is not reported."""
        self._quiet()


def perform(run: Run, element: Element) -> None:
    """Start collecting."""
    run.activity = Gathering(run, element)


VERB = Verb(
    perform,
    words(
        "action method timeout finishOnKey numDigits input actionOnEmptyResult language hints "
        "speechTimeout speechModel profanityFilter maxSpeechTime partialResultCallback "
        "partialResultCallbackMethod bargeIn dtmfDetection debug enhanced"
    ),
)
