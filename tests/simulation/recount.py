"""Counts the day again from what the exchange saw, by code that shares nothing with the server.

A citizen's call counts from the key 5, or from the carrier's queue where no key was pressed: who
is taken while the welcome is still being said was never in that queue. Answered: a counselor's
leg was in the same room. All times are the exchange's own.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.endpoints import is_client
from simulator.journal import (
    BridgeChanged,
    Complaint,
    DigitPressed,
    Entry,
    LegChanged,
    QueueChanged,
    RestRequested,
    WebhookAnswered,
    WebhookSent,
)
from simulator.legs import FINAL
from simulator.staff import Counselor

SERVICE_LEVEL_SECONDS = 20
SHORT_ABANDON_SECONDS = 5


@dataclass
class Story:
    """What happened to one citizen's call. talks: stretches together with a counselor."""

    sid: str
    began: datetime
    pressed_five: bool = False
    queued: datetime | None = None
    joined: datetime | None = None
    ended: datetime | None = None
    talk_seconds: float = 0.0
    talks: int = 0


@dataclass
class Recount:
    """All calls of the journal and what should never be seen in it."""

    stories: dict[str, Story] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)
    live_legs: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Figures:
    """The day in figures. service_level: of those who did not leave at once, answered in 20 s."""

    calls: int
    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    service_level: float
    asa_seconds: float
    longest_wait_seconds: float
    occupancy: float
    cut_off: int


class _Rooms:
    """Who sits in which room at this point of the journal."""

    def __init__(self, recount: Recount) -> None:
        self._recount = recount
        self._room_of: dict[str, str] = {}
        self._people: dict[str, list[str]] = {}
        self._together: dict[str, datetime] = {}

    def change(self, entry: BridgeChanged) -> None:
        people = self._people.setdefault(entry.room_id, [])
        if entry.change == "join":
            if entry.call_sid in self._room_of:
                self._recount.wrongs.append(f"{entry.call_sid} is in two rooms at {entry.at}")
            self._room_of[entry.call_sid] = entry.room_id
            people.append(entry.call_sid)
        else:
            self._room_of.pop(entry.call_sid, None)
            people.remove(entry.call_sid)
        self._judge(entry, people)

    def _judge(self, entry: BridgeChanged, people: list[str]) -> None:
        stories = self._recount.stories
        citizens = [sid for sid in people if sid in stories]
        if len(citizens) > 1 or len(people) - len(citizens) > 1:
            self._recount.wrongs.append(f"{entry.room_id} holds {people} at {entry.at}")
        together = self._together.pop(entry.room_id, None)
        if together is not None:
            sid = entry.call_sid if entry.call_sid in stories else citizens[0]
            stories[sid].talk_seconds += (entry.at - together).total_seconds()
        if len(citizens) == 1 and len(people) == 2:
            self._together[entry.room_id] = entry.at
            stories[citizens[0]].talks += 1
            stories[citizens[0]].joined = stories[citizens[0]].joined or entry.at


def recount(journal: Iterable[Entry]) -> Recount:
    """Return the day as the exchange saw it."""
    found = Recount()
    rooms = _Rooms(found)
    for entry in journal:
        match entry:
            case LegChanged():
                _leg(found, entry)
            case BridgeChanged():
                rooms.change(entry)
            case QueueChanged(change="join") if entry.call_sid in found.stories:
                story = found.stories[entry.call_sid]
                story.queued = story.queued or entry.at
            case DigitPressed(digit="5", heeded=True) if entry.call_sid in found.stories:
                story = found.stories[entry.call_sid]
                story.pressed_five = True
                story.queued = story.queued or entry.at
            case WebhookAnswered() if entry.status != 200:
                found.wrongs.append(f"a webhook got {entry.status} {entry.failure} at {entry.at}")
            case Complaint():
                found.wrongs.append(f"{entry.code} {entry.message} at {entry.at}")
    return found


def _leg(found: Recount, entry: LegChanged) -> None:
    is_citizen = entry.direction == "inbound" and not is_client(entry.from_)
    if is_citizen and entry.call_sid not in found.stories:
        found.stories[entry.call_sid] = Story(entry.call_sid, entry.at)
    if entry.status not in FINAL:
        found.live_legs.add(entry.call_sid)
        return
    found.live_legs.discard(entry.call_sid)
    if is_citizen:
        found.stories[entry.call_sid].ended = entry.at


def figures(found: Recount, counselors: Sequence[Counselor]) -> Figures:
    """Return the figures of a day; occupancy from the counselors' own diaries."""
    stories = list(found.stories.values())
    offered = [story for story in stories if story.queued is not None]
    waits = [_wait(story) for story in offered]
    answered = [story for story in offered if story.joined is not None]
    quick = [story for story in answered if _wait(story) <= SERVICE_LEVEL_SECONDS]
    short = [
        story for story in offered if story.joined is None and _wait(story) <= SHORT_ABANDON_SECONDS
    ]
    counted = len(offered) - len(short)
    asa = sum(_wait(story) for story in answered) / max(1, len(answered))
    return Figures(
        calls=len(stories),
        offered=len(offered),
        answered=len(answered),
        abandoned=len(offered) - len(answered),
        short_abandoned=len(short),
        service_level=len(quick) / max(1, counted),
        asa_seconds=asa,
        longest_wait_seconds=max(waits, default=0.0),
        occupancy=_occupancy(stories, counselors),
        cut_off=sum(story.talks > 1 for story in stories),
    )


def _wait(story: Story) -> float:
    until = story.joined or story.ended
    assert until is not None and story.queued is not None
    return (until - story.queued).total_seconds()


def _occupancy(stories: Iterable[Story], counselors: Iterable[Counselor]) -> float:
    diary = [entry for counselor in counselors for entry in counselor.diary]
    spans = {"on duty": timedelta(), "wrap-up": timedelta()}
    for entry in diary:
        spans[entry.kind] += entry.end - entry.begin
    busy = sum(story.talk_seconds for story in stories) + spans["wrap-up"].total_seconds()
    return busy / max(1.0, spans["on duty"].total_seconds())


def digest(journal: Iterable[Entry]) -> str:
    """Return one word for the whole story: two runs of a seed give the same.

    Left out: secrets that are random on purpose (join tokens, signatures).
    """
    total = hashlib.sha256()
    for entry in journal:
        total.update(repr(_told(entry)).encode())
    return total.hexdigest()[:16]


def _told(entry: Entry) -> tuple[object, ...]:
    match entry:
        case WebhookSent():
            params = tuple(pair for pair in entry.params if pair[0] != "join")
            return (entry.at, entry.webhook_id, entry.purpose, entry.url, params)
        case RestRequested():
            return (entry.at, entry.method, entry.path, entry.params, entry.status, entry.code)
        case _:
            return (entry,)
