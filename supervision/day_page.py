"""Writes a picture of a day as one page that opens anywhere: no server, no network, no names.

Both languages are in it, Korean shown first; a button changes over. Its own policy allows nothing
but the one script and the one style sheet that stand in it, by their digests.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import render_template
from markupsafe import Markup

from core.clock import SEOUL
from core.web.languages import LANGUAGES, Catalog
from core.web.static_files import ROOT
from supervision.day_picture import (
    CallLine,
    DayPicture,
    Fault,
    SeatName,
    most_waiting,
)
from supervision.day_tracks import End, Phase, Stretch
from supervision.figures import SLOT, Limits
from supervision.pages import FIGURES
from supervision.pages import WORDS as BOARD_WORDS

WORDS = Catalog(Path(__file__).with_name("day_words.toml"), BOARD_WORDS)
CODES = {
    Phase.MENU: "m",
    Phase.WAITING: "w",
    Phase.OFFERED: "o",
    Phase.REACHING: "c",
    Phase.TALKING: "t",
    Phase.WRAPPING: "p",
    Phase.READY: "r",
    Phase.BREAK: "b",
}
ENDS = {
    End.ABANDONED: "a",
    End.CUT_OFF: "k",
    End.PROMISED: "d",
    End.NOT_REACHED: "n",
}
SHARES = frozenset({"service_level", "service_level_2", "answered_within_share", "occupancy"})
QUEUE_TOPS = (2, 4, 6, 10, 20, 30, 40, 60, 100, 200, 400, 1000, 2000, 5000)
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Heading:
    """What stands over the picture. simulated: the run's name, where nobody really called."""

    limits: Limits
    language: str = LANGUAGES[0]
    simulated: str | None = None


def page(picture: DayPicture, heading: Heading) -> str:
    """Return the whole page. Needs an application context, for the template."""
    said = _Said(picture)
    limits = heading.limits
    words = {"t": f"{limits.service_seconds:g}", "short": f"{limits.short_seconds:g}"}
    return render_template(
        "day_picture.html",
        picture=picture,
        heading=heading,
        both=both,
        say=WORDS.say,
        said=said,
        title=_title(picture),
        figures=[(name, words) for name in FIGURES],
        half_hours=_half_hours(picture),
        top=_top(picture),
        data=_data(picture),
        phases=CODES,
        style=Markup(_style()),
        script=Markup(_script()),
        policy=content_policy(),
    )


def content_policy() -> str:
    """Return the page's policy: its own script and style by digest, and nothing else at all."""
    return (
        f"default-src 'none'; script-src '{_digest(_script())}'; style-src '{_digest(_style())}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _style() -> str:
    return (ROOT / "css" / "day_picture.css").read_text("utf-8")


@cache
def _script() -> str:
    return (ROOT / "js" / "day_picture.js").read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=4096)
def both(key: str, **values: object) -> Markup:
    """Return a sentence in both languages, of which the page shows one; a table says many alike."""
    return Markup("").join(_spoken(language, key, values) for language in LANGUAGES)


def _spoken(language: str, key: str, values: dict[str, object]) -> Markup:
    return Markup('<span lang="{}">{}</span>').format(language, WORDS.say(language, key, **values))


class _Said:
    """How moments, lengths and names of one picture are written in its tables."""

    def __init__(self, picture: DayPicture) -> None:
        self._has_dates = picture.span.end - picture.span.start > timedelta(days=1)
        self._date = picture.span.start.astimezone(SEOUL).date()

    def clock(self, at: datetime | None) -> str:
        """Say a moment; with its day where that is not plain."""
        if at is None:
            return ""
        local = at.astimezone(SEOUL)
        is_other_day = self._has_dates or local.date() != self._date
        return local.strftime("%m-%d %H:%M:%S" if is_other_day else "%H:%M:%S")

    def length(self, seconds: float) -> str:
        """Say a length of time in minutes and seconds, or hours; nothing for none."""
        return spoken_length(seconds) if seconds >= 0.5 else ""

    def seats(self, names: Sequence[SeatName]) -> Markup:
        """Name the seats that had a call, in order."""
        return Markup(" → ").join(self.seat(name) for name in names)

    def seat(self, name: SeatName) -> Markup:
        """Name a seat."""
        return both("name.companion" if name.is_companion else "name.seat", n=name.number)

    def figure(self, name: str, value: float | None) -> str:
        """Say a figure: a share in percent, seconds as a length."""
        if value is None:
            return "–"
        if name in SHARES:
            return f"{value:.1%}"
        return spoken_length(value) if name.endswith("_seconds") else f"{value:,}"

    def fault(self, fault: Fault) -> Markup:
        """Name the part that a fault is of."""
        part = f"fault.{fault.kind.partition('_')[0]}"
        is_known = part in WORDS.sentences[LANGUAGES[0]]
        return both(part if is_known else "fault.other")


