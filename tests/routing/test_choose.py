"""The choice: every pair once, in order, nobody passed over, nobody starved."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.choose import Match, ReadyCounselor, WaitingCall, choose, level, queue_key

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
STEP = 600.0
RELAX = 300.0
ANY_LANGUAGE = 1800.0
NEEDS = ("talk", "grief", "debt")
LANGUAGES = ("ko", "en")
COUNSELOR_IDS = [uuid.UUID(int=n) for n in range(1, 9)]


def call(waited: float = 0, n: int = 100, **fields: object) -> WaitingCall:
    made = WaitingCall(uuid.UUID(int=n), NOW - timedelta(seconds=waited), 0, 0.0, "talk", "ko")
    return made._replace(**fields)


def counselor(n: int, idle: float = 0, **fields: object) -> ReadyCounselor:
    made = ReadyCounselor(uuid.UUID(int=n), NOW - timedelta(seconds=idle), {}, ("ko",))
    return made._replace(**fields)


def chosen(waiting: list[WaitingCall], ready: list[ReadyCounselor]) -> list[Match]:
    return choose(
        waiting,
        ready,
        priority_step_seconds=STEP,
        skill_relax_seconds=RELAX,
        language_relax_seconds=ANY_LANGUAGE,
        now=NOW,
    )


waiting_calls = st.lists(
    st.builds(
        WaitingCall,
        call_id=st.uuids(),
        queued_at=st.floats(0, 4000).map(lambda s: NOW - timedelta(seconds=s)),
        priority=st.integers(0, 2),
        head_seconds=st.sampled_from([0.0, 60.0]),
        need=st.sampled_from(NEEDS),
        language=st.sampled_from(LANGUAGES),
        preferred=st.one_of(st.none(), st.sampled_from(COUNSELOR_IDS)),
        rested=st.frozensets(st.sampled_from(COUNSELOR_IDS), max_size=2),
        came_at=st.none() | st.floats(0, 4000).map(lambda s: NOW - timedelta(seconds=s)),
    ),
    max_size=12,
    unique_by=lambda held: held.call_id,
)
ready_counselors = st.lists(
    st.builds(
        ReadyCounselor,
        counselor_id=st.sampled_from(COUNSELOR_IDS),
        idle_since=st.floats(0, 4000).map(lambda s: NOW - timedelta(seconds=s)),
        skills=st.dictionaries(st.sampled_from(NEEDS[1:]), st.integers(1, 5)),
        languages=st.sampled_from([("ko",), ("en",), ("ko", "en")]),
    ),
    max_size=8,
    unique_by=lambda held: held.counselor_id,
)


def may_serve(held: ReadyCounselor, waiting: WaitingCall) -> bool:
    """The rule of service, written again without the code under test."""
    if held.counselor_id in waiting.rested:
        return False
    if held.counselor_id == waiting.preferred:
        return True
    in_queue = (NOW - (waiting.came_at or waiting.queued_at)).total_seconds()
    if waiting.language not in held.languages and in_queue < ANY_LANGUAGE:
        return False
    relaxed = (NOW - waiting.queued_at).total_seconds() >= RELAX
    return relaxed or waiting.need == "talk" or waiting.need in held.skills


@given(waiting_calls, ready_counselors)
@settings(max_examples=200)
def test_each_call_and_each_counselor_at_most_once_and_only_who_may(
    waiting: list[WaitingCall], ready: list[ReadyCounselor]
) -> None:
    pairs = chosen(waiting, ready)
    assert len({pair.call_id for pair in pairs}) == len(pairs)
    assert len({pair.counselor_id for pair in pairs}) == len(pairs)
    calls = {held.call_id: held for held in waiting}
    people = {held.counselor_id: held for held in ready}
    assert all(may_serve(people[p.counselor_id], calls[p.call_id]) for p in pairs)
    assert all(pair.reason for pair in pairs)


@given(waiting_calls, ready_counselors)
@settings(max_examples=200)
def test_no_call_waits_behind_a_later_one_that_the_same_counselor_could_have_served(
    waiting: list[WaitingCall], ready: list[ReadyCounselor]
) -> None:
    pairs = {pair.call_id: pair.counselor_id for pair in chosen(waiting, ready)}
    people = {held.counselor_id: held for held in ready}
    ordered = sorted(waiting, key=lambda held: queue_key(held, STEP))
    for place, unserved in enumerate(ordered):
        if unserved.call_id in pairs:
            continue
        later = (pairs.get(held.call_id) for held in ordered[place + 1 :])
        assert not any(may_serve(people[who], unserved) for who in later if who)
        idle = set(people) - set(pairs.values())
        assert not any(may_serve(people[who], unserved) for who in idle)


@given(waiting_calls, ready_counselors, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_decides_nothing(
    waiting: list[WaitingCall], ready: list[ReadyCounselor], random: object
) -> None:
    expected = chosen(waiting, ready)
    random.shuffle(waiting)  # type: ignore[attr-defined]
    random.shuffle(ready)  # type: ignore[attr-defined]
    assert chosen(waiting, ready) == expected


@given(st.floats(0, 7200), st.integers(0, 3), st.integers(0, 3))
def test_priority_is_worth_a_bounded_time_so_nobody_starves(
    gap: float, lower: int, higher: int
) -> None:
    first = call(waited=gap, n=1, priority=lower)
    later = call(waited=0, n=2, priority=higher)
    if gap > (higher - lower) * STEP:
        assert queue_key(first, STEP) < queue_key(later, STEP)


def test_a_low_priority_call_is_served_within_the_bound_under_constant_urgent_load() -> None:
    """One counselor, an urgent call every 30 s for ever: the patient one waits one step only."""
    patient = call(waited=0, n=1)
    waiting, served_after = [patient], None
    for turn in range(60):
        now = NOW + timedelta(seconds=30 * turn)
        waiting.append(call(n=100 + turn, priority=1)._replace(queued_at=now))
        pair = choose(
            waiting,
            [counselor(1)],
            priority_step_seconds=STEP,
            skill_relax_seconds=RELAX,
            language_relax_seconds=ANY_LANGUAGE,
            now=now,
        )[0]
        if pair.call_id == patient.call_id:
            served_after = 30 * turn
            break
        waiting = [held for held in waiting if held.call_id != pair.call_id]
    assert served_after is not None
    assert served_after <= STEP + 30


def test_among_equals_the_longest_idle_is_asked() -> None:
    pairs = chosen([call()], [counselor(1, idle=10), counselor(2, idle=300)])
    assert pairs[0].counselor_id.int == 2
    assert pairs[0].reason == "longest idle (5 min)"


def test_a_skill_beats_idleness_and_a_higher_level_beats_both() -> None:
    ready = [
        counselor(1, idle=900),
        counselor(2, idle=500, skills={"grief": 2}),
        counselor(3, idle=1, skills={"grief": 5}),
    ]
    pairs = chosen([call(need="grief")], ready)
    assert pairs[0].counselor_id.int == 3
    assert "grief level 5" in pairs[0].reason


def test_a_missing_skill_holds_a_call_back_only_so_long() -> None:
    assert chosen([call(waited=RELAX - 1, need="grief")], [counselor(1)]) == []
    pairs = chosen([call(waited=RELAX, need="grief")], [counselor(1)])
    assert pairs[0].reason.startswith("nobody with grief came free in time")


def test_another_language_holds_a_call_back_only_so_long() -> None:
    assert chosen([call(waited=ANY_LANGUAGE - 1, language="en")], [counselor(1)]) == []
    pairs = chosen([call(waited=ANY_LANGUAGE, language="en")], [counselor(1)])
    assert pairs[0].reason.startswith("nobody who speaks en came free in time")


def test_who_speaks_the_language_comes_first_however_long_it_waited() -> None:
    ready = [counselor(1, idle=900, skills={"grief": 5}), counselor(2, languages=("en",))]
    pairs = chosen([call(waited=9999, language="en", need="grief")], ready)
    assert pairs[0].counselor_id.int == 2


def test_a_call_that_we_make_waits_for_its_language_from_when_it_came() -> None:
    came_at = NOW - timedelta(seconds=ANY_LANGUAGE - 1)
    assert chosen([call(waited=9999, language="en", came_at=came_at)], [counselor(1)]) == []


def test_the_preferred_counselor_comes_first() -> None:
    ready = [counselor(1, idle=900), counselor(2, idle=1)]
    pairs = chosen([call(preferred=uuid.UUID(int=2))], ready)
    assert (pairs[0].counselor_id.int, pairs[0].reason) == (2, "same counselor as before")


def test_a_call_waits_for_no_preferred_counselor_who_is_away() -> None:
    assert chosen([call(preferred=uuid.UUID(int=9))], [counselor(1)])[0].counselor_id.int == 1


def test_who_declined_is_left_alone_with_this_call_and_gets_the_next() -> None:
    first = call(waited=60, n=1, rested=frozenset({uuid.UUID(int=1)}))
    pairs = chosen([first, call(waited=5, n=2)], [counselor(1)])
    assert [pair.call_id.int for pair in pairs] == [2]


def test_talk_needs_no_skill() -> None:
    assert level(counselor(1), "talk") == 1
    assert level(counselor(1, skills={"debt": 3}), "debt") == 3
    assert level(counselor(1), "debt") == 0
