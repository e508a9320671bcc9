"""Listens whether any citizen who waits or talks, or whose talk is over, sits in silence for long.

Silence: nothing is played, and nobody else is in the room. A pause between two documents is short;
what lasts is a room that everybody else left.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import text

from core.database import Database
from simulator.exchange import Exchange
from simulator.journal import Entry, LegChanged
from simulator.kernel import Timer
from simulator.legs import FINAL, Leg
from simulator.sounds import Bridge, Silence

SILENT_MAX = timedelta(seconds=30)
"""After one such stretch a leg is looked at, after a second it is wrong: that nobody is there may
just have been found, and whoever was to move it may have died with the order in hand."""
LOOK_AGAIN_SECONDS = 5.0
TALKING = "connected"
_STATE = text(
    "SELECT state FROM calls WHERE carrier_sid = :sid"
    " AND state IN ('waiting', 'offered', 'connected', 'wrapping', 'closed')"
)


class Silences:
    """Looks at each live leg after each event; told of each silence that is too long.

    In a talk, silence is being alone in its room. That is as wrong after twice SILENT_MAX, but
    where the word may be lost that the other is gone: then a look-up finds it, in its time.
    """

    def __init__(
        self,
        exchange: Exchange,
        database: Database,
        excused_until: Callable[[], datetime],
        unfound_max: timedelta,
    ) -> None:
        """excused_until: up to when silence does not count, since nobody could be moved.

        unfound_max: for so long nothing may tell the server that somebody is alone in a talk.
        """
        self.wrongs: list[str] = []
        self._exchange = exchange
        self._database = database
        self._excused_until = excused_until
        self._alone_max = unfound_max + 2 * SILENT_MAX
        self._live: dict[str, Leg] = {}
        self._silent_from: dict[str, datetime] = {}
        self._since: dict[str, datetime] = {}
        self._looked_at: set[str] = set()
        self._alarm: Timer | None = None
        exchange.journal.watchers.append(self._read)

    def _read(self, entry: Entry) -> None:
        if isinstance(entry, LegChanged):
            if entry.status in FINAL:
                self._live.pop(entry.call_sid, None)
                self._forget(entry.call_sid)
            elif entry.status == "in-progress":
                self._live[entry.call_sid] = self._exchange.legs[entry.call_sid]

    def _forget(self, sid: str) -> None:
        self._silent_from.pop(sid, None)
        self._since.pop(sid, None)
        self._looked_at.discard(sid)

    def look(self) -> None:
        """Look at every live leg at this moment."""
        now = self._exchange.kernel.now()
        heard = [leg.heard for leg in self._live.values() if isinstance(leg.heard, Bridge)]
        together = Counter(sound.room_id for sound in heard)
        for sid, leg in self._live.items():
            if not _is_silent(leg, together):
                self._forget(sid)
                continue
            self._silent_from.setdefault(sid, now)
            since = max(self._since.setdefault(sid, now), self._excused_until())
            if now - since > SILENT_MAX:
                self._since[sid] = now
                self._judge(sid, since, now)
        if self._since and self._alarm is None:
            self._alarm = self._exchange.kernel.at(LOOK_AGAIN_SECONDS, self._look_again)

    def _look_again(self) -> None:
        """Be an event, after which is looked: in a silence there may be no other."""
        self._alarm = None

    def _judge(self, sid: str, since: datetime, now: datetime) -> None:
        with self._database.reading() as session:
            state = session.scalar(_STATE, {"sid": sid})
        if state is None or state == TALKING:
            self._looked_at.discard(sid)
        elif sid not in self._looked_at:
            self._looked_at.add(sid)
        else:
            self._blame(sid, state, now - since + SILENT_MAX)
        silent = now - max(self._silent_from[sid], self._excused_until())
        if state == TALKING and silent > self._alone_max:
            self._blame(sid, state, silent)

    def _blame(self, sid: str, state: str, silent: timedelta) -> None:
        self.wrongs.append(f"{sid} is {state} and hears nothing for {silent.total_seconds():.0f} s")


def _is_silent(leg: Leg, together: Counter[str]) -> bool:
    if isinstance(leg.heard, Bridge):
        return together[leg.heard.room_id] < 2
    return isinstance(leg.heard, Silence)
