"""Which calls that keep a promise must stop: the citizen may not be rung, or not now. Pure."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callbacks.keeping import rules_for
from callbacks.retry import hours_of
from callbacks.schedule import next_ring
from callbacks.states import PromiseState
from citizens.consent import MayNotCall, may_call

LIVE = (PromiseState.PLANNED, PromiseState.CALLING)


@dataclass(frozen=True)
class Entry:
    """A call in the queue, or ringing, that keeps a promise.

    windows: as stored. consents: purposes that are live. rung_at: earlier tries that count.
    is_on_the_line: the citizen's telephone is busy with another call of ours.
    """

    promise_id: uuid.UUID
    state: PromiseState
    purpose: str
    is_ringing: bool
    windows: Sequence[dict[str, Any]]
    do_not_call: bool
    consents: frozenset[str]
    rung_at: Sequence[datetime]
    is_on_the_line: bool = False


def to_stop(entries: Sequence[Entry], now: datetime) -> list[uuid.UUID]:
    """Return the promises whose calls must stop at `now`."""
    return [entry.promise_id for entry in entries if must_stop(entry, now)]


def must_stop(entry: Entry, now: datetime) -> bool:
    """Tell whether this call must stop: its promise is over, or the citizen may not be rung.

    Who has called in meanwhile would be rung for nothing, and a try be spent.
    A telephone that began to ring in allowed time may ring out.
    """
    if entry.state not in LIVE:
        return True
    allowed = may_call(entry.consents, do_not_call=entry.do_not_call)
    if isinstance(allowed, MayNotCall):
        return True
    if entry.is_ringing:
        return False
    if entry.is_on_the_line:
        return True
    tried = hours_of(entry.rung_at)
    rules = rules_for(entry.windows, entry.purpose, now, allowed.at_night, tried)
    return next_ring(now, rules) != now
