"""Why a caller waits: what the dispatcher itself would find."""

import uuid
from datetime import UTC, datetime, timedelta

from routing.choose import ReadyCounselor, WaitingCall
from supervision.waiting import Cause, explain, ringing

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KIM, LEE = uuid.UUID(int=1), uuid.UUID(int=2)


def call(number: int, waited: float = 0, **fields: object) -> WaitingCall:
    queued_at = NOW - timedelta(seconds=waited)
    return WaitingCall(uuid.UUID(int=number), queued_at, 0, 0.0, "talk", "ko")._replace(**fields)


def counselor(counselor_id: uuid.UUID = KIM, **skills: int) -> ReadyCounselor:
    return ReadyCounselor(counselor_id, NOW, skills, ("ko",))


def causes(calls: list[WaitingCall], free: list[ReadyCounselor]) -> list[Cause]:
    found = explain(
        calls,
        free,
        priority_step_seconds=600,
        skill_relax_seconds=300,
        language_relax_seconds=1800,
        now=NOW,
    )
    return [found[one.call_id].cause for one in calls]


def test_nobody_free() -> None:
    assert causes([call(10)], []) == [Cause.NOBODY_FREE]


def test_nobody_speaks_the_language_until_it_is_relaxed() -> None:
    assert causes([call(10, waited=1799, language="vi")], [counselor()]) == [Cause.LANGUAGE]
    assert causes([call(10, waited=1800, language="vi")], [counselor()]) == [Cause.IN_TURN]


def test_nobody_has_the_skill_until_it_is_relaxed() -> None:
    assert causes([call(10, need="debt")], [counselor(grief=3)]) == [Cause.SKILL]
    assert causes([call(10, waited=300, need="debt")], [counselor(grief=3)]) == [Cause.IN_TURN]
    assert causes([call(10, need="debt")], [counselor(debt=1)]) == [Cause.IN_TURN]


def test_all_who_could_rest_from_this_call() -> None:
    declined = call(10, rested=frozenset({KIM}))
    assert causes([declined], [counselor()]) == [Cause.RESTING]
    assert causes([declined], [counselor(), counselor(LEE)]) == [Cause.IN_TURN]


def test_an_earlier_call_is_asked_first() -> None:
    later, earlier = call(10, waited=5), call(11, waited=60)
    found = explain(
        [later, earlier],
        [counselor()],
        priority_step_seconds=600,
        skill_relax_seconds=300,
        language_relax_seconds=1800,
        now=NOW,
    )
    assert found[earlier.call_id].reason == "about to be offered in turn"
    assert "earlier call" in found[later.call_id].reason


def test_who_is_being_asked_is_named() -> None:
    assert ringing("김하늘").reason == "ringing 김하늘"
