"""`<Leave>`: a caller leaves the queue and goes on after `<Enqueue>`."""

from __future__ import annotations

from simulator.run import Run
from simulator.twiml import Element
from simulator.verbs.verb import Verb


def perform(run: Run, element: Element) -> None:
    """Leave the queue that this leg waits in."""
    member = run.leg.exchange.queues.member_of(run.leg)
    if member is None:
        run.next()
        return
    member.release("leave")


VERB = Verb(perform)
