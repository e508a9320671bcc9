"""Whether companions, at work and with nothing to do, left somebody uncalled who was due.

A look at the list either begins a call or finds nobody. Of two looks in a row that found nobody
the second has to have shown whoever was due since the first: so nobody is due for longer than N,
two looks' time (LOOKS), of idle companions' time in which their telephone may be rung. A rest
between two calls is no such time, nor is a look at a page that did not work.

Which promises stand, whose they are and when they were tried is taken from the tables; who was
idle and which telephone was busy is not. Nothing of the application's is used.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import holidays
from sqlalchemy import text
from sqlalchemy.orm import Session

from simulator.companions import Companion, Idle
from simulator.days import SEOUL
from tests.simulation.recount import Recount, Story

LOOKS = 2
SAMPLE = timedelta(seconds=20)
RINGS_FOR = timedelta(seconds=60)
"""What begins to ring so short a time before its hours are over would ring beyond them."""
HOLIDAYS = frozenset(holidays.country_holidays("KR", years=range(2026, 2029)))
"""In the years that are lived: nobody is rung by companions then."""
_DUE = text(
    """
    SELECT p.id, greatest(p.next_at, p.state_since) AS since, c.windows, a.login,
      ARRAY(SELECT t.rung_at FROM promise_tries t WHERE t.promise_id = p.id) AS rung_at,
      ARRAY(SELECT k.carrier_sid FROM calls k WHERE k.number_index = c.number_index) AS sids
    FROM promises p JOIN citizens c ON c.id = p.citizen_id
    LEFT JOIN accounts a ON a.id = p.companion_id
    WHERE p.state = 'planned' AND p.purpose = 'companion' AND p.next_at <= :now
    """
)
_STANDING = text(
    """
    SELECT count(*) AS open,
      count(*) FILTER (WHERE state = 'planned' AND deadline < :now AND next_at <= :now) AS overdue,
      count(*) FILTER (WHERE state = 'for_decision') AS undecided
    FROM promises WHERE state IN ('planned', 'calling', 'for_decision')
    """
)


@dataclass(frozen=True)
class Standing:
    """Promises that are open: all, those past their time with nobody calling, and undecided."""

    open: int
    overdue: int
    undecided: int


def standing(session: Session, now: datetime) -> Standing:
    """Count the open promises."""
    return Standing(*session.execute(_STANDING, {"now": now}).one())


def wrongs_of_forgotten(
    session: Session,
    seen: Recount,
    companions: Sequence[Companion],
    now: datetime,
    doubt: timedelta,
) -> list[str]:
    """Return which companions' promises were due and not called though somebody was idle.

    doubt: by so much the server's clock, or its knowing whose telephone is busy, may be behind.
    """
    found = []
    for due in session.execute(_DUE, {"now": now}):
        able = [one for one in companions if due.login in (None, one.login)]
        busy = [story for sid in due.sids if (story := seen.of(sid)) is not None]
        idle = [each for one in able for each in one.idle]
        free = sum((SAMPLE for _ in _callable(due, idle, busy, now, doubt)), timedelta())
        looks_every = max((one.looks_every for one in able), default=timedelta())
        if free > LOOKS * looks_every:
            found.append(
                f"promise {due.id} was due since {due.since.astimezone(SEOUL)} and not called,"
                f" though a companion was idle for {free} of it"
            )
    return found


def _callable(
    due: Any, idle: Iterable[Idle], busy: Sequence[Story], now: datetime, doubt: timedelta
) -> Iterator[datetime]:
    """Go through the moments at which an idle companion might have called."""
    begin = due.since + doubt
    for each in idle:
        until = each.until or now
        if each.is_hindered or until <= begin:
            continue
        at = max(begin, each.since)
        while at < until:
            if _may_ring(due, at) and not any(_is_busy(one, at, doubt) for one in busy):
                yield at
            at += SAMPLE


def _may_ring(due: Any, at: datetime) -> bool:
    return all(_is_open(due, each.astimezone(SEOUL)) for each in (at, at + RINGS_FOR))


def _is_open(due: Any, local: datetime) -> bool:
    tried = {rung.astimezone(SEOUL).hour for rung in due.rung_at}
    if local.date() in HOLIDAYS or local.hour in tried:
        return False
    clock = f"{local:%H:%M:%S}"
    return not due.windows or any(
        local.weekday() in one["days"] and one["from"] <= clock < one["until"]
        for one in due.windows
    )


def _is_busy(story: Story, at: datetime, doubt: timedelta) -> bool:
    return story.began <= at and (story.ended is None or at < story.ended + doubt)
