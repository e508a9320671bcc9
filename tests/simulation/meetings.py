"""Who was brought together, from raw traffic: what people asked of the API, what the carrier saw.

A meeting is what the server calls a session. Its name is read off the addresses that the server
gave the carrier; when it began and ended off the legs in it and the presses of who sat in it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from simulator.api_user import Answer
from simulator.journal import Entry, LegChanged, RestRequested, WebhookAnswered, WebhookSent
from simulator.kernel import Kernel
from simulator.legs import FINAL

ONE_WAY = timedelta(seconds=0.025)
"""From the carrier to the server."""
WRAP = timedelta(seconds=300)
LAPSES = timedelta(seconds=2.5)
"""What nobody wrote up is closed by a look each second."""
_SEAT = re.compile(r"/ivr/leg-over\?session=([0-9a-f-]{36})")
_MOVED = re.compile(r"/ivr/(?:join|reached)\?session=([0-9a-f-]{36})")
_JOINING = re.compile(r"/ivr/(?:join|reached-join|reached-key)\?session=([0-9a-f-]{36})")
_ROOM = re.compile(r">([0-9a-f]{32})</Conference>")
_LEG = re.compile(r"/Calls/(CA[0-9a-f]{32})\.json")
_BROUGHT = re.compile(r"/sessions/([0-9a-f-]{36})/bring-in")
_WRITTEN = re.compile(r"/sessions/([0-9a-f-]{36})/(end|outcome|hand-over)")


class Server(Protocol):
    """The server's API, and its files."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Answer:
        """Send one request below /api/v1."""

    def get(self, url: str) -> bytes:
        """Fetch a file."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something that a person asked of the API, and was granted."""

    at: datetime
    login: str
    method: str
    path: str
    body: Mapping[str, Any]
    answer: Mapping[str, Any]


class Overheard:
    """The API as people reach it; remembers what they did, and were told to have done."""

    def __init__(self, server: Server, kernel: Kernel, tell: Callable[[Request], None]) -> None:
        """tell: hears of each thing done at once."""
        self.done: list[Request] = []
        self.unanswering: dict[str, set[datetime]] = {}
        self._tell = tell
        self._server = server
        self._kernel = kernel
        self._logins: dict[str, str] = {}

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Answer:
        answer = self._server.ask(method, path, token=token, body=body, key=key)
        if answer.status >= 400:
            return answer
        login = self._logins.get(token, "")
        if path == "/tokens" and body is not None:
            self._logins[str(answer.body.get("token"))] = str(body["login"])
        elif method != "GET":
            now = self._kernel.now()
            self.done.append(Request(now, login, method, path, body or {}, answer.body))
            self._tell(self.done[-1])
        elif path in ("/me", "/me/desk"):
            self._notice(login, answer.body.get("presence", answer.body))
        return answer

    def get(self, url: str) -> bytes:
        return self._server.get(url)

    def _notice(self, login: str, presence: Mapping[str, Any]) -> None:
        since = presence.get("not_answering_since")
        if since is not None:
            self.unanswering.setdefault(login, set()).add(datetime.fromisoformat(since))


