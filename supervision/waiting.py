"""Why each caller still waits, in words a supervisor reads. Pure.

Rule: the reason is what the dispatcher itself would find at this moment: it is asked of the same
choice, not of a copy of it.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.choose import (
    NO_SKILL_NEEDED,
    ReadyCounselor,
    WaitingCall,
    choose,
    is_any_language,
    level,
)


class Cause(StrEnum):
    """Why a caller waits, for programs."""

    RINGING = "ringing"
    NOBODY_FREE = "nobody_free"
    LANGUAGE = "language"
    SKILL = "skill"
    RESTING = "resting"
    IN_TURN = "in_turn"


@dataclass(frozen=True)
class Why:
    """cause: for programs. reason: the same in English words."""

    cause: Cause
    reason: str


def ringing(name: str) -> Why:
    """The call is being offered to the counselor called `name`."""
    return Why(Cause.RINGING, f"ringing {name}")


NOBODY_FREE = Why(Cause.NOBODY_FREE, "nobody free")
NEXT = Why(Cause.IN_TURN, "about to be offered in turn")
BEHIND = Why(Cause.IN_TURN, "in turn: who is free is asked for an earlier call")
RESTING = Why(Cause.RESTING, "every free counselor just declined or missed this call")


def explain(
    waiting: Sequence[WaitingCall],
    free: Sequence[ReadyCounselor],
    *,
    priority_step_seconds: float,
    skill_relax_seconds: float,
    language_relax_seconds: float,
    now: datetime,
) -> Mapping[uuid.UUID, Why]:
    """Return why each of `waiting` waits, where `free` may be offered calls now."""
    if not free:
        return {call.call_id: NOBODY_FREE for call in waiting}
    matches = choose(
        waiting,
        free,
        priority_step_seconds=priority_step_seconds,
        skill_relax_seconds=skill_relax_seconds,
        language_relax_seconds=language_relax_seconds,
        now=now,
    )
    matched = {match.call_id for match in matches}
    return {
        call.call_id: NEXT
        if call.call_id in matched
        else _unmatched(
            call,
            free,
            is_relaxed=(now - call.queued_at).total_seconds() >= skill_relax_seconds,
            any_language=is_any_language(call, language_relax_seconds, now),
        )
        for call in waiting
    }


def _unmatched(
    call: WaitingCall, free: Sequence[ReadyCounselor], *, is_relaxed: bool, any_language: bool
) -> Why:
    speaking = [held for held in free if any_language or call.language in held.languages]
    if not speaking:
        return Why(Cause.LANGUAGE, f"no one free speaks {call.language}")
    able = [held for held in speaking if is_relaxed or level(held, call.need) > 0]
    if not able and call.need != NO_SKILL_NEEDED:
        return Why(Cause.SKILL, f"no one free has the skill {call.need}")
    if all(held.counselor_id in call.rested for held in able):
        return RESTING
    return BEHIND
