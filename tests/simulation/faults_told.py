"""What is wrong with a stretch in which things went wrong, and the story around it.

Judged by the exchange's journal and the application's tables as in fair weather, but that nobody
can know what was never heard. What is demanded all the same:

- a caller who heard the menu is stored, and so is that they wait where they did so for long;
- whoever was sent into a room, or talked with a counselor for longer than a minute, counts as
  answered, whoever called;
- no call is stored that nobody made, and nobody's telephone rings without an order that says so;
- nobody is in two rooms, and no room holds two citizens or two counselors;
- every leg ends, and whatever the tables must hold at the end, they hold;
- the application answers nothing with 500, logs no fault that is not the database's, and sends no
  document that the carrier complains of (that it could not fetch one is the network's doing).
"""

import json
import logging
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from routing.handing_on import HANDED_OVER
from routing.states import BESIDE, TO_BE_RUNG
from simulator.journal import (
    BridgeChanged,
    Complaint,
    ConferenceChanged,
    DigitPressed,
    Entry,
    LegChanged,
    QueueChanged,
    RestRequested,
    WebhookAnswered,
    WebhookSent,
)
from tests.simulation.faults import Faults
from tests.simulation.faults_database import Ailing, explains
from tests.simulation.faults_drawn import Mishap
from tests.simulation.recount import Recount, Story

TALK_SECONDS = 60.0
ADOPTED_SECONDS = 150.0
"""Who waits for so long is known: each turn of the wait takes in a call that is not."""
_ROWS = text(
    """
    SELECT c.carrier_sid, c.queued_at, coalesce(c.answered_at, first.answered_at) AS answered_at,
      starts_with(c.close_reason, 'not_reached: ') AS was_a_machine
    FROM calls c LEFT JOIN calls first ON first.id = c.handed_from_id
    """
)
_LEGS_KNOWN = text(
    "SELECT carrier_sid FROM calls UNION SELECT carrier_sid FROM orders WHERE kind = 'reach'"
)
_TRIED_IN_DOUBT = text(
    "SELECT details->>'session_id' FROM orders WHERE kind = 'reach' AND fault IS NOT NULL"
    " AND (state = 'dropped' OR state = 'failed' AND tries > 5)"
)
"""Of five tries the last was looked for once more."""
NETWORK_CODES = frozenset({11200, 11205, 11215})
THEIR_OWN = ("a webhook got", "11200 ", "11205 ")
STORY_ENTRIES = 40
_SID = re.compile(r"\b(?:CA|CF|QU)[0-9a-f]{32}\b")


def wrongs_under_faults(session: Session, seen: Recount, journal: Iterable[Entry]) -> list[str]:
    """Return where the exchange's story and the server's rows differ, though they may not."""
    rows = session.execute(_ROWS)
    stored = {row.carrier_sid: row for row in rows}
    entries = list(journal)
    found = [wrong for wrong in seen.wrongs if not wrong.startswith(THEIR_OWN)]
    found += [f"leg {sid} never ended" for sid in seen.live_legs]
    found += _unfit_answers(entries)
    heard = _heard_menu(entries)
    for sid, story in (seen.stories | seen.rings).items():
        found += _differences(story, stored.get(sid), sid in heard)
    return found + _made_up(stored, seen) + _rung_for_nothing(session, seen, entries)


def _made_up(stored: Collection[str], seen: Recount) -> list[str]:
    """A row whose leg the exchange never had; one that is still to be named is none."""
    own = (TO_BE_RUNG, BESIDE, HANDED_OVER)
    legs = seen.stories | seen.rings
    made_up = [sid for sid in stored if sid not in legs and not sid.startswith(own)]
    return [f"call {sid} was invented" for sid in made_up]


def _rung_for_nothing(session: Session, seen: Recount, entries: Sequence[Entry]) -> list[str]:
    """A leg that no order knows, nor is behind one that was given up before its leg was found."""
    known = {sid for (sid,) in session.execute(_LEGS_KNOWN)}
    in_doubt = {talk for (talk,) in session.execute(_TRIED_IN_DOUBT)}
    for_whom = _sessions_rung(entries)
    return [
        f"a citizen was rung for nothing: {sid}"
        for sid in seen.rings
        if sid not in known and for_whom.get(sid) not in in_doubt
    ]


def _sessions_rung(entries: Sequence[Entry]) -> dict[str, str]:
    """For which session each leg was rung, by its document's address."""
    begun, found = "", {}
    for entry in entries:
        if isinstance(entry, LegChanged) and entry.status == "queued":
            begun = entry.call_sid  # its request is written down right after it
        elif isinstance(entry, RestRequested) and (entry.method, entry.status) == ("POST", 201):
            found[begun] = dict(entry.params).get("Url", "").rpartition("session=")[2]
    return found


def _heard_menu(entries: Sequence[Entry]) -> set[str]:
    """The calls whose leg was answered with our menu."""
    asked = {entry.webhook_id: entry for entry in entries if isinstance(entry, WebhookSent)}
    return {
        asked[entry.webhook_id].call_sid
        for entry in entries
        if isinstance(entry, WebhookAnswered) and "/ivr/menu?" in entry.body
    }