@dataclass
class Meeting:
    """One session. seated: the leg of who is to talk was there; joined: the citizen too.

    staff: the address of that leg; a browser's line may drop without ending the call.
    is_beside: somebody was brought into a talk that went on.
    """

    session_id: str
    seated: datetime | None = None
    staff_sid: str = ""
    staff: str = ""
    is_browser: bool = False
    is_beside: bool = False
    citizen_sid: str = ""
    joined: datetime | None = None
    pressed_end: datetime | None = None
    wrote: datetime | None = None
    staff_gone: datetime | None = None
    citizen_gone: datetime | None = None

    @property
    def is_half_full(self) -> bool:
        """Whether a counselor is there and the citizen is still to come."""
        return self.seated is not None and self.joined is None and self.staff_gone is None

    @property
    def ended(self) -> datetime | None:
        """When the server first heard that it was over."""
        ends = (self.pressed_end, self.staff_gone, self.citizen_gone)
        return min((each for each in ends if each is not None), default=None)

    @property
    def is_wrapped(self) -> bool:
        """Whether there was something to write up: not where a line dropped, and they go on."""
        if self.ended is None or self.ended != self.staff_gone:
            return self.ended is not None
        return self.joined is not None and not self.is_browser

    def closed(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Between which moments it was closed; None where it still goes on at `now`."""
        if self.ended is None:
            return None
        if not self.is_wrapped:
            return self.ended, self.ended
        lapses = self.ended + WRAP
        if self.wrote is not None and self.wrote < lapses:
            return self.wrote, self.wrote
        return (lapses, lapses + LAPSES) if now > lapses + LAPSES else None


@dataclass
class Meetings:
    """All meetings so far, by session; what everybody said of being ready, by login; and when a
    telephone was rung in vain, by its address."""

    by_session: dict[str, Meeting] = field(default_factory=dict)
    said: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    rung_in_vain: dict[str, list[datetime]] = field(default_factory=dict)
    _asked: dict[int, WebhookSent] = field(default_factory=dict)
    _of_leg: dict[str, list[Meeting]] = field(default_factory=dict)
    _rooms: dict[str, Meeting] = field(default_factory=dict)
    _legs: dict[str, LegChanged] = field(default_factory=dict)

    def read(self, entry: Entry) -> None:
        """Take in one entry of the exchange's journal."""
        match entry:
            case WebhookSent():
                self._asked[entry.webhook_id] = entry
            case WebhookAnswered():
                asked = self._asked.pop(entry.webhook_id, None)
                if asked is not None:
                    self._answered(asked, entry.body)
            case RestRequested(status=200, method="GET"):
                self._looked_up(entry)
            case RestRequested(status=200):
                self._moved(entry)
            case LegChanged():
                self._leg(entry)

    def hear(self, request: Request) -> None:
        """Take in what somebody did: said ready or not, ended a talk, wrote it up."""
        if request.path == "/me/presence":
            said = (request.at, str(request.body["status"]))
            self.said.setdefault(request.login, []).append(said)
        found = _WRITTEN.fullmatch(request.path)
        meeting = self.by_session.get(found[1]) if found else None
        if found is None or meeting is None:
            return
        if found[2] in ("end", "hand-over"):
            meeting.pressed_end = meeting.pressed_end or request.at
        elif found[2] == "outcome":
            meeting.wrote = meeting.wrote or request.at

    def of(self, citizen_sid: str) -> list[Meeting]:
        """Return the meetings of a citizen's leg, the first one first."""
        return [one for one in self._of_leg.get(citizen_sid, ()) if one.citizen_sid == citizen_sid]

    def met_by_bringing_in(
        self, done: Iterable[Request], companions: Collection[str]
    ) -> list[datetime]:
        """Return when counselors, whom companions called to a talk, met whom they were called to.

        companions: their addresses. Where the citizen may not be called nothing was promised.
        """
        asked: dict[str, datetime] = {}
        for one in done:
            found = _BROUGHT.fullmatch(one.path)
            if found is not None and one.answer.get("callback_id") is not None:
                asked.setdefault(self.by_session[found[1]].citizen_sid, one.at)
        met = []
        for citizen_sid, at in asked.items():
            theirs = [one for one in self.of(citizen_sid) if one.staff not in companions]
            moments = [one.joined for one in theirs if one.joined is not None and one.joined >= at]
            met += sorted(moments)[:1]
        return met

    def __iter__(self) -> Iterator[Meeting]:
        return iter(self.by_session.values())

    def _answered(self, asked: WebhookSent, body: str) -> None:
        seat = _SEAT.search(body)
        if seat is not None:
            self._seat(seat[1], asked, body)
        joining = _JOINING.search(asked.url)
        if joining is not None and "<Conference" in body:
            meeting = self._meeting(joining[1])
            self._link(meeting, asked.call_sid)
            meeting.joined = meeting.joined or asked.at + ONE_WAY

    def _seat(self, session_id: str, asked: WebhookSent, body: str) -> None:
        meeting = self._meeting(session_id)
        if meeting.seated is not None:
            return
        leg = self._legs.get(asked.call_sid)
        meeting.seated, meeting.staff_sid = asked.at + ONE_WAY, asked.call_sid
        self._of_leg.setdefault(asked.call_sid, []).append(meeting)
        room = _ROOM.search(body)
        first = self._rooms.get(room[1]) if room is not None else None
        if first is not None and first is not meeting:
            meeting.is_beside, meeting.joined = True, meeting.seated
            self._link(meeting, first.citizen_sid)
        if leg is not None:
            meeting.is_browser = leg.direction == "inbound"
            meeting.staff = leg.from_ if meeting.is_browser else leg.to

    def _moved(self, entry: RestRequested) -> None:
        """The server sends a citizen's leg to a session, or rings it for one."""
        url = dict(entry.params).get("Url", "")
        moved, leg = _MOVED.search(url), _LEG.search(entry.path)
        if moved is not None and leg is not None:
            self._link(self._meeting(moved[1]), leg[1])

    def _looked_up(self, entry: RestRequested) -> None:
        """The server asks after a leg, and may find that it ended before it is told so."""
        leg = _LEG.search(entry.path)
        if leg is None:
            return
        for meeting in self._of_leg.get(leg[1], ()):
            if meeting.citizen_sid == leg[1] and meeting.citizen_gone is not None:
                meeting.citizen_gone = min(meeting.citizen_gone, entry.at)
            elif meeting.staff_sid == leg[1] and meeting.staff_gone is not None:
                meeting.staff_gone = min(meeting.staff_gone, entry.at)

    def _link(self, meeting: Meeting, citizen_sid: str) -> None:
        if not meeting.citizen_sid:
            meeting.citizen_sid = citizen_sid
            self._of_leg.setdefault(citizen_sid, []).append(meeting)

    def _meeting(self, session_id: str) -> Meeting:
        meeting = self.by_session.setdefault(session_id, Meeting(session_id))
        return self._rooms.setdefault(session_id.replace("-", ""), meeting)

    def _leg(self, entry: LegChanged) -> None:
        self._legs.setdefault(entry.call_sid, entry)
        if entry.status not in FINAL:
            return
        held = self._of_leg.get(entry.call_sid, ())
        for meeting in held:
            gone = entry.at + ONE_WAY
            if meeting.citizen_sid == entry.call_sid:
                meeting.citizen_gone = meeting.citizen_gone or gone
            else:
                meeting.staff_gone = meeting.staff_gone or gone
        if not held and entry.direction != "inbound":
            self.rung_in_vain.setdefault(entry.to, []).append(entry.at)
