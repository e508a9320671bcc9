"""What the interpreter must know of a verb: how to perform it and which attributes it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.run import Run
from simulator.twiml import Element


def words(text: str) -> frozenset[str]:
    """A set of names written as one sentence, which stays readable when it is long."""
    return frozenset(text.split())


def never(run: Run, element: Element) -> bool:
    """Most verbs answer a call that still rings."""
    return False


def always(run: Run, element: Element) -> bool:
    """Redirect and Reject leave an unanswered call unanswered."""
    return True


@dataclass(frozen=True, slots=True)
class Verb:
    """One row of the verb table.

    perform: starts it; it later calls run.next(), run.fetch(...) or ends the leg.
    stays_ringing: whether an unanswered call is left ringing while it runs.
    """

    perform: Callable[[Run, Element], None]
    attributes: frozenset[str] = frozenset()
    stays_ringing: Callable[[Run, Element], bool] = never
