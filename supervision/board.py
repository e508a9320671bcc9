"""The board's read door: who waits and why, who answers, what the day has come to."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from callbacks.board import figures_of as promises_of
from callbacks.figures import PromiseFigures
from core.clock import SEOUL, seoul_day_start
from core.policy import Policy
from counselors import records as counselor_records
from counselors.records import PresenceRow
from routing import records as routing_records
from routing.choose import ReadyCounselor
from routing.records import QueueRow
from supervision import records
from supervision.figures import DayFigures, Limits, day_figures
from supervision.waiting import NOBODY_FREE, Why, explain, ringing

EXPLAINED_MAX = 10_000  # waiting calls of one need and language
KEPT_SECONDS = 1.0
TICK = timedelta(microseconds=1)  # what happened at this very moment counts
CHEAP_SECONDS = 0.01


@dataclass(frozen=True)
class Waiting:
    """A call that waits, or rings, and why."""

    row: QueueRow
    why: Why


@dataclass(frozen=True)
class Present:
    """A counselor's presence. reachable: an offer would be seen or heard."""

    row: PresenceRow
    reachable: bool


@dataclass(frozen=True)
class Board:
    """All that the board shows, as of `now`. waiting: in the order of asking."""

    now: datetime
    waiting: tuple[Waiting, ...]
    counselors: tuple[Present, ...]
    promises: PromiseFigures
    today: DayFigures


class LatestFigures:
    """Today's figures, read once a second at most where reading them is dear.

    A small day is read in less than CHEAP_SECONDS and then read anew each time. Several threads
    may share one; at worst two of them read at once.
    """

    def __init__(self) -> None:
        self._kept: tuple[datetime, DayFigures] | None = None

    def today(self, session: Session, now: datetime, policy: Policy) -> DayFigures:
        """Return the figures of the Seoul day that holds `now`, at most KEPT_SECONDS old."""
        kept = self._kept
        day = now.astimezone(SEOUL).date()
        if kept is not None and kept[1].day == day:
            age = now - kept[0]
            if timedelta() <= age < timedelta(seconds=KEPT_SECONDS):
                return kept[1]
        begun = time.perf_counter()
        fresh = figures_of(session, day, now, policy)
        is_dear = time.perf_counter() - begun >= CHEAP_SECONDS
        self._kept = (now, fresh) if is_dear else None
        return fresh


def figures_of(session: Session, day: date, now: datetime, policy: Policy) -> DayFigures:
    """Count the figures of a Seoul day as they stand at `now`."""
    limits = Limits(policy.service_level_seconds, policy.short_abandon_seconds)
    calls = records.offered_calls(session, day)
    return day_figures(day, calls, records.work(session, day, now), now, limits)


def board(session: Session, now: datetime, policy: Policy, latest: LatestFigures) -> Board:
    """Return the board as it is at `now`."""
    return Board(
        now=now,
        waiting=_waiting(session, now, policy),
        counselors=_counselors(session, now, policy),
        promises=promises_of(session, seoul_day_start(now), now + TICK, now),
        today=latest.today(session, now, policy),
    )


def _waiting(session: Session, now: datetime, policy: Policy) -> tuple[Waiting, ...]:
    rows = routing_records.waiting(session, policy.priority_step_seconds)
    if not rows:
        return ()
    asked = records.ringing(session)
    reasons = _reasons(session, now, policy)
    return tuple(
        Waiting(
            row,
            ringing(asked[row.call_id])
            if row.call_id in asked
            else reasons.get(row.call_id, NOBODY_FREE),
        )
        for row in rows
    )


def _reasons(session: Session, now: datetime, policy: Policy) -> Mapping[uuid.UUID, Why]:
    free = counselor_records.ready(session, now, policy.heartbeat_seconds_max)
    if not free:
        return {}
    heads = routing_records.heads_of_queue(
        session,
        EXPLAINED_MAX,
        now,
        step_seconds=policy.priority_step_seconds,
        rest_seconds=policy.decline_rest_seconds,
        relax_seconds=policy.skill_relax_seconds,
        language_relax_seconds=policy.language_relax_seconds,
    )
    return explain(
        heads,
        [
            ReadyCounselor(row.counselor_id, row.idle_since, row.skills, row.languages)
            for row in free
        ],
        priority_step_seconds=policy.priority_step_seconds,
        skill_relax_seconds=policy.skill_relax_seconds,
        language_relax_seconds=policy.language_relax_seconds,
        now=now,
    )


def _counselors(session: Session, now: datetime, policy: Policy) -> tuple[Present, ...]:
    heard_after = now - timedelta(seconds=policy.heartbeat_seconds_max)
    return tuple(
        Present(
            row,
            row.endpoint != "browser" or (row.heard_at is not None and row.heard_at >= heard_after),
        )
        for row in counselor_records.presences(session)
    )
