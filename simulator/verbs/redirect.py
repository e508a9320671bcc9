"""`<Redirect>`: go on with another document; what follows the verb is never reached."""

from __future__ import annotations

from simulator.run import Run
from simulator.twiml import Element
from simulator.verbs.verb import Verb, always


def perform(run: Run, element: Element) -> None:
    """Fetch the document; an empty one means the present URL again."""
    url = run.resolve(element.text)
    if not url:
        run.fail(12100, "<Redirect> in inline TwiML needs an absolute URL.")
        return
    run.fetch(url, element.get("method", "POST").upper(), purpose="redirect")


VERB = Verb(perform, frozenset({"method"}), always)
