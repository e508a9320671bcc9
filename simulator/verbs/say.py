"""`<Say>`: words are spoken."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from simulator.run import Playing, Run
from simulator.sounds import Sound, Speech
from simulator.twiml import Element
from simulator.verbs.verb import Verb

LOOPS_FOR_EVER = 1000
"""[D] loop="0" means until hangup or 1000 times."""


def times(element: Element) -> int:
    """How often a sound is to be heard."""
    return int(element.number("loop", 1, 0, LOOPS_FOR_EVER)) or LOOPS_FOR_EVER


def say_sounds(element: Element) -> Iterator[Sound]:
    """The speech, as often as `loop` says; nothing when there is no text."""
    if not element.text:
        return iter(())
    speech = Speech(element.text, element.get("language", "en-US"), element.get("voice"))
    return repeat(speech, times(element))


def perform(run: Run, element: Element) -> None:
    """Speak, then go on."""
    run.activity = Playing(run.leg, say_sounds(element), run.next)


VERB = Verb(perform, frozenset({"voice", "language", "loop"}))
