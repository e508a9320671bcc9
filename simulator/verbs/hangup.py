"""`<Hangup>`: the line hangs up."""

from __future__ import annotations

from simulator.run import Run
from simulator.twiml import Element
from simulator.verbs.verb import Verb


def perform(run: Run, element: Element) -> None:
    """End the leg; an unanswered one was answered just before [D]."""
    run.leg.finish()


VERB = Verb(perform)
