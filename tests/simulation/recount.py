"""Counts the day again from what the exchange saw, by code that shares nothing with the server.

A citizen's call counts from the key 5, or from the carrier's queue where no key was pressed: who
is taken while the welcome is still being said was never in that queue. Answered: a counselor's
leg was in the same room. All times are the exchange's own.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
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
from simulator.people import PROMISE_WORDS
from simulator.staff import Counselor

SERVICE_LEVEL_SECONDS = 20
SHORT_ABANDON_SECONDS = 5
_JOINING = re.compile(r"/ivr/(?:join|reached-join|reached-key)\?")
"""Elsewhere a room is answered too while a leg is being moved, and the carrier ignores it."""
_SEAT = re.compile(r"/ivr/leg-over\?session=([0-9a-f-]{36}).*>([0-9a-f]{32})</Conference>")
"""Who enters a room that is not their own session's was brought into the talk there."""
ONE_NUMBER = timedelta(seconds=1)  # keys no further apart belong to one number


@dataclass
class Story:
    """What happened to one citizen's leg, which the citizen dialled or which was rung.

    told_queue, told_room, told_promise: when the server first sent the leg into the queue, into a
    room, or promised a call; what is said before or with it may last. talks: stretches with
    a counselor. keyed: the last key that was heeded.
    """

    sid: str
    number: str
    began: datetime
    is_outward: bool = False
    pressed_five: bool = False
    queued: datetime | None = None
    told_queue: datetime | None = None
    told_room: datetime | None = None
    told_promise: datetime | None = None
    rung: datetime | None = None
    answered: datetime | None = None
    joined: datetime | None = None
    ended: datetime | None = None
    talk_seconds: float = 0.0
    talks: int = 0
    keyed: datetime | None = None


@dataclass(frozen=True)
class Talk:
    """A stretch in which a citizen and somebody of the staff could hear each other."""

    citizen_sid: str
    staff: str
    begin: datetime
    end: datetime


@dataclass
class Recount:
    """All calls of the journal and what should never be seen in it.

    stories: calls that citizens made; rings: citizens' telephones that the server rang.
    """

    stories: dict[str, Story] = field(default_factory=dict)
    rings: dict[str, Story] = field(default_factory=dict)
    talks: list[Talk] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    live_legs: set[str] = field(default_factory=set)

    def of(self, sid: str) -> Story | None:
        """Return the citizen's leg of this sid, whoever began it."""
        return self.stories.get(sid) or self.rings.get(sid)


@dataclass(frozen=True)
class Figures:
    """The day in figures. service_level: of those who did not leave at once, answered in 20 s.

    reached: of the calls made to citizens (`rung`), those that came to a talk.
    """

    calls: int
    offered: int
    answered: int
    abandoned: int
    promised: int
    short_abandoned: int
    service_level: float
    asa_seconds: float
    longest_wait_seconds: float
    occupancy: float
    cut_off: int
    rung: int
    reached: int


class _Rooms:
    """Who sits in which room at this point of the journal."""

    def __init__(self, recount: Recount) -> None:
        self._recount = recount
        self._room_of: dict[str, str] = {}
        self._people: dict[str, list[str]] = {}
        self._together: dict[str, tuple[datetime, str, list[str]]] = {}
        self.addresses: dict[str, str] = {}
        self.brought_in: set[str] = set()

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
        citizens = [sid for sid in people if self._recount.of(sid) is not None]
        staff = [sid for sid in people if sid not in citizens]
        if len(citizens) > 1 or len(staff) > 1 + len(self.brought_in.intersection(staff)):
            self._recount.wrongs.append(f"{entry.room_id} holds {people} at {entry.at}")
        before = self._together.pop(entry.room_id, None)
        if before is not None:
            self._part(*before, entry.at)
        if len(citizens) == 1 and staff:
            self._together[entry.room_id] = (entry.at, citizens[0], staff)
            story = self._recount.of(citizens[0])
            assert story is not None
            story.talks += before is None
            story.joined = story.joined or entry.at

    def _part(self, begin: datetime, citizen: str, staff: Iterable[str], end: datetime) -> None:
        story = self._recount.of(citizen)
        assert story is not None
        story.talk_seconds += (end - begin).total_seconds()
        for sid in staff:
            talk = Talk(citizen, self.addresses.get(sid, ""), begin, end)
            self._recount.talks.append(talk)


