"""`<Play>`: a sound file or keypad tones are heard."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from simulator.run import Playing, Run
from simulator.sounds import Recording, Sound, Tones
from simulator.twiml import Element
from simulator.verbs.say import times
from simulator.verbs.verb import Verb


def play_sounds(run: Run, element: Element) -> Iterator[Sound]:
    """The file or the tones, as often as `loop` says."""
    digits = element.get("digits")
    if digits:
        return repeat(Tones(digits), times(element))
    url = run.resolve(element.text) if element.text else ""
    return repeat(Recording(url), times(element)) if url else iter(())


def perform(run: Run, element: Element) -> None:
    """Play, then go on."""
    run.activity = Playing(run.leg, play_sounds(run, element), run.next)


VERB = Verb(perform, frozenset({"loop", "digits"}))
