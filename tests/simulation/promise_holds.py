"""What must hold of promises (DESIGN section 6, 3 and 4), asked of tables, telephones and people.

When somebody's telephone rang is taken from the exchange; what they had asked for from their own
diaries; only which try was for which promise is taken from the tables.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import Database
from core.sealing import Sealer
from simulator.days import SEOUL
from simulator.exchange import Exchange
from simulator.journal import Entry, WebhookAnswered, WebhookSent
from simulator.people import PROMISE_WORDS, Caller, Wish
from tests.simulation.faults_drawn import Mishap
from tests.simulation.recount import Recount, Story

QUIET_HOURS = (*range(8), *range(21, 24))
GAP = timedelta(minutes=30)
TRIES_MAX = {"talk": 2, "companion": 3}
OBEYED = timedelta(seconds=1)
ASKED_AGAIN = timedelta(seconds=16)
"""What the carrier refused is asked again after 15 s at most."""
CLOCK_WRONG_MAX = timedelta(minutes=5)
"""The server's own times may be so far from the truth."""
NOT_WRONG = timedelta()

MOMENT = {
    "a due talk was forgotten": """
        SELECT p.id, p.next_at FROM promises p JOIN citizens c ON c.id = p.citizen_id
        WHERE p.state = 'planned' AND p.purpose = 'talk' AND p.entry_call_id IS NULL
          AND p.next_at < :late AND NOT EXISTS (SELECT FROM calls k
            WHERE k.number_index = c.number_index
              AND (k.state NOT IN ('closed', 'wrapping') OR k.state_since >= :late))""",
    "a promise was left behind by its call": """
        SELECT p.id, p.state, k.state FROM promises p JOIN calls k ON k.id = p.entry_call_id
        WHERE k.state_since < :late AND (
          p.state = 'planned' AND k.state NOT IN ('waiting', 'offered') AND NOT
            (k.direction = 'handed_on' AND k.state = 'connected' AND k.answered_at IS NULL)
          OR p.state = 'calling' AND k.state = 'closed')""",
    "a call is made for no promise": """
        SELECT k.id, k.state FROM calls k WHERE k.direction = 'outward'
          AND k.state IN ('waiting', 'offered', 'reaching') AND k.state_since < :late
          AND k.answered_at IS NULL AND NOT EXISTS (SELECT FROM promises p
            WHERE p.entry_call_id = k.id AND p.state IN ('planned', 'calling'))""",
    "a promise ended or waits without a word why": """
        SELECT id, state FROM promises WHERE
          CASE WHEN state IN ('planned', 'calling') THEN false
               WHEN state = 'for_decision' THEN waits_for IS NULL
               ELSE ended_at IS NULL OR end_reason IS NULL END""",
}
END = {
    "a promise is being kept and nobody calls": """
        SELECT id, state FROM promises WHERE state = 'calling'
          OR state = 'planned' AND entry_call_id IS NOT NULL""",
    "a promise was kept and nobody was reached": """
        SELECT p.id FROM promises p WHERE p.state = 'kept' AND NOT EXISTS
          (SELECT FROM promise_tries t WHERE t.promise_id = p.id AND t.outcome = 'reached')""",
    "a promise was decided by nobody": """
        SELECT p.id FROM promises p WHERE p.state = 'decided' AND NOT EXISTS
          (SELECT FROM promise_decisions d WHERE d.promise_id = p.id)""",
}
AGAIN_WORDS = ("다시 전화드리겠습니다", "We will call you again")
"""Said to whom we rang and lost the counselor for: the promise is to stand."""
_STANDS = text(
    """
    SELECT count(*) FROM promises p JOIN citizens c ON c.id = p.citizen_id
    WHERE c.number_index = :number_index AND p.state IN ('planned', 'calling', 'for_decision')
    """
)
_SPOKEN = text(
    """
    SELECT count(*) FROM promises p JOIN citizens c ON c.id = p.citizen_id
    WHERE c.number_index = :number_index AND p.purpose = 'talk' AND p.made_at <= :now
      AND (p.ended_at IS NULL OR p.ended_at >= :asked_at)
    """
)
_TRIES = text(
    """
    SELECT p.id, p.purpose, coalesce(second.carrier_sid, k.carrier_sid) FROM promise_tries t
    JOIN promises p ON p.id = t.promise_id
    JOIN calls k ON k.id = t.call_id AND k.direction = 'outward'
    LEFT JOIN calls second ON second.handed_from_id = k.id AND k.carrier_sid LIKE 'handed-over-%'
      AND second.carrier_sid NOT LIKE 'beside-%'
    """
)
_AGAIN = text("SELECT promise_id, min(at), count(*) FROM promise_decisions GROUP BY 1")


