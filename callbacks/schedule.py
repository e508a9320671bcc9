"""When somebody may be rung: quiet hours, holidays, the citizen's own windows. Pure.

Rule: nobody is rung between 21:00 and 08:00 Asia/Seoul nor outside their own windows; night consent
lifts quiet hours only. Checked when planned and again when dialling. Wall times that daylight
shifts could skip do not exist in Korea, but the arithmetic is done in UTC all the same.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.clock import SEOUL

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(8, 0)
LOOK_AHEAD_DAYS = 60
RINGS_FOR = timedelta(seconds=40)
"""A telephone that begins to ring may ring so long; all of it lies in the allowed time."""


class WindowError(ValueError):
    """A window to be called in is malformed; the sentence names the field."""


@dataclass(frozen=True)
class Window:
    """Days (Monday 0) and a stretch of the day in which a citizen wants to be called."""

    days: frozenset[int]
    start: time
    end: time

    def holds(self, local: datetime) -> bool:
        """Tell whether `local` (Asia/Seoul) lies in the window; its end is outside."""
        return local.weekday() in self.days and self.start <= local.time() < self.end


NEVER_OPEN = Window(frozenset(), time(0, 0), time(0, 0))


@dataclass(frozen=True)
class Rules:
    """What one citizen's calls keep to. holidays: days on which companions do not call.

    hours_tried: hours of day (0-23, Seoul) at which nobody answered before.
    """

    windows: Sequence[Window] = ()
    at_night: bool = False
    holidays: Collection[date] = ()
    hours_tried: Collection[int] = ()


def read_window(raw: object) -> Window:
    """Make a Window of `{"days": [0-6], "from": "HH:MM", "until": "HH:MM"}`.

    Raises WindowError naming the wrong field.
    """
    if not isinstance(raw, dict):
        raise WindowError("window: must be an object with days, from and until")
    days = raw.get("days")
    if not isinstance(days, list) or not days or not all(day in range(7) for day in days):
        raise WindowError("days: a list of 0 (Monday) to 6 (Sunday)")
    start, end = _clock_time(raw, "from"), _clock_time(raw, "until")
    if start >= end:
        raise WindowError("until: must be later than from, on the same day")
    return Window(frozenset(days), start, end)


def _clock_time(raw: dict[str, object], field: str) -> time:
    value = raw.get(field)
    try:
        return datetime.strptime(str(value), "%H:%M").replace(tzinfo=SEOUL).time()
    except ValueError as error:
        raise WindowError(f"{field}: a time of day as HH:MM") from error


def is_quiet(moment: datetime) -> bool:
    """Tell whether `moment` lies in quiet hours in Seoul."""
    local = moment.astimezone(SEOUL).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def may_ring(moment: datetime, rules: Rules) -> bool:
    """Tell whether this citizen may be rung at `moment`."""
    if is_quiet(moment) and not rules.at_night:
        return False
    local = moment.astimezone(SEOUL)
    if local.date() in rules.holidays or local.hour in rules.hours_tried:
        return False
    return not rules.windows or any(window.holds(local) for window in rules.windows)


def next_ring(after: datetime, rules: Rules) -> datetime | None:
    """Return the first moment from `after` on at which a telephone may begin to ring."""
    if not may_ring(after, rules):
        return next_moment(after, rules)
    if may_ring(after + RINGS_FOR, rules):
        return after
    return next_moment(after + RINGS_FOR, rules)


def next_moment(after: datetime, rules: Rules) -> datetime | None:
    """Return the first moment from `after` on at which this citizen may be rung.

    None where no such moment comes within 60 days; a person must then decide.
    """
    if may_ring(after, rules):
        return after
    return next((moment for moment in _openings(after, rules) if may_ring(moment, rules)), None)


def _openings(after: datetime, rules: Rules) -> Sequence[datetime]:
    """The moments at which something may open: window starts, the end of quiet hours, midnight,
    the hour after one that was tried."""
    fresh = (time((hour + 1) % 24) for hour in rules.hours_tried)
    starts = sorted({QUIET_UNTIL, time(0, 0), *(window.start for window in rules.windows), *fresh})
    first = after.astimezone(SEOUL).date()
    moments = (
        datetime.combine(first + timedelta(days=day), start, tzinfo=SEOUL)
        for day in range(LOOK_AHEAD_DAYS + 1)
        for start in starts
    )
    return [moment.astimezone(after.tzinfo) for moment in moments if moment >= after]
