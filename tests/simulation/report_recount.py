"""The reports of a day, counted again from carrier traffic and people's presses, and compared.

Figures of a day and of its half hours, as JSON and for a spreadsheet, and the sessions without an
outcome. Nothing of the application's is used but its answer. Counts are equal or wrong; moments
agree to the millisecond, but that nobody knows in which of two seconds a look closed what was not
written up, nor since when somebody is away who missed a ring and never looked.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.simulation.board_recount import SEOUL, Between
from tests.simulation.meetings import ONE_WAY, Meeting, Meetings
from tests.simulation.recount import (
    SERVICE_LEVEL_SECONDS,
    SHORT_ABANDON_SECONDS,
    Recount,
    Story,
)

SLOT = timedelta(minutes=30)
DAY = timedelta(days=1)
ROUNDED = 0.0006
"""A spreadsheet's cells have three digits."""
EXACT = 0.002
TALK_SECONDS = 60.0
COUNTS = ("offered", "answered", "abandoned", "short_abandoned", "answered_within", "unrecorded")
SHARE = 0.0005
"""Of the time at work: minutes in which someone's being ready began a moment before it was said."""
JUST = timedelta(seconds=5)

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Reports:
    """What the server says of one day. table: the spreadsheet's text."""

    day: date
    figures: Mapping[str, Any]
    table: str


@dataclass(frozen=True)
class Seen:
    """What was seen of the stretch. counselors: login by the address that is rung."""

    stories: Recount
    meetings: Meetings
    unanswering: Mapping[str, Collection[datetime]]
    counselors: Mapping[str, str]


def differences(told: Reports, seen: Seen, now: datetime) -> list[str] | None:
    """Return where a day's report says something else than what happened, up to `now`.

    None, and nothing was compared, where somebody came, went or was closed in these very seconds.
    """
    begin = datetime.combine(told.day, time(), SEOUL)
    until = min(begin + DAY, now)
    offered = [one for one in seen.stories.stories.values() if _offered(one, begin)]
    if any(_moves(one, seen, now) for one in offered):
        return None
    counted = _Counted(seen, offered, _work(seen, begin, now), now)
    expected = {"": counted.between(begin, until, begin + DAY)}
    for slot in told.figures["half_hours"]:
        start = datetime.fromisoformat(slot["start"])
        name = f"{start.astimezone(SEOUL):%H:%M}"
        expected[name] = counted.between(start, min(start + SLOT, until), start + SLOT)
    found = list(_compare(told.day, _rows_of_json(told.figures), expected, EXACT))
    return found + list(_compare(told.day, _rows_of_table(told.table), expected, ROUNDED + EXACT))


def unrecorded_differences(
    listed: Mapping[str, Any], seen: Seen, now: datetime
) -> list[str] | None:
    """Return which sessions with callers owe an outcome and are not listed, or the other way.

    None, and nothing was compared, where the list is too long to be shown whole.
    """
    if not listed["is_all"]:
        return None
    theirs = {str(one["session_id"]) for one in listed["sessions"]}
    inbound = {one.session_id for one in seen.meetings if one.citizen_sid in seen.stories.stories}
    mine, doubtful = set(), set()
    for story in seen.stories.stories.values():
        held = [one for one in seen.meetings.of(story.sid) if one.joined or one.is_wrapped]
        if not held or any(one.wrote for one in held):
            continue
        is_over = story.ended is not None and held[-1].closed(now) is not None
        (mine if is_over else doubtful).add(held[-1].session_id)
    found = [f"session {one} owes an outcome and is not listed" for one in sorted(mine - theirs)]
    spare = sorted((theirs & inbound) - mine - doubtful)
    return found + [f"session {one} is listed as unrecorded and owes nothing" for one in spare]


def least(told: Sequence[Reports], seen: Seen) -> list[str]:
    """Return what can't be, whatever word was lost on the way: people invented, talks forgotten.

    told: of each day of the stretch. A key that never arrived joins no queue, an end that was never
    told leaves nobody: so the other figures are not demanded.
    """
    offered, answered, abandoned, unrecorded = (
        sum(one.figures["whole"][name] for one in told)
        for name in ("offered", "answered", "abandoned", "unrecorded")
    )
    stories = seen.stories.stories
    long = sum(one.talk_seconds > TALK_SECONDS for one in stories.values())
    wrote = {one.citizen_sid for one in seen.meetings if one.wrote and one.citizen_sid in stories}
    false = {
        f"offered {offered} of {len(stories)} calls": offered > len(stories),
        f"answered {answered}, and {long} talked for long": answered < long,
        f"{answered} answered and {abandoned} gone of {offered}": answered + abandoned > offered,
        f"unrecorded {unrecorded} of {offered}, though {len(wrote)} were written up": (
            unrecorded > offered - len(wrote)
        ),
    }
    days = f"from {told[0].day} to {told[-1].day}"
    found = [f"the reports {days} count {what}" for what, is_false in false.items() if is_false]
    for one in told:
        found += _contradictions(one)
    return found


