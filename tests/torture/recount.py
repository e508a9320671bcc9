"""Recounts a torture: what the exchange saw against what the tables say.

Rule: the exchange's journal and plain SQL only; nothing of the application is asked.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from simulator.endpoints import is_client
from simulator.journal import (
    BridgeChanged,
    Entry,
    LegChanged,
    RestRequested,
    WebhookAnswered,
    WebhookSent,
)
from simulator.legs import FINAL
from tests.torture.citizens import PROMISED
from tests.torture.windows import Watch

ON_THE_WAY_SECONDS = 10.0
"""Who hangs up while being moved to the counselor counts as answered here and was never heard."""
_SUBJECT = re.compile(r"/ivr/(whisper|reached)\?(?:offer|session)=([0-9a-f-]{36})")

CALLS = "SELECT carrier_sid, direction, queued_at, answered_at FROM calls"
AT_END = {
    "a call is stuck": "SELECT id, state FROM calls WHERE state <> 'closed'",
    "a counselor is stuck": "SELECT counselor_id, state FROM presences WHERE state <> 'free'",
    "an offer is stuck": "SELECT id FROM offers WHERE state = 'open'",
    "a session is stuck": "SELECT id, state FROM sessions WHERE state <> 'closed'",
    "an order is stuck": "SELECT id, kind FROM orders WHERE state IN ('due', 'sending')",
    "a promise is stuck in its call": "SELECT id FROM promises WHERE state = 'calling'",
    "a promise is overdue and nobody calls": """
        SELECT id, next_at FROM promises
        WHERE state = 'planned' AND next_at < now() - interval '10 seconds'""",
    "a promise was dropped": "SELECT id, end_reason FROM promises WHERE state = 'withdrawn'",
    "a promise was kept twice": """
        SELECT promise_id FROM promise_tries WHERE outcome = 'reached'
        GROUP BY 1 HAVING count(*) > 1""",
    "a kept promise has no talk": """
        SELECT id FROM promises p WHERE state = 'kept' AND NOT EXISTS (
            SELECT FROM promise_tries t JOIN calls c ON c.id = t.call_id
            WHERE t.promise_id = p.id AND c.answered_at IS NOT NULL)""",
    "an answered call has no outcome, and is on no list": """
        SELECT id, close_reason FROM calls c
        WHERE answered_at IS NOT NULL AND close_reason <> 'unrecorded' AND NOT EXISTS
          (SELECT FROM sessions s WHERE s.call_id = c.id AND s.outcome IS NOT NULL)
          AND NOT EXISTS (SELECT FROM sessions s
            WHERE s.call_id = c.id AND s.outcome IS NULL AND s.closed_at = s.ended_at)""",
}


@dataclass
class Story:
    """One leg of a citizen, as the exchange saw it. talked: together with somebody of the line."""

    sid: str
    direction: str
    number: str
    began: datetime
    greeted: bool = False
    queued: bool = False
    promised: bool = False
    rang: bool = False
    talked: bool = False
    ended: datetime | None = None


@dataclass
class Seen:
    """All that the journal tells. asked: how often a leg was asked for, by its order's subject."""

    stories: dict[str, Story] = field(default_factory=dict)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed_webhooks: int = 0
    wrongs: list[str] = field(default_factory=list)


class Row(NamedTuple):
    """One call as the tables tell it: a row of CALLS."""

    sid: str
    direction: str
    queued_at: datetime | None
    answered_at: datetime | None