class Spoken:
    """Listens to what the server says, and looks at once whether each promise is committed."""

    def __init__(self, exchange: Exchange, database: Database, sealer: Sealer) -> None:
        self.wrongs: list[str] = []
        self._exchange = exchange
        self._database = database
        self._sealer = sealer
        self._asked: dict[int, WebhookSent] = {}
        exchange.journal.watchers.append(self._read)

    def _read(self, entry: Entry) -> None:
        if isinstance(entry, WebhookSent):
            self._asked[entry.webhook_id] = entry
        elif isinstance(entry, WebhookAnswered):
            asked = self._asked.pop(entry.webhook_id, None)
            if asked is not None and any(words in entry.body for words in PROMISE_WORDS):
                self._look(asked, entry.at)
            if asked is not None and any(words in entry.body for words in AGAIN_WORDS):
                self._look_whether_it_stands(asked, entry.at)

    def _look(self, asked: WebhookSent, now: datetime) -> None:
        person = self._exchange.legs[asked.call_sid].endpoint
        if not isinstance(person, Caller):
            return
        values = {
            "number_index": self._sealer.index(person.wanted),
            "now": now + CLOCK_WRONG_MAX,
            "asked_at": asked.at - CLOCK_WRONG_MAX,
        }
        with self._database.reading() as session:
            if not session.scalar(_SPOKEN, values):
                self.wrongs.append(f"a promise was spoken and not stored: {asked.call_sid} {now}")

    def _look_whether_it_stands(self, asked: WebhookSent, now: datetime) -> None:
        number = self._exchange.legs[asked.call_sid].to
        values = {"number_index": self._sealer.index(number)}
        with self._database.reading() as session:
            if not session.scalar(_STANDS, values):
                self.wrongs.append(
                    f"a call again was spoken of and none stands: {asked.call_sid} {now}"
                )


@dataclass(frozen=True)
class _Ring:
    """A citizen's telephone rang, from the exchange's first ring to the end."""

    story: Story
    begin: datetime
    end: datetime

    @property
    def hour(self) -> int:
        return self.begin.astimezone(SEOUL).hour


def wrongs_of_rings(
    session: Session,
    seen: Recount,
    people: Iterable[Caller],
    clock_wrong: timedelta,
    refused: Sequence[Mishap] = (),
) -> list[str]:
    """Return whom the server rang though it may not have: when, against a word, or too often.

    clock_wrong: by so much the server's clock may have been off, either way. refused: what the
    carrier did not take.
    """
    people = list(people)
    wishes = _by_number(person.wishes for person in people)
    asked = _by_number(person.asked for person in people)
    rings = [
        _Ring(story, story.rung, story.ended or story.rung)
        for story in seen.rings.values()
        if story.rung is not None
    ]
    found = [
        f"{ring.story.sid} {wrong}"
        for ring in rings
        for wrong in [
            *_uninvited(ring, wishes, asked, clock_wrong),
            *_rung_on(ring, wishes.get(ring.story.number, ()), refused),
        ]
    ]
    return found + _doubled(rings) + _too_often(session, rings, wishes, clock_wrong)


def wrongs_of_companions(seen: Recount, addresses: Collection[str]) -> list[str]:
    """Return whom companions talked with though they called us; addresses: of the companions."""
    return [
        f"a companion was given the inbound call {talk.citizen_sid} at {talk.begin}"
        for talk in seen.talks
        if talk.staff in addresses and talk.citizen_sid in seen.stories
    ]


def _by_number(each: Iterable[Iterable[Wish]]) -> Mapping[str, Sequence[Wish]]:
    """What people said of being called, by number, in order."""
    said: dict[str, list[Wish]] = defaultdict(list)
    for wishes in each:
        for wish in wishes:
            said[wish.number].append(wish)
    return said