def _unfit_answers(entries: Sequence[Entry]) -> list[str]:
    found = []
    for entry in entries:
        if isinstance(entry, WebhookAnswered) and entry.status not in (0, 200, 204, 503):
            found.append(f"a webhook was answered {entry.status} at {entry.at:%H:%M:%S}")
        if isinstance(entry, Complaint) and entry.code not in NETWORK_CODES:
            found.append(f"{entry.code} {entry.message} at {entry.at:%H:%M:%S}")
    return found


def _differences(story: Story, row: Any, heard_menu: bool) -> list[str]:
    waited = _seconds_in_queue(story)
    if row is None:
        is_known = heard_menu or story.told_room is not None or waited > ADOPTED_SECONDS
        return [f"call {story.sid} was lost"] if is_known else []
    found = []
    if row.queued_at is None and waited > ADOPTED_SECONDS and not story.is_outward:
        found.append(f"call {story.sid} waited for {waited:.0f} s and the server does not know it")
    talked = story.talk_seconds if story.joined is not None else 0.0
    was_answered = story.told_room is not None and not row.was_a_machine
    if row.answered_at is None and (was_answered or talked > TALK_SECONDS):
        found.append(f"call {story.sid} talked for {talked:.0f} s and is not answered")
    return found


def _seconds_in_queue(story: Story) -> float:
    """How long a leg stood in the carrier's queue, at first; each half minute we are asked."""
    until = story.joined or story.ended
    if story.queued is None or until is None:
        return 0.0
    return (until - story.queued).total_seconds()


BY_THE_CLOCK = (
    "an equal who came first",
    "somebody who was not ready",
    "a silent desk was offered",
    "an offer at a telephone was given",
    "a session was given longer than both",
)


def is_demanded(wrong: str, faults: Faults) -> bool:
    """Tell whether a finding counts under these faults.

    With a clock that is set back, who came first by the clock is not who came first; and what is
    put off by a clock that was set ahead lasts longer by as much.
    """
    return not (faults.clock_stepped and wrong.startswith(BY_THE_CLOCK))


class FaultLog(logging.Handler):
    """Keeps what the application logs as an error, unless what ails the database explains it."""

    def __init__(self, ailing: Ailing) -> None:
        """Listen to every room."""
        super().__init__(logging.ERROR)
        self.wrongs: list[str] = []
        self._ailing = ailing
        self._logger = logging.getLogger()
        self._level = self._logger.level

    def __enter__(self) -> "FaultLog":
        self._logger.addHandler(self)
        self._logger.setLevel(logging.ERROR)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record where its exception is not one that faults explain."""
        error = record.exc_info[1] if record.exc_info else sys.exc_info()[1]
        if explains(self._ailing, error):
            return
        says = f"{type(error).__name__}: {error}" if error is not None else ""
        self.wrongs.append(f"logged {record.getMessage()} {says}"[:400])


def story(
    journal: Iterable[Entry], mishaps: Sequence[Mishap], around: datetime, call_sid: str = ""
) -> list[str]:
    """Return the last entries before `around`, faults among them, as lines to be read."""
    lines = [
        (entry.at, _told(entry))
        for entry in journal
        if entry.at <= around + timedelta(seconds=2) and _concerns(entry, call_sid)
    ]
    lines += [
        (held.at, f"  !! {held.kind} {held.what}")
        for held in mishaps
        if held.at <= around + timedelta(seconds=2)
    ]
    lines.sort(key=lambda line: line[0])
    return [f"{at:%H:%M:%S}.{at.microsecond // 1000:03} {told}" for at, told in lines][
        -STORY_ENTRIES:
    ]


def call_named(wrong: str) -> str:
    """Return the leg that a finding names, "" where it names none."""
    found = _SID.search(wrong)
    return found[0] if found else ""


def _concerns(entry: Entry, call_sid: str) -> bool:
    return not call_sid or call_sid in repr(entry)


def _short(text_: str) -> str:
    return _SID.sub(lambda found: found[0][:6], text_)


def _told(entry: Entry) -> str:
    match entry:
        case WebhookSent():
            path = entry.url.partition("/ivr/")[2][:70]
            end = dict(entry.params).get("CallStatus", "")
            return f"{entry.call_sid[:6]} asks /ivr/{path} {end} (#{entry.webhook_id})"
        case WebhookAnswered():
            body = re.sub(r"\s+", " ", entry.body.partition("<Response>")[2])[:90]
            return f"       #{entry.webhook_id} answered {entry.status} {entry.failure} {body}"
        case LegChanged():
            way = f"{entry.from_} -> {entry.to}"
            return f"{entry.call_sid[:6]} is {entry.status} ({entry.direction} {way})"
        case RestRequested():
            path = entry.path.partition("/Accounts/")[2][35:]
            said = json.dumps(dict(entry.params))[:120]
            return f"REST   {entry.method} {_short(path)} {entry.status} {entry.code} {said}"
        case BridgeChanged():
            return f"{entry.call_sid[:6]} {entry.change}s room {entry.friendly_name[:8]}"
        case QueueChanged():
            return f"{entry.call_sid[:6]} queue: {entry.change}"
        case DigitPressed():
            return f"{entry.call_sid[:6]} presses {entry.digit} {'' if entry.heeded else 'in vain'}"
        case ConferenceChanged():
            return f"{entry.call_sid[:6]} {entry.event} {entry.friendly_name[:8]}"
        case Complaint():
            return f"{entry.call_sid[:6]} complaint {entry.code} {entry.message}"
    return repr(entry)