def spoken_length(seconds: float) -> str:
    """Say seconds as `4:05`, or `1:02:03` from an hour on."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"
    return f"{whole // 60}:{whole % 60:02}"


def _title(picture: DayPicture) -> dict[str, str]:
    """Return the day, or the first and the last, by language."""
    days = [one.day for one in picture.days]
    return {
        language: " – ".join(
            _date_said(language, day) for day in dict.fromkeys((days[0], days[-1]))
        )
        for language in LANGUAGES
    }


def _date_said(language: str, day: date) -> str:
    month = WORDS.say(language, f"month.{day.month}")
    weekday = WORDS.say(language, f"weekday.{day.weekday()}")
    return WORDS.say(
        language, "day.of_day", year=day.year, month=month, day=day.day, weekday=weekday
    )


@dataclass(frozen=True)
class _HalfHour:
    start: datetime
    offered: int
    answered: int
    abandoned: int
    most_waiting: int


def _half_hours(picture: DayPicture) -> list[_HalfHour]:
    return [
        _HalfHour(
            one.start,
            one.figures.offered,
            one.figures.answered,
            one.figures.abandoned,
            most_waiting(picture, one.start, SLOT),
        )
        for day in picture.days
        for one in day.half_hours
    ]


def _top(picture: DayPicture) -> int:
    """Return the count that the queue's chart reaches up to, an even one."""
    most = max(step.waiting for step in picture.queue)
    return next((top for top in QUEUE_TOPS if top >= most), most + most % 2)


def _data(picture: DayPicture) -> dict[str, Any]:
    """Return what the script draws; moments are whole seconds from the start of the picture."""
    start = picture.span.start
    local = start.astimezone(SEOUL)
    seconds = _seconds_from(start)
    is_over = picture.until >= picture.span.end
    return {
        "start": (local.hour * 60 + local.minute) * 60 + local.second,
        "seconds": seconds(picture.span.end),
        "now": None if is_over else seconds(picture.until),
        "days": _day_labels(picture),
        "top": _top(picture),
        "queue": [[seconds(step.at), step.waiting] for step in picture.queue],
        "calls": [
            [one.row, _drawn(one.stretches, seconds, one), ENDS.get(one.end, "")]
            for one in picture.calls
        ],
        "seats": [_drawn(lane.stretches, seconds) for lane in picture.seats],
        "promises": [
            [one.row, [[mark.kind, seconds(mark.at)] for mark in one.marks]]
            for one in picture.promises
        ],
        "faults": [seconds(fault.at) for fault in picture.faults],
    }


def _seconds_from(start: datetime) -> Callable[[datetime], int]:
    return lambda at: round((at - start).total_seconds())


def _day_labels(picture: DayPicture) -> list[str]:
    """Return a label for each midnight in the picture, the first being that of its own day."""
    first = picture.span.start.astimezone(SEOUL).date()
    count = int((picture.span.end - picture.span.start) / timedelta(days=1)) + 2
    labels = [first + timedelta(days=number) for number in range(count)]
    return [f"{day:%m-%d}" for day in labels] if count > 3 else [f"{first:%m-%d}"]


def _drawn(
    stretches: Sequence[Stretch],
    seconds: Callable[[datetime], int],
    call: CallLine | None = None,
) -> str:
    """Write stretches as turns such as `m0 w12 .300`; a dot is where nothing goes on."""
    turns: list[str] = []
    end = 0
    for one in stretches:
        begin = seconds(one.start)
        if turns and begin > end:
            turns.append(f".{end}")
        turns.append(f"{CODES[one.phase]}{begin}")
        end = seconds(one.end)
    if not turns and call is not None and call.ended_at is not None:
        end = max(0, seconds(call.ended_at))
    return " ".join([*turns, f".{end}"])