def _uninvited(
    ring: _Ring,
    wishes: Mapping[str, Sequence[Wish]],
    asked: Mapping[str, Sequence[Wish]],
    clock_wrong: timedelta,
) -> Iterable[str]:
    begins = (ring.begin - clock_wrong, ring.begin + clock_wrong)
    number = ring.story.number
    said = [wish for wish in wishes.get(number, ()) if wish.at <= ring.begin]
    if not said:  # the confirmation may have been lost on its way
        said = [wish for wish in asked.get(number, ()) if wish.at <= ring.begin]
    if not said:
        yield f"rang {ring.story.number}, who never asked for it"
        return
    last = said[-1]
    if not last.wants and ring.begin > last.at + OBEYED:
        yield f"rang {ring.story.number}, who wanted no more calls since {last.at}"
    if all(map(_is_quiet, begins)) and not any(wish.at_night for wish in said):
        yield f"rang in quiet hours, at {ring.begin.astimezone(SEOUL)}"
    windows = next((wish.windows for wish in reversed(said) if wish.windows is not None), ())
    if windows and not any(_holds(window, at) for window in windows for at in begins):
        yield f"rang outside the hours that were asked for, at {ring.begin.astimezone(SEOUL)}"


def _rung_on(ring: _Ring, wishes: Sequence[Wish], refused: Sequence[Mishap]) -> Iterable[str]:
    """A telephone that rings stops within a second of the word against it.

    Where the carrier does not take the request to end its leg, within a pause of the last one.
    """
    stops = [one.at for one in wishes if not one.wants and ring.begin < one.at]
    tried = [each.at + ASKED_AGAIN for each in refused if ring.story.sid in each.what]
    due = max(tried, default=ring.begin)
    if ring.story.answered is None and any(max(at + OBEYED, due) < ring.end for at in stops):
        yield f"rang on although {ring.story.number} wanted no more calls"


def _is_quiet(moment: datetime) -> bool:
    return moment.astimezone(SEOUL).hour in QUIET_HOURS


def _holds(window: Mapping[str, object], moment: datetime) -> bool:
    local = moment.astimezone(SEOUL)
    days = window["days"]
    assert isinstance(days, Sequence)
    at = f"{local:%H:%M:%S}"
    return local.weekday() in days and str(window["from"]) <= at < str(window["until"])


def _doubled(rings: Sequence[_Ring]) -> list[str]:
    ordered = sorted(rings, key=lambda ring: (ring.story.number, ring.begin))
    return [
        f"{two.story.number} was called twice at once: {one.story.sid} {two.story.sid}"
        for one, two in pairwise(ordered)
        if one.story.number == two.story.number and two.begin < one.end
    ]


def _too_often(
    session: Session,
    rings: Sequence[_Ring],
    wishes: Mapping[str, Sequence[Wish]],
    clock_wrong: timedelta,
) -> list[str]:
    by_sid = {ring.story.sid: ring for ring in rings}
    tried: dict[tuple[str, str], list[_Ring]] = defaultdict(list)
    for promise_id, purpose, sid in session.execute(_TRIES):
        if sid in by_sid:
            tried[str(promise_id), purpose].append(by_sid[sid])
    again = {str(row[0]): (row[1], row[2]) for row in session.execute(_AGAIN)}
    found = []
    for (promise_id, purpose), calls in tried.items():
        calls.sort(key=lambda ring: ring.begin)
        decided_at, decisions = again.get(promise_id, (None, 0))
        asked = [w for w in wishes.get(calls[0].story.number, ()) if w.at > calls[0].begin]
        if len(calls) > TRIES_MAX[purpose] + decisions + len(asked):
            found.append(f"promise {promise_id} was tried {len(calls)} times")
        gap = GAP - 2 * clock_wrong
        if any(two.begin < one.begin + gap for one, two in pairwise(calls)):
            found.append(f"promise {promise_id} was tried again too soon")
        hours = [call.hour for call in calls if decided_at is None or call.begin < decided_at]
        if len(set(hours)) < len(hours) and not clock_wrong:
            found.append(f"promise {promise_id} was tried twice at the same hour: {hours}")
    return found