class Recounter:
    """Reads a journal, entry by entry; `found` is what it came to so far."""

    def __init__(self, staff: Collection[str] = ()) -> None:
        """staff: addresses of the telephones at which counselors are rung, not citizens."""
        self.found = Recount()
        self._staff = staff
        self._rooms = _Rooms(self.found)
        self._asked: dict[int, tuple[datetime, str, str]] = {}

    def read(self, entry: Entry) -> None:
        """Take in one entry."""
        match entry:
            case WebhookSent():
                self._asked[entry.webhook_id] = (entry.at, entry.call_sid, entry.url)
            case WebhookAnswered():
                self._answered(entry)
            case LegChanged():
                self._leg(entry)
            case BridgeChanged():
                self._rooms.change(entry)
            case QueueChanged(change="join") if story := self.found.stories.get(entry.call_sid):
                story.queued = story.queued or entry.at
            case DigitPressed(heeded=True) if story := self.found.stories.get(entry.call_sid):
                if entry.digit == "5" and not _is_same_number(story, entry.at):
                    story.pressed_five = True
                    story.queued = story.queued or entry.at
                story.keyed = entry.at
            case Complaint():
                self.found.wrongs.append(f"{entry.code} {entry.message} at {entry.at}")

    def _answered(self, entry: WebhookAnswered) -> None:
        if entry.status != 200:
            self.found.wrongs.append(f"a webhook got {entry.status} {entry.failure} at {entry.at}")
        asked = self._asked.pop(entry.webhook_id, None)
        seat = _SEAT.search(entry.body)
        if asked is not None and seat is not None and seat[1].replace("-", "") != seat[2]:
            self._rooms.brought_in.add(asked[1])
        story = self.found.of(asked[1]) if asked else None
        if asked is None or story is None:
            return
        if "<Enqueue" in entry.body:
            story.told_queue = story.told_queue or asked[0]
        if "<Conference" in entry.body and _JOINING.search(asked[2]):
            story.told_room = story.told_room or asked[0]
        if any(words in entry.body for words in PROMISE_WORDS):
            story.told_promise = story.told_promise or asked[0]

    def _leg(self, entry: LegChanged) -> None:
        story = self.found.of(entry.call_sid) or self._new_citizen(entry)
        if story is not None:
            if entry.status == "ringing":
                story.rung = story.rung or entry.at
            elif entry.status == "in-progress":
                story.answered = story.answered or entry.at
        elif entry.call_sid not in self._rooms.addresses:
            ours = entry.from_ if is_client(entry.from_) else entry.to
            self._rooms.addresses[entry.call_sid] = ours
        if entry.status not in FINAL:
            self.found.live_legs.add(entry.call_sid)
            return
        self.found.live_legs.discard(entry.call_sid)
        if story is not None:
            story.ended = entry.at

    def _new_citizen(self, entry: LegChanged) -> Story | None:
        if entry.direction == "inbound":
            if is_client(entry.from_):
                return None
            story = Story(entry.call_sid, entry.from_, entry.at)
            self.found.stories[story.sid] = story
            return story
        if entry.to in self._staff:
            return None
        story = Story(entry.call_sid, entry.to, entry.at, is_outward=True)
        self.found.rings[story.sid] = story
        return story


def _is_same_number(story: Story, at: datetime) -> bool:
    """A key of a number that is being keyed in has no meaning of its own."""
    return story.keyed is not None and at - story.keyed <= ONE_NUMBER


def figures(found: Recount, counselors: Sequence[Counselor], now: datetime) -> Figures:
    """Return the figures up to `now`; occupancy from the counselors' own diaries.

    Who still waits has waited until now, and neither left nor was answered.
    """
    stories = list(found.stories.values())
    offered = [story for story in stories if story.queued is not None]
    waits = [_wait(story, now) for story in offered]
    answered = [story for story in offered if story.joined is not None]
    quick = [story for story in answered if _wait(story, now) <= SERVICE_LEVEL_SECONDS]
    promised = [one for one in offered if one.joined is None and one.told_promise is not None]
    left = [one for one in offered if one.joined is None and one.ended is not None]
    short = [story for story in left if _wait(story, now) <= SHORT_ABANDON_SECONDS]
    counted = len(offered) - len(short)
    asa = sum(_wait(story, now) for story in answered) / max(1, len(answered))
    return Figures(
        calls=len(stories),
        offered=len(offered),
        answered=len(answered),
        abandoned=sum(story.told_promise is None for story in left),
        promised=len(promised),
        short_abandoned=len(short),
        service_level=len(quick) / max(1, counted),
        asa_seconds=asa,
        longest_wait_seconds=max(waits, default=0.0),
        occupancy=_occupancy(found.talks, counselors),
        cut_off=sum(story.talks > 1 for story in stories),
        rung=len(found.rings),
        reached=sum(ring.joined is not None for ring in found.rings.values()),
    )


def _wait(story: Story, now: datetime) -> float:
    until = story.joined or story.ended or now
    assert story.queued is not None
    return (until - story.queued).total_seconds()


def _occupancy(talks: Iterable[Talk], counselors: Sequence[Counselor]) -> float:
    diary = [entry for counselor in counselors for entry in counselor.diary]
    spans = {"on duty": timedelta(), "wrap-up": timedelta()}
    for entry in diary:
        spans[entry.kind] += entry.end - entry.begin
    theirs = {counselor.address for counselor in counselors}
    talked = sum((talk.end - talk.begin for talk in talks if talk.staff in theirs), timedelta())
    return (talked + spans["wrap-up"]).total_seconds() / max(1.0, spans["on duty"].total_seconds())


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
