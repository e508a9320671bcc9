"""Who is asked next: pairs waiting calls with ready counselors, and says why. Pure.

Rule: calls are taken in the order of `queue_key` (priority bounded by ageing, then arrival); each
goes to the best counselor still free who can serve it: the preferred one, then who speaks its
language, then the highest level of the skill it needs, then the longest idle. No call waits behind
a later one that the same counselor could have served.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

NO_SKILL_NEEDED = "talk"


class WaitingCall(NamedTuple):
    """A call that waits. head_seconds: what a returning caller is advanced by.

    came_at: since when it is in the queue, where its place is older: a call that we make.
    """

    call_id: uuid.UUID
    queued_at: datetime
    priority: int
    head_seconds: float
    need: str
    language: str
    preferred: uuid.UUID | None = None
    rested: frozenset[uuid.UUID] = frozenset()
    came_at: datetime | None = None


class ReadyCounselor(NamedTuple):
    """A counselor who may be offered a call. skills: name -> level 1-5."""

    counselor_id: uuid.UUID
    idle_since: datetime
    skills: Mapping[str, int]
    languages: Sequence[str]


@dataclass(frozen=True)
class Match:
    """One call for one counselor, with the reason in words a counselor reads."""

    call_id: uuid.UUID
    counselor_id: uuid.UUID
    reason: str


def queue_key(call: WaitingCall, priority_step_seconds: float) -> tuple[float, uuid.UUID]:
    """Order of asking: lower first.

    One step of priority is worth `priority_step_seconds` of waiting, so it moves a call ahead by a
    bounded time and nobody starves. The order of two calls never changes while they wait.
    """
    advance = call.priority * priority_step_seconds + call.head_seconds
    return call.queued_at.timestamp() - advance, call.call_id


def choose(
    waiting: Sequence[WaitingCall],
    ready: Sequence[ReadyCounselor],
    *,
    priority_step_seconds: float,
    skill_relax_seconds: float,
    language_relax_seconds: float,
    now: datetime,
) -> list[Match]:
    """Pair calls with counselors, each at most once.

    skill_relax_seconds: a call that waited this long may go to somebody without its skill, and
    after language_relax_seconds in the queue to somebody who does not speak its language. Returns
    the pairs in the order of asking.
    """
    ordered = sorted(waiting, key=lambda call: queue_key(call, priority_step_seconds))
    pool = _Pool(ready)
    matches = []
    for call in ordered:
        if not pool.free:
            break
        picked = pool.take(
            call,
            (now - call.queued_at).total_seconds() >= skill_relax_seconds,
            is_any_language(call, language_relax_seconds, now),
        )
        if picked is not None:
            matches.append(Match(call.call_id, picked.counselor_id, _reason(call, picked, now)))
    return matches


def is_any_language(call: WaitingCall, language_relax_seconds: float, now: datetime) -> bool:
    """Tell whether a call waited so long that a talk in another language is better than none."""
    waited = now - (call.came_at or call.queued_at)
    return waited.total_seconds() >= language_relax_seconds


class _Pool:
    """The counselors still free, ranked once for each kind of need."""

    def __init__(self, ready: Sequence[ReadyCounselor]) -> None:
        self.free = {counselor.counselor_id: counselor for counselor in ready}
        self._ranked: dict[tuple[str, str, bool, bool], list[ReadyCounselor]] = {}

    def take(self, call: WaitingCall, relaxed: bool, any_language: bool) -> ReadyCounselor | None:
        """Return the best counselor for `call` and keep them out of the pool from now on."""
        preferred = self.free.get(call.preferred) if call.preferred else None
        if preferred is not None and preferred.counselor_id not in call.rested:
            return self.free.pop(preferred.counselor_id)
        for candidate in self._candidates(call, relaxed, any_language):
            if candidate.counselor_id not in call.rested:
                return self.free.pop(candidate.counselor_id)
        return None

    def _candidates(
        self, call: WaitingCall, relaxed: bool, any_language: bool
    ) -> Iterator[ReadyCounselor]:
        key = (call.need, call.language, relaxed, any_language)
        ranked = self._ranked.get(key)
        if ranked is None:
            ranked = self._ranked[key] = self._rank(*key)
        else:
            ranked[:] = [held for held in ranked if held.counselor_id in self.free]
        return iter(ranked)

    def _rank(
        self, need: str, language: str, relaxed: bool, any_language: bool
    ) -> list[ReadyCounselor]:
        able = [
            counselor
            for counselor in self.free.values()
            if (any_language or language in counselor.languages)
            and (relaxed or level(counselor, need) > 0)
        ]
        return sorted(able, key=lambda held: _rank_key(held, need, language))


def level(counselor: ReadyCounselor, need: str) -> int:
    """Return the counselor's level 1-5 in the skill `need`, 0 without it; "talk" needs none."""
    return 1 if need == NO_SKILL_NEEDED else counselor.skills.get(need, 0)


def _rank_key(
    counselor: ReadyCounselor, need: str, language: str
) -> tuple[bool, int, datetime, uuid.UUID]:
    return (
        language not in counselor.languages,
        -level(counselor, need),
        counselor.idle_since,
        counselor.counselor_id,
    )


def _reason(call: WaitingCall, picked: ReadyCounselor, now: datetime) -> str:
    if picked.counselor_id == call.preferred:
        return "same counselor as before"
    idle_minutes = max(0, int((now - picked.idle_since).total_seconds() // 60))
    idle = f"longest idle ({idle_minutes} min)"
    if call.language not in picked.languages:
        return f"nobody who speaks {call.language} came free in time; {idle}"
    if call.need == NO_SKILL_NEEDED:
        return idle
    held = level(picked, call.need)
    if held == 0:
        return f"nobody with {call.need} came free in time; {idle}"
    return f"{call.need} level {held}; {idle}"
