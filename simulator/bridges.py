"""Two legs talking to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.journal import BridgeChanged
from simulator.sounds import Bridge, Silence

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg


class Bridged:
    """A bridge of two legs, open from its making until `close`."""

    def __init__(self, exchange: Exchange, legs: tuple[Leg, Leg]) -> None:
        """Join the two."""
        self._exchange = exchange
        self._legs = legs
        self._room_id = exchange.sids.new("BR")
        self._open = True
        for leg in legs:
            leg.hear(Bridge(self._room_id))
            self._note("join", leg)

    def close(self) -> None:
        """Part them; who still lives hears silence."""
        if not self._open:
            return
        self._open = False
        for leg in self._legs:
            leg.hear(Silence())
            self._note("leave", leg)

    def _note(self, change: str, leg: Leg) -> None:
        now = self._exchange.kernel.now()
        self._exchange.journal.append(BridgeChanged(now, change, self._room_id, leg.sid))
