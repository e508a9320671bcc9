"""When people call: real days read from a file, thinned to a line's volume, or drawn from rates.

Rule: the same file, date and seed give the same arrivals. Files hold local wall times without a
zone; they are taken as Seoul's.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

SEOUL: Final = ZoneInfo("Asia/Seoul")
INTERVAL_SECONDS: Final = 360
YEAR_CALLS_A_DAY: Final = 445_369 / 365
"""Calls a day of the year 1999 in the Technion file, the mean over all its days."""
LINE_CALLS_A_DAY: Final = 130
"""This line's own volume (129 consultations a day in mid-2025)."""

HOUR_SHARES: Final = (
    *(0.0553, 0.0484, 0.0444, 0.0406, 0.0400, 0.0420, 0.0386, 0.0359),
    *(0.0221, 0.0228, 0.0211, 0.0200, 0.0218, 0.0209, 0.0227, 0.0345),
    *(0.0530, 0.0597, 0.0660, 0.0616, 0.0576, 0.0573, 0.0577, 0.0559),
)
"""Share of a day's calls in each hour, fitted to a helpline's nights (63 % from 18 to 6 h)."""
BURSTINESS: Final = 6.0
"""Variance of an hour's count over its mean in the real 1999 data, median over hours and days."""


def read_day(path: Path, day: date, rng: random.Random) -> list[datetime]:
    """Every arrival of `day` in the Technion file, spread evenly at random in its interval.

    path: columns interval_start, calls; one row for each 6 minutes. Raises ValueError for a date
    that is not in it.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        wanted = day.isoformat()
        counts = [
            (datetime.fromisoformat(row["interval_start"]), int(row["calls"]))
            for row in rows
            if row["interval_start"].startswith(wanted)
        ]
    if not counts:
        raise ValueError(f"{path.name} holds no {wanted}; it has the days of one year.")
    return sorted(
        start.replace(tzinfo=SEOUL) + timedelta(seconds=rng.uniform(0, INTERVAL_SECONDS))
        for start, calls in counts
        for _ in range(calls)
    )


def read_moments(path: Path, first: date, days: int) -> list[datetime]:
    """Arrivals of `days` days from `first` in a file with one moment a row (arrived_at)."""
    start, end = _midnight(first), _midnight(first + timedelta(days=days))
    with path.open(encoding="utf-8", newline="") as file:
        moments = (
            datetime.fromisoformat(row["arrived_at"]).replace(tzinfo=SEOUL)
            for row in csv.DictReader(file)
        )
        return sorted(moment for moment in moments if start <= moment < end)


def thin(arrivals: Iterable[datetime], share: float, rng: random.Random) -> list[datetime]:
    """Keep each arrival with probability `share` (0-1)."""
    return [arrival for arrival in arrivals if rng.random() < share]


def draw_day(day: date, calls_a_day: float, rng: random.Random) -> list[datetime]:
    """Arrivals of a day that never was, where no file is at hand: fitted hours, real burstiness.

    Each hour's rate is its share times a gamma factor of mean 1, so that the count's variance is
    BURSTINESS times its mean where the hour is busy enough to have one.
    """
    midnight = _midnight(day)
    arrivals = []
    for hour, share in enumerate(HOUR_SHARES):
        mean = calls_a_day * share
        shape = mean / (BURSTINESS - 1)
        rate = mean * rng.gammavariate(shape, 1 / shape)
        begin = midnight + timedelta(hours=hour)
        arrivals += [begin + timedelta(seconds=at) for at in _poisson(rate, 3600, rng)]
    return arrivals


def _poisson(mean: float, seconds: float, rng: random.Random) -> list[float]:
    """Moments of a Poisson process with `mean` events in `seconds`, in order."""
    moments = []
    at = rng.expovariate(mean / seconds)
    while at < seconds:
        moments.append(at)
        at += rng.expovariate(mean / seconds)
    return moments


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SEOUL)
