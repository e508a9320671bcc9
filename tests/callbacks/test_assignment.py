"""Who calls: the same one, the substitute, the least loaded; never who may not."""

import uuid
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from callbacks.assignment import (
    Away,
    Candidate,
    Chosen,
    Nobody,
    away,
    choose,
    may_call,
    stands_in_for,
)
from counselors.certificates import NEVER

DAY = date(2026, 3, 3)
PEOPLE = [uuid.UUID(int=i) for i in range(1, 6)]
MARU, NABI, BOM, SAEM, DURU = PEOPLE


def candidate(one: uuid.UUID, held: int = 0, *, is_certified: bool = True) -> Candidate:
    return Candidate(one, is_certified, held)


def test_the_same_companion_each_time_however_loaded() -> None:
    found = choose(MARU, DAY, [candidate(MARU, 40), candidate(NABI)], [])
    assert found == Chosen(MARU, "same companion")


def test_a_named_substitute_while_away_and_the_same_one_after() -> None:
    absence = Away(MARU, DAY, date(2026, 3, 5), BOM)
    people = [candidate(MARU), candidate(NABI), candidate(BOM, 9)]
    assert choose(MARU, DAY, people, [absence]) == Chosen(BOM, "stands in")
    assert choose(MARU, date(2026, 3, 6), people, [absence]) == Chosen(MARU, "same companion")


def test_a_substitute_who_is_away_names_the_next_and_a_circle_ends() -> None:
    chain = [Away(MARU, DAY, None, NABI), Away(NABI, DAY, None, BOM)]
    people = [candidate(one) for one in (MARU, NABI, BOM, SAEM)]
    assert choose(MARU, DAY, people, chain) == Chosen(BOM, "stands in")
    circle = [Away(MARU, DAY, None, NABI), Away(NABI, DAY, None, MARU)]
    assert choose(MARU, DAY, people, circle) == Chosen(BOM, "least loaded")
    assert choose(MARU, DAY, [candidate(MARU)], circle) == Nobody()


def test_the_load_is_spread_and_the_uncertified_are_never_chosen() -> None:
    people = [candidate(MARU, 3), candidate(NABI, 1), candidate(BOM, 0, is_certified=False)]
    assert choose(None, DAY, people, []) == Chosen(NABI, "least loaded")
    assert choose(BOM, DAY, people, []) == Chosen(NABI, "least loaded")


def test_forty_hours_and_no_lapsed_certificate() -> None:
    now = datetime(2026, 3, 3, 14, 59, tzinfo=UTC)  # a minute before midnight in Seoul
    assert may_call(40, NEVER, now)
    assert not may_call(39, date(2030, 1, 1), now)
    assert may_call(40, date(2026, 3, 3), now)
    assert not may_call(40, date(2026, 3, 2), now)


absences = st.lists(
    st.builds(
        Away,
        companion_id=st.sampled_from(PEOPLE),
        from_day=st.dates(date(2026, 2, 20), date(2026, 3, 10)),
        until_day=st.none() | st.dates(date(2026, 2, 20), date(2026, 3, 10)),
        substitute_id=st.sampled_from(PEOPLE),
    ),
    max_size=8,
)
candidates = st.lists(
    st.builds(
        Candidate,
        companion_id=st.sampled_from(PEOPLE),
        is_certified=st.booleans(),
        open_promises=st.integers(0, 50),
    ),
    unique_by=lambda held: held.companion_id,
)


@given(st.none() | st.sampled_from(PEOPLE), candidates, absences)
def test_whoever_is_chosen_is_there_and_certified(
    usual: uuid.UUID | None, people: list[Candidate], away_list: list[Away]
) -> None:
    found = choose(usual, DAY, people, away_list)
    fit = {
        one.companion_id
        for one in people
        if one.is_certified and away(one.companion_id, DAY, away_list) is None
    }
    if isinstance(found, Nobody):
        assert not fit
        return
    assert found.companion_id in fit
    if usual in fit:
        assert found.companion_id == usual


@given(absences)
def test_who_stands_in_for_somebody_sees_their_people(away_list: list[Away]) -> None:
    people = [candidate(one) for one in PEOPLE]
    for one in PEOPLE:
        found = choose(one, DAY, people, away_list)
        if isinstance(found, Chosen) and found.reason == "stands in":
            assert one in stands_in_for(found.companion_id, DAY, away_list)
