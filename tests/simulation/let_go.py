"""Whether the line let anybody go whom it still owed something.

Who was queued puts the receiver down, has said all there was to say, or hears a promise. The last
thing counts: who was with a counselor once, and was put back into the queue, is owed a talk again.
Judged by what the exchange saw and people did; the tables only add who was queued.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from simulator.exchange import CALL_SECONDS_MAX, Exchange
from simulator.journal import Complaint, Entry, LegChanged, QueueChanged
from simulator.legs import FINAL, Leg
from simulator.people import PROMISE_WORDS, Caller
from simulator.sounds import Speech
from tests.simulation.crash_ends import was_broken_off
from tests.simulation.faults_told import NETWORK_CODES
from tests.simulation.recount import Recount, Story, Talk

BUSY_WORDS = ("지금은 연결할 수 없습니다", "I can't connect you now", "다시 말씀드립니다")
"""Of what is said where nobody can be served, and where not even a document could be had."""
_QUEUED = text("SELECT carrier_sid FROM calls WHERE queued_at IS NOT NULL")


@dataclass(frozen=True)
class Parting:
    """The line ended a caller's leg. last_words: heard when it did.

    said_all: when the caller had said all there was to say, where nothing began after that.
    """

    sid: str
    at: datetime
    last_words: str
    said_all: datetime | None

    def hears(self, words: Iterable[str]) -> bool:
        """Tell whether the last words were such."""
        return any(each in self.last_words for each in words)


class LetGo:
    """Listens whose leg the line ends; who was owed something is known at the end of the story."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._partings: list[Parting] = []
        self._errors: set[tuple[str, datetime]] = set()
        self._queued_last: dict[str, datetime] = {}
        exchange.journal.watchers.append(self._read)

    def _read(self, entry: Entry) -> None:
        match entry:
            case QueueChanged(change="join"):
                self._queued_last[entry.call_sid] = entry.at
            case Complaint() if entry.code in NETWORK_CODES:
                self._errors.add((entry.call_sid, entry.at))
            case LegChanged(direction="inbound") if entry.status in FINAL:
                self._part(self._exchange.legs[entry.call_sid], entry.at)

    def _part(self, leg: Leg, now: datetime) -> None:
        queued = self._queued_last.pop(leg.sid, None)
        is_longest = now - leg.created_at >= timedelta(seconds=CALL_SECONDS_MAX)
        if leg.hung_up or is_longest or not isinstance(leg.endpoint, Caller):
            return
        said_all = leg.endpoint.said_all.get(leg.sid)
        if said_all is not None and queued is not None and queued > said_all:
            said_all = None
        words = leg.heard.text if isinstance(leg.heard, Speech) else ""
        self._partings.append(Parting(leg.sid, now, words, said_all))

    def wrongs(self, session: Session, seen: Recount, *, is_faulty: bool) -> list[str]:
        """Return who was let go. is_faulty: words may be lost, and the server be away."""
        queued = set(session.scalars(_QUEUED))
        talks = _by_citizen(seen.talks)
        return [
            f"call {one.sid} was let go at {one.at:%H:%M:%S}, after {one.last_words[:30]!r}"
            for one in self._partings
            if one.sid in queued or _joined_queue(seen.stories[one.sid])
            if not one.hears(PROMISE_WORDS) and not _is_concluded(one, talks)
            if not (is_faulty and self._is_excused(one, seen.stories[one.sid]))
        ]

    def _is_excused(self, one: Parting, story: Story) -> bool:
        """Nobody could serve this leg any more, or the caller was told so at the very end."""
        return one.hears(BUSY_WORDS) or was_broken_off(story, self._errors)


def _by_citizen(talks: Iterable[Talk]) -> Mapping[str, Sequence[Talk]]:
    found: dict[str, list[Talk]] = defaultdict(list)
    for talk in talks:
        found[talk.citizen_sid].append(talk)
    return found


def _joined_queue(story: Story) -> bool:
    return any((story.pressed_five, story.queued, story.told_queue, story.joined))


def _is_concluded(one: Parting, talks: Mapping[str, Sequence[Talk]]) -> bool:
    """All was said, and to somebody who was there: alone in a room nobody concludes anything."""
    at = one.said_all
    mine = talks.get(one.sid, ())
    return at is not None and any(talk.begin <= at <= talk.end for talk in mine)
