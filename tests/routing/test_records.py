"""SQL and Python agree on the order of asking, and the heads of the queue are enough to choose."""

import random
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from routing import records
from routing.choose import ReadyCounselor, WaitingCall, choose, queue_key
from routing.models import Call
from tests.routing.line_stage import Stage

STEP = 600.0


def fill(stage: Stage, seed: int, count: int = 40) -> list[uuid.UUID]:
    drawn = random.Random(seed)
    return [
        stage.call(
            waited=drawn.choice([0, 30, 299, 300, 301, 900, 2400]) + drawn.random(),
            need=drawn.choice(["talk", "grief", "debt"]),
            priority=drawn.choice([0, 0, 0, 1, 2]),
            language=drawn.choice(["ko", "ko", "en"]),
            head_seconds=drawn.choice([0, 0, 120]),
        )
        for _ in range(count)
    ]


def all_waiting(stage: Stage, rested: dict[uuid.UUID, frozenset[uuid.UUID]]) -> list[WaitingCall]:
    with stage.open() as session:
        return [
            WaitingCall(
                call.id,
                call.queued_at,
                call.priority,
                call.head_seconds,
                call.need,
                call.language,
                call.preferred_counselor_id,
                rested.get(call.id, frozenset()),
            )
            for call in session.query(Call).filter_by(state="waiting")
        ]


def heads(stage: Stage, count: int) -> list[WaitingCall]:
    with stage.open() as session:
        return records.heads_of_queue(
            session,
            count,
            stage.now,
            step_seconds=STEP,
            rest_seconds=60,
            relax_seconds=stage.policy.skill_relax_seconds,
            language_relax_seconds=stage.policy.language_relax_seconds,
        )


def test_the_database_orders_as_the_choice_does(stage: Stage) -> None:
    fill(stage, 7)
    with stage.open() as session:
        rows = [row.call_id for row in records.waiting(session, STEP)]
    expected = sorted(all_waiting(stage, {}), key=lambda held: queue_key(held, STEP))
    assert rows == [held.call_id for held in expected]


def test_places_are_counted_in_that_order(stage: Stage) -> None:
    fill(stage, 8, 12)
    with stage.open() as session:
        rows = records.waiting(session, STEP)
        ahead = [place(stage, session, row.call_id).ahead for row in rows]
    assert ahead == list(range(12))


def place(stage: Stage, session: Session, call_id: uuid.UUID) -> records.Place:
    return records.place(
        session,
        session.get_one(Call, call_id),
        stage.now,
        priority_step_seconds=STEP,
        heartbeat_seconds_max=15,
        language_relax_seconds=stage.policy.language_relax_seconds,
    )


@pytest.mark.parametrize("seed", range(6))
def test_heads_of_the_queue_give_the_same_pairs_as_the_whole_queue(stage: Stage, seed: int) -> None:
    fill(stage, seed)
    drawn = random.Random(seed)
    ready = [
        ReadyCounselor(
            uuid.UUID(int=n),
            stage.now - timedelta(seconds=n),
            drawn.choice([{}, {"grief": 3}, {"debt": 1, "grief": 5}]),
            drawn.choice([("ko",), ("ko", "en")]),
        )
        for n in range(1, 4)
    ]
    settings = {
        "priority_step_seconds": STEP,
        "skill_relax_seconds": stage.policy.skill_relax_seconds,
        "language_relax_seconds": stage.policy.language_relax_seconds,
        "now": stage.now,
    }
    whole = choose(all_waiting(stage, {}), ready, **settings)
    assert choose(heads(stage, len(ready)), ready, **settings) == whole


def test_who_declined_the_head_is_offered_the_next_call_at_once(stage: Stage) -> None:
    counselor = stage.counselor()
    first, second = stage.call(waited=90), stage.call(waited=60)
    offer = stage.dispatch()[0]
    assert offer.call_id == first
    stage.decline(offer)
    again = stage.dispatch()
    assert [(o.call_id, o.counselor_id) for o in again] == [(second, counselor)]


def test_a_relaxed_call_is_not_hidden_behind_an_urgent_one_that_nobody_can_take(
    stage: Stage,
) -> None:
    stage.counselor()
    stage.call(waited=10, need="grief", priority=2)
    patient = stage.call(waited=400, need="grief")
    assert [offer.call_id for offer in stage.dispatch()] == [patient]


def test_seats_are_people_who_may_take_a_call_or_are_on_one(stage: Stage) -> None:
    stage.counselor()
    stage.counselor(status="break")
    stage.counselor(role="companion", endpoint="tel:+82212345678")
    call = stage.call()
    with stage.open() as session:
        assert place(stage, session, call).seats == 1
    stage.later(16)
    with stage.open() as session:
        assert place(stage, session, call).seats == 0


def test_seats_are_people_who_speak_the_language_until_it_is_relaxed(stage: Stage) -> None:
    stage.counselor(endpoint="tel:+82212345678")
    korean, english = stage.call(), stage.call(language="en")
    with stage.open() as session:
        assert [place(stage, session, one).seats for one in (korean, english)] == [1, 0]
    stage.counselor(endpoint="tel:+82212345679", languages=("ko", "en"))
    with stage.open() as session:
        assert [place(stage, session, one).seats for one in (korean, english)] == [2, 1]
    stage.later(stage.policy.language_relax_seconds)
    with stage.open() as session:
        assert place(stage, session, english).seats == 2


def test_whose_certificate_lapsed_at_midnight_is_no_seat(stage: Stage) -> None:
    stage.counselor(endpoint="tel:+82212345678", certified_until=date(2026, 3, 2))
    call = stage.call()
    with stage.open() as session:
        assert place(stage, session, call).seats == 1
    stage.later(14 * 3600)
    with stage.open() as session:
        assert place(stage, session, call).seats == 0


def test_only_what_is_past_its_time_is_overdue(stage: Stage) -> None:
    def seen() -> tuple[int, bool]:
        with stage.open() as session:
            return records.overview(session, stage.now, 15)[:2]

    counselor = stage.counselor()
    stage.call()
    stage.dispatch()
    assert seen() == (1, False)
    stage.later(stage.policy.ring_seconds_max - 1)
    stage.heard(counselor)
    assert seen() == (1, False)
    stage.later(stage.policy.ring_seconds_max)
    stage.heard(counselor)
    assert seen() == (1, True)


def test_an_offer_to_a_browser_that_fell_silent_is_overdue(stage: Stage) -> None:
    stage.counselor()
    stage.call()
    stage.dispatch()
    stage.later(16)
    with stage.open() as session:
        assert records.overview(session, stage.now, 15).is_overdue