class _Rooms:
    """Who sits in which room at this point of the journal."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._people: dict[str, list[str]] = defaultdict(list)
        self._room_of: dict[str, str] = {}

    def change(self, entry: BridgeChanged) -> None:
        people = self._people[entry.room_id]
        if entry.change == "join":
            if entry.call_sid in self._room_of:
                self._seen.wrongs.append(f"doubled: {entry.call_sid} is in two rooms at once")
            self._room_of[entry.call_sid] = entry.room_id
            people.append(entry.call_sid)
        else:
            self._room_of.pop(entry.call_sid, None)
            people.remove(entry.call_sid)
        citizens = [sid for sid in people if sid in self._seen.stories]
        if len(citizens) > 1 or len(people) - len(citizens) > 1:
            self._seen.wrongs.append(f"doubled: {people} share a room at {entry.at:%H:%M:%S}")
        if len(citizens) == 1 and len(people) == 2:
            self._seen.stories[citizens[0]].talked = True


def read(journal: Iterable[Entry], staff: frozenset[str]) -> Seen:
    """Return what happened. staff: the addresses of those who answer."""
    seen, sent = Seen(), dict[int, WebhookSent]()
    rooms = _Rooms(seen)
    for entry in journal:
        match entry:
            case LegChanged():
                _leg(seen, entry, staff)
            case BridgeChanged():
                rooms.change(entry)
            case WebhookSent():
                sent[entry.webhook_id] = entry
            case WebhookAnswered():
                _answer(seen, sent.get(entry.webhook_id), entry)
            case RestRequested(method="POST", status=201):
                _asked(seen, dict(entry.params))
    return seen


def _leg(seen: Seen, entry: LegChanged, staff: frozenset[str]) -> None:
    number = entry.from_ if entry.direction == "inbound" else entry.to
    if is_client(number) or number in staff:
        return
    story = seen.stories.setdefault(
        entry.call_sid, Story(entry.call_sid, entry.direction, number, entry.at)
    )
    story.rang |= entry.status == "ringing"
    if entry.status in FINAL:
        story.ended = entry.at


def _answer(seen: Seen, sent: WebhookSent | None, entry: WebhookAnswered) -> None:
    if entry.status != 200:
        seen.failed_webhooks += 1
        return
    story = seen.stories.get(sent.call_sid) if sent is not None else None
    if story is None:
        return
    story.greeted |= "<Gather" in entry.body
    story.queued |= "<Enqueue" in entry.body
    story.promised |= PROMISED in entry.body


def _asked(seen: Seen, params: Mapping[str, str]) -> None:
    found = _SUBJECT.search(params.get("Url", ""))
    if found is not None:
        seen.asked[found[1], found[2]] += 1


def wrongs(seen: Seen, watch: Watch) -> list[str]:
    """Return what was lost, doubled or is stuck; empty where all is well."""
    rows = {row.sid: row for row in map(Row._make, watch.rows(CALLS))}
    found = list(seen.wrongs)
    for story in seen.stories.values():
        if story.ended is None:
            found.append(f"stuck: leg {story.sid} never ended")
        if story.direction == "inbound":
            found += _inbound(story, rows.get(story.sid))
    known = {sid for sid, row in rows.items() if row.direction == "inbound"}
    found += [f"invented: call {sid}" for sid in known - seen.stories.keys()]
    found += [
        f"doubled: {count} legs for {hook} of {subject}"
        for (hook, subject), count in seen.asked.items()
        if count > 1
    ]
    found += _promises(seen, watch)
    for name, sql in AT_END.items():
        found += [f"{name}: {tuple(map(str, row))}" for row in watch.rows(sql)[:5]]
    return found


def _inbound(story: Story, row: Row | None) -> list[str]:
    """Compare one citizen's call with its row."""
    if row is None:
        heard = story.greeted or story.queued or story.talked
        return [f"lost: call {story.sid} was greeted and is unknown"] if heard else []
    found = []
    if story.queued and row.queued_at is None:
        found.append(f"lost: call {story.sid} was queued and its row does not say so")
    if story.talked and row.answered_at is None:
        found.append(f"lost: the talk of {story.sid}")
    if row.answered_at is not None and not story.talked and story.ended is not None:
        seconds = (story.ended - row.answered_at).total_seconds()
        if seconds > ON_THE_WAY_SECONDS:
            found.append(f"invented: the talk of {story.sid}, {seconds:.0f} s before its end")
    return found


def _promises(seen: Seen, watch: Watch) -> list[str]:
    """Each promise that was spoken is a row; no telephone rang more often than its tries say."""
    rows = watch.rows(
        """SELECT c.carrier_sid FROM promises p JOIN calls c ON c.id = p.origin_call_id"""
    )
    kept = {row[0] for row in rows}
    found = [
        f"lost: the promise spoken to {story.sid}"
        for story in seen.stories.values()
        if story.promised and story.sid not in kept
    ]
    rung = {story.sid for story in seen.stories.values() if story.direction != "inbound"}
    tried = watch.rows(
        """SELECT c.carrier_sid FROM promise_tries t JOIN calls c ON c.id = t.call_id"""
    )
    untold = rung - {row[0] for row in tried}
    found += [
        f"doubled: leg {sid} rang {seen.stories[sid].number} and no try tells of it"
        for sid in untold
        if seen.stories[sid].rang
    ]
    return found
