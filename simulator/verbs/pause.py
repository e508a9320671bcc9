"""`<Pause>`: silence for some seconds."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.run import Activity, Playing, Run
from simulator.sounds import Silence, Sound
from simulator.twiml import Element
from simulator.verbs.verb import Verb


def pause_sounds(element: Element) -> Iterator[Sound]:
    """The silence; a malformed length counts as the default second."""
    return iter((Silence(element.number("length", 1.0)),))


class RingingOn(Activity):
    """Time passes while the caller still hears the ringing."""

    def __init__(self, run: Run, seconds: float) -> None:
        """Go on after `seconds`."""
        self._timer = run.leg.exchange.kernel.at(seconds, run.next)

    def stop(self) -> None:
        """Broken off."""
        self._timer.cancel()


def perform(run: Run, element: Element) -> None:
    """Wait, then go on; a call that still rings goes on ringing."""
    if run.leg.answered_at is None:
        run.activity = RingingOn(run, element.number("length", 1.0))
        return
    run.activity = Playing(run.leg, pause_sounds(element), run.next)


def stays_ringing(run: Run, element: Element) -> bool:
    """[U] a first Pause delays the answer."""
    return run.leg.exchange.oddities.pause_first_delays_answer


VERB = Verb(perform, frozenset({"length"}), stays_ringing)
