"""Counts a day's figures again, from the journal alone, sharing nothing with the counting proper.

Durations come from call_events; presences from what the driver saw at each step. Written against
the definitions in words: offered, answered, abandoned, SL(T), SL2, ASA, AHT, ACW, occupancy.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from tests.databases import plain


@dataclass
class Story:
    """What the journal tells of one call. Moments are seconds since 1970."""

    queued: float | None = None
    answered: float | None = None
    left: float | None = None
    wait_over: float | None = None
    talk: float = 0.0
    acw: float = 0.0
    closed: bool = False
    recorded: bool = False
    owes: bool = False
    joined: float | None = None
    wrap_from: float | None = None
    busy: list[tuple[float, float]] = field(default_factory=list)


def read_journal(url: str) -> list[tuple[uuid.UUID, float, str, str]]:
    """Return (call, seconds, event, state) of every row, in the order written."""
    with psycopg.connect(plain(url)) as connection:
        rows = connection.execute(
            "SELECT call_id, extract(epoch FROM at)::float8, event, state"
            " FROM call_events ORDER BY id"
        )
        return [(call_id, at, event, state) for call_id, at, event, state in rows]


def stories(journal: list[tuple[uuid.UUID, float, str, str]], now: float) -> list[Story]:
    """Tell each call's story that entered the queue."""
    told: dict[uuid.UUID, Story] = defaultdict(Story)
    for call_id, at, event, state in journal:
        _tell(told[call_id], at, event, state)
    for story in told.values():
        if story.joined is not None:
            story.busy.append((story.joined, now))
        if story.wrap_from is not None:
            story.busy.append((story.wrap_from, now))
    return [story for story in told.values() if story.queued is not None]


def _tell(story: Story, at: float, event: str, state: str) -> None:
    if event == "joined_queue":
        story.queued = at
    elif event == "answered":
        story.joined = at
        if story.answered is None:
            story.answered = story.wait_over = at
    elif event in ("talk_ended", "caller_left", "counselor_lost"):
        _part(story, at, event, state)
    elif event in ("outcome_written", "wrap_lapsed"):
        assert story.wrap_from is not None
        story.acw += at - story.wrap_from
        story.busy.append((story.wrap_from, at))
        story.wrap_from = None
        story.recorded = story.recorded or event == "outcome_written"
        story.owes = story.owes or event == "wrap_lapsed"
    if state == "closed":
        story.closed = True


def _part(story: Story, at: float, event: str, state: str) -> None:
    if story.joined is not None:
        story.talk += at - story.joined
        story.busy.append((story.joined, at))
        story.joined = None
        story.owes = story.owes or event == "counselor_lost"
    if state == "wrapping":
        story.wrap_from = at
    if story.answered is None and event != "counselor_lost":
        story.wait_over = at
        if event == "caller_left":
            story.left = at


def recount(
    told: list[Story],
    seen: list[tuple[datetime, dict[uuid.UUID, tuple[str, str]]]],
    start: float,
    end: float,
    now: float,
    t: float = 20.0,
    short: float = 5.0,
) -> dict[str, Any]:
    """Return the figures of the time from `start` to `end` (seconds), as they stand at `now`."""
    mine = [s for s in told if s.queued is not None and start <= s.queued < end]
    waits_answered = [s.answered - s.queued for s in mine if s.answered is not None]
    waits_left = [s.left - s.queued for s in mine if s.left is not None]
    shorts = len([w for w in waits_left if w <= short])
    fast = len([w for w in waits_answered if w <= t])
    fast_left = len([w for w in waits_left if w <= t])
    done = [s for s in mine if s.answered is not None and s.closed]
    until = min(now, end)
    busy = sum(max(0.0, min(b, until) - max(a, start)) for story in told for a, b in story.busy)
    return {
        "offered": len(mine),
        "answered": len(waits_answered),
        "abandoned": len(waits_left),
        "short_abandoned": shorts,
        "answered_within": fast,
        "service_level": divided(fast, len(mine) - shorts),
        "service_level_2": divided(fast + fast_left, len(waits_answered) + len(waits_left)),
        "answered_within_share": divided(fast, len(waits_answered)),
        "asa_seconds": divided(sum(waits_answered), len(waits_answered)),
        "aht_seconds": divided(sum(s.talk + s.acw for s in done), len(done)),
        "acw_seconds": divided(sum(s.acw for s in done), len(done)),
        "occupancy": divided(busy, present(seen, start, until)),
        "longest_wait_seconds": max(
            ((s.wait_over if s.wait_over is not None else now) - s.queued for s in mine),
            default=None,
        ),
        "unrecorded": len([s for s in mine if s.closed and s.owes and not s.recorded]),
    }


def present(
    seen: list[tuple[datetime, dict[uuid.UUID, tuple[str, str]]]], start: float, until: float
) -> float:
    """Sum, over what was seen, the seconds of who was at work."""
    total = 0.0
    for place, (at, people) in enumerate(seen):
        begin = max(at.timestamp(), start)
        finish = min(seen[place + 1][0].timestamp() if place + 1 < len(seen) else until, until)
        working = [1 for said, does in people.values() if said == "ready" or does in WORKING]
        total += max(0.0, finish - begin) * len(working)
    return total


WORKING = ("on_call", "wrapping")


def divided(part: float, whole: float) -> float | None:
    """Return the share, or None of nothing."""
    return part / whole if whole > 0 else None
