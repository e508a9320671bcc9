"""What the calls to one citizen keep to, read from what is stored. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from callbacks.holidays_kr import holidays_near
from callbacks.schedule import NEVER_OPEN, Rules, WindowError, read_window
from core.clock import SEOUL


def rules_for(
    windows: Sequence[dict[str, Any]],
    purpose: str,
    now: datetime,
    at_night: bool,
    hours_tried: Collection[int],
) -> Rules:
    """Return the rules. Holidays bind companions, not the 24-hour line.

    windows: as stored; where one can't be read nobody is rung by guess, and a person decides.
    """
    try:
        read = tuple(read_window(raw) for raw in windows)
    except WindowError:
        read = (NEVER_OPEN,)
    days = holidays_near(now.astimezone(SEOUL).date()) if purpose == "companion" else frozenset()
    return Rules(read, at_night, days, hours_tried)
