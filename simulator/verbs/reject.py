"""`<Reject>`: the one way not to answer a call."""

from __future__ import annotations

from simulator.run import Run
from simulator.twiml import Element
from simulator.verbs.verb import Verb, always


def perform(run: Run, element: Element) -> None:
    """End an unanswered call as busy or no-answer; later it is but a hangup [I]."""
    leg = run.leg
    if leg.answered_at is not None:
        leg.exchange.complain(12200, "<Reject> must be the first verb.", leg.sid)
        leg.finish()
        return
    leg.end("busy" if element.get("reason") == "busy" else "no-answer")


VERB = Verb(perform, frozenset({"reason"}), always)