def _contradictions(told: Reports) -> list[str]:
    """Return where a day's half hours, or its spreadsheet, say something else than the day."""
    whole, slots = told.figures["whole"], told.figures["half_hours"]
    found = [
        f"the half hours of {told.day} do not add up to {name} {whole[name]}"
        for name in COUNTS
        if sum(slot[name] for slot in slots) != whole[name]
    ]
    expected = {
        row: {name: None if cell is None else _just(cell) for name, cell in figures.items()}
        for row, figures in _rows_of_json(told.figures).items()
    }
    for figures in expected.values():
        figures.pop("start", None)
    return found + list(_compare(told.day, _rows_of_table(told.table), expected, ROUNDED))


def _rows_of_json(figures: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    rows = {"": figures["whole"]}
    for slot in figures["half_hours"]:
        start = datetime.fromisoformat(slot["start"]).astimezone(SEOUL)
        rows[f"{start:%H:%M}"] = slot
    return rows


def _rows_of_table(table: str) -> dict[str, Mapping[str, Any]]:
    rows = {}
    for row in csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))):
        name = row.pop("from").partition(" ")[2]
        rows[name] = {key: float(cell) if cell else None for key, cell in row.items()}
    return rows


def _compare(
    day: date,
    told: Mapping[str, Mapping[str, Any]],
    expected: Mapping[str, Mapping[str, Between | None]],
    slack: float,
) -> Iterator[str]:
    if told.keys() != expected.keys():
        yield f"the report of {day} has other rows: {sorted(told.keys() ^ expected.keys())}"
    for name, figures in expected.items():
        for figure, between in figures.items():
            said = told.get(name, {}).get(figure)
            if not _agrees(said, between, slack):
                yield f"the report of {day} {name} counts {figure} {said}, and it was {between}"


def _agrees(said: float | None, between: Between | None, slack: float) -> bool:
    if said is None or between is None:
        return said is None and (between is None or between.low <= 0)
    return between.low - slack <= said <= between.high + slack


def _offered(story: Story, begin: datetime) -> bool:
    return story.told_queue is not None and begin <= _queued(story) < begin + DAY


@dataclass(frozen=True)
class _Work:
    """Spans of being busy and of being at work, at least and at most."""

    busy: Sequence[Span]
    busy_max: Sequence[Span]
    present: Sequence[Span]
    present_max: Sequence[Span]


class _Counted:
    """Counts any stretch of time by the definitions in words."""

    def __init__(self, seen: Seen, offered: Sequence[Story], work: _Work, now: datetime) -> None:
        self._seen = seen
        self._offered = offered
        self._work = work
        self._now = now

    def between(self, start: datetime, until: datetime, end: datetime) -> dict[str, Between | None]:
        """Count whom was offered from `start` to before `end`; work is counted up to `until`."""
        mine = [one for one in self._offered if start <= _queued(one) < end]
        return self._counts(mine) | self._handled(mine) | {"occupancy": self._share(start, until)}

    def _counts(self, mine: Sequence[Story]) -> dict[str, Between | None]:
        waits = [self._waited(one, self._answered(one)) for one in mine if self._answered(one)]
        left = [self._waited(one, one.ended) for one in mine if self._has_left(one)]
        shorts = sum(wait <= SHORT_ABANDON_SECONDS for wait in left)
        within = sum(wait <= SERVICE_LEVEL_SECONDS for wait in waits)
        soon = sum(wait <= SERVICE_LEVEL_SECONDS for wait in left)
        longest = max((self._waited(one, self._wait_over(one)) for one in mine), default=None)
        return {
            "offered": _just(len(mine)),
            "answered": _just(len(waits)),
            "abandoned": _just(len(left)),
            "short_abandoned": _just(shorts),
            "answered_within": _just(within),
            "service_level": _over(within, len(mine) - shorts),
            "service_level_2": _over(within + soon, len(waits) + len(left)),
            "answered_within_share": _over(within, len(waits)),
            "asa_seconds": _over(sum(waits), len(waits)),
            "longest_wait_seconds": None if longest is None else _just(longest),
        }

    def _handled(self, mine: Sequence[Story]) -> dict[str, Between | None]:
        talk, acw_min, acw_max, handled, owing = 0.0, 0.0, 0.0, 0, 0
        for story in mine:
            held = self._seen.meetings.of(story.sid)
            if not self._is_closed(story, held):
                continue
            met = [one for one in held if one.joined or one.is_wrapped]
            owing += bool(met) and not any(one.wrote for one in met)
            if self._answered(story) is None:
                continue
            handled += 1
            for one in held:
                closed = one.closed(self._now)
                assert closed is not None and one.ended is not None
                talk += _seconds(one.joined, one.ended) if one.joined else 0.0
                acw_min += _seconds(one.ended, closed[0])
                acw_max += _seconds(one.ended, closed[1])
        return {
            "aht_seconds": _share(talk + acw_min, talk + acw_max, handled),
            "acw_seconds": _share(acw_min, acw_max, handled),
            "unrecorded": _just(owing),
        }

    def _share(self, start: datetime, until: datetime) -> Between | None:
        work = self._work
        least, most = _within(work.busy, start, until), _within(work.busy_max, start, until)
        few, many = _within(work.present, start, until), _within(work.present_max, start, until)
        if many <= 0:
            return None
        high = most / few if few > 0 else 1.0
        return Between(least / many - SHARE, max(high, least / many) + SHARE)

    def _answered(self, story: Story) -> datetime | None:
        joined = [one.joined for one in self._seen.meetings.of(story.sid) if one.joined]
        return min(joined, default=None)

    def _has_left(self, story: Story) -> bool:
        is_over = story.ended is not None and story.told_promise is None
        return is_over and self._answered(story) is None

    def _wait_over(self, story: Story) -> datetime | None:
        promised = story.told_promise + ONE_WAY if story.told_promise else None
        left = story.ended + ONE_WAY if story.ended else None
        return self._answered(story) or promised or left

    def _waited(self, story: Story, until: datetime | None) -> float:
        """Return the wait; until: as the server knows it, or a leg's end, or None for now."""
        if until is not None and until is story.ended:
            until += ONE_WAY
        return max(0.0, _seconds(_queued(story), until or self._now))

    def _is_closed(self, story: Story, held: Sequence[Meeting]) -> bool:
        if not held:
            return story.ended is not None
        is_over = all(one.closed(self._now) is not None for one in held)
        return is_over and (story.ended is not None or held[-1].is_wrapped)


