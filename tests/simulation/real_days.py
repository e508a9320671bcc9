"""Days that whole-day runs live through: real ones of 1999, or drawn where their file is not here.

They are lived in a later year of the same calendar: by date the server reports of this century
only. Whoever asks for a day names it as the file does.
"""

import random
from datetime import date, datetime, time, timedelta
from pathlib import Path

from simulator import days

ROOT = Path(__file__).resolve().parents[2]
REAL_DAYS = ROOT.parent / "shared" / "data" / "technion_anonbank_1999_arrivals_6min.csv"
LINE_MOMENTS = REAL_DAYS.with_name("derived_helpline_like_arrivals.csv")
YEAR = 1999
LATER = date(2027, 1, 1) - date(YEAR, 1, 1)
"""Both years begin on a Friday, and neither is a leap year. Moving holidays fall elsewhere."""


def read_date(text: str) -> date:
    """Return the day of the file that a command line names. Raises ValueError."""
    day = date.fromisoformat(text)
    if day.year != YEAR:
        raise ValueError(f"{day} is not in {YEAR}")
    return day


def draw_date(seed: int, count: int) -> date:
    """Return the first of `count` days, by dice of its own: who names it draws the same calls."""
    dice = random.Random(f"{seed}/date")
    return date(YEAR, 1, 1) + timedelta(days=dice.randrange(365 - count))


def midnight(first: date) -> datetime:
    """Return when the day of the file begins, as it is lived."""
    return datetime.combine(first, time(), days.SEOUL) + LATER


def named(start: datetime) -> date:
    """Return as which day of the file a stretch that began at `start` was asked for."""
    return (start.astimezone(days.SEOUL) - LATER).date()


def arrivals(
    first: date, count: int, seed: int, *, whole: bool = False
) -> tuple[list[datetime], str]:
    """Return calls as they are lived and where they are from. whole: all, not this line's few."""
    rng = random.Random(f"{seed}/days")
    dates = [first + timedelta(days=number) for number in range(count)]
    if not REAL_DAYS.exists():
        volume = days.YEAR_CALLS_A_DAY if whole else days.LINE_CALLS_A_DAY
        drawn = [at for day in dates for at in days.draw_day(day, volume, rng)]
        return _lived(drawn), f"drawn from fitted rates, since {REAL_DAYS.name} is not here"
    real = [at for day in dates for at in days.read_day(REAL_DAYS, day, rng)]
    if whole:
        return _lived(real), "a real call centre's day, whole"
    share = days.LINE_CALLS_A_DAY / days.YEAR_CALLS_A_DAY
    few = days.thin(real, share, rng)
    return _lived(few), "a real call centre's day, thinned to this line's volume"


def arrivals_of_line(first: date, count: int) -> tuple[list[datetime], str]:
    """Days of a year at this line's volume and with its nights. Exits where the file is not."""
    if not LINE_MOMENTS.exists():
        raise SystemExit(f"--line reads {LINE_MOMENTS}, which is not here. Leave it out.")
    return _lived(days.read_moments(LINE_MOMENTS, first, count)), "a helpline-like year"


def _lived(moments: list[datetime]) -> list[datetime]:
    return [moment + LATER for moment in moments]
