"""When a call is agreed for, in the words of who agrees on it with somebody."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from simulator.days import SEOUL

WORDING: Final = "spoken, 2026-11"
HOURS: Final = range(10, 17)
WINDOWS: Final = (
    ({"days": [0, 1, 2, 3, 4], "from": "10:00", "until": "13:00"},),
    ({"days": [0, 1, 2, 3, 4], "from": "13:00", "until": "18:00"},),
)
HAS_WINDOWS: Final = 0.2
DAYS_AHEAD_MAX: Final = 4

Windows = Sequence[Mapping[str, object]] | None


def agreed_call(now: datetime, rng: random.Random) -> tuple[dict[str, Any], Windows]:
    """Return the body of a call agreed now, its consent heard, and the windows said with it."""
    windows = rng.choice(WINDOWS) if rng.random() < HAS_WINDOWS else None
    body: dict[str, Any] = {
        "at": working_moment(now, rng).isoformat(),
        "consent": {"wording": WORDING, "heard": True},
    }
    return (body | {"windows": list(windows)} if windows else body), windows


def working_moment(now: datetime, rng: random.Random) -> datetime:
    """Return a moment of one of the next days, Monday to Friday, in office hours."""
    local = now.astimezone(SEOUL)
    day = local.date() + timedelta(days=rng.randrange(DAYS_AHEAD_MAX) if local.hour < 9 else 1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    at = time(rng.choice(HOURS), rng.choice((0, 15, 30, 45)))
    return datetime.combine(day, at, SEOUL)