def _moves(story: Story, seen: Seen, now: datetime) -> bool:
    """Something happened to it so lately that not everybody may have been told."""
    moments = [story.told_queue, story.told_promise, story.ended]
    for one in seen.meetings.of(story.sid):
        moments += [one.seated, one.joined, one.ended, one.wrote, one.staff_gone]
        if one.ended is not None and one.is_wrapped and one.closed(now) is None:
            moments.append(one.ended + timedelta(seconds=300))
    return any(each is not None and abs(now - each) < JUST for each in moments)


def _work(seen: Seen, begin: datetime, now: datetime) -> _Work:
    """Return the work that reaches into the time since `begin`."""
    busy, busy_max = [], []
    by_login: dict[str, list[Span]] = defaultdict(list)
    for one in seen.meetings:
        login = seen.counselors.get(one.staff)
        begun = one.joined or (one.ended if one.is_wrapped else None)
        is_past = one.ended is not None and one.ended < begin - DAY
        if login is None or one.seated is None or is_past:
            continue
        closed = one.closed(now) or (now, now)
        by_login[login].append((one.seated, closed[0]))
        if begun is not None and begun <= now:
            busy.append((begun, closed[0]))
            busy_max.append((begun, closed[1]))
    present: list[Span] = []
    present_max: list[Span] = []
    for login in set(seen.counselors.values()):
        sure, doubtful = _ready(login, seen, now)
        present += _joined([*sure, *by_login[login]])
        present_max += _joined([*sure, *doubtful, *by_login[login]])
    return _Work(busy, busy_max, present, present_max)


def _ready(login: str, seen: Seen, now: datetime) -> tuple[list[Span], list[Span]]:
    """Return when somebody was ready, and when they may have been: a ring was missed before."""
    said = seen.meetings.said.get(login, ())
    rung = seen.meetings.rung_in_vain
    missed = [
        at for to, name in seen.counselors.items() if name == login for at in rung.get(to, ())
    ]
    away = seen.unanswering.get(login, ())
    sure, doubtful = [], []
    for place, (begin, status) in enumerate(said):
        end = said[place + 1][0] if place + 1 < len(said) else now
        if status != "ready":
            continue
        known = min((at for at in away if begin <= at <= end), default=None)
        guessed = min((at for at in missed if begin <= at <= end), default=end)
        sure.append((begin, known or guessed))
        if known is None and guessed < end:
            doubtful.append((guessed, end))
    return sure, doubtful


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return the union: whoever talks is not at work twice."""
    united: list[Span] = []
    for begin, end in sorted(spans):
        if united and begin <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((begin, end))
    return united


def _within(spans: Iterable[Span], start: datetime, until: datetime) -> float:
    return sum(max(0.0, _seconds(max(begin, start), min(end, until))) for begin, end in spans)


def _queued(story: Story) -> datetime:
    assert story.told_queue is not None
    return story.told_queue + ONE_WAY


def _seconds(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds()


def _just(figure: float) -> Between:
    return Between(figure, figure)


def _over(part: float, whole: int) -> Between | None:
    return _just(part / whole) if whole > 0 else None


def _share(low: float, high: float, whole: int) -> Between | None:
    return Between(low / whole, high / whole) if whole > 0 else None
