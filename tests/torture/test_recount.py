"""The recount finds what it is there to find."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from simulator.journal import (
    BridgeChanged,
    Entry,
    LegChanged,
    RestRequested,
    WebhookAnswered,
    WebhookSent,
)
from tests.torture.recount import CALLS, read, wrongs
from tests.torture.story import (
    BESIDE_SECONDS_MAX,
    EXPLAINS_SECONDS,
    SILENCE_SECONDS_MAX,
    unexplained,
    wrongs_of_callers,
)
from tests.torture.windows import Watch

AT = datetime(2026, 3, 2, tzinfo=UTC)
CITIZEN, COUNSELOR = "+821030000000", "+821050000000"


class Tables(Watch):
    """The tables as a test has them: rows of `calls`, and rows by a word of the question."""

    def __init__(self, calls: list[tuple], others: Mapping[str, list[tuple]] | None = None) -> None:
        self._calls, self._others = calls, others or {}

    def rows(self, sql: str, **values: object) -> list[tuple]:
        if sql == CALLS:
            return self._calls
        return next((rows for word, rows in self._others.items() if word in sql), [])


def row(sid: str, *, queued: bool = False, answered: bool = False) -> tuple:
    when = {True: AT, False: None}
    return (sid, "inbound", when[queued], when[answered])


def leg(sid: str, *statuses: str, number: str = CITIZEN, direction: str = "inbound") -> list[Entry]:
    ends = (number, "us") if direction == "inbound" else ("us", number)
    return [LegChanged(AT, sid, status, direction, *ends) for status in statuses]


def answered(sid: str, body: str) -> list[Entry]:
    return [
        WebhookSent(AT, 1, "voice", sid, "POST", "http://x", ()),
        WebhookAnswered(AT, 1, 200, body),
    ]


def found(journal: list[Entry], tables: Tables) -> list[str]:
    return wrongs(read(journal, frozenset({COUNSELOR})), tables)


def test_a_sound_story_is_found_sound() -> None:
    journal = [*leg("CA1", "ringing"), *answered("CA1", "<Gather/>"), *leg("CA1", "completed")]
    assert found(journal, Tables([row("CA1")])) == []


@pytest.mark.parametrize(
    ("said", "rows", "wrong"),
    [
        ("<Gather/>", [], "lost: call CA1 was greeted"),
        ("<Enqueue/>", [row("CA1")], "lost: call CA1 was queued"),
        ("<Say>약속드립니다.</Say>", [row("CA1")], "lost: the promise spoken to CA1"),
        ("", [row("CA1"), row("CA2")], "invented: call CA2"),
    ],
)
def test_what_was_said_and_is_not_stored_is_lost(said: str, rows: list[tuple], wrong: str) -> None:
    journal = [*leg("CA1", "ringing"), *answered("CA1", said), *leg("CA1", "completed")]
    assert [line for line in found(journal, Tables(rows)) if line.startswith(wrong)]


def test_a_leg_that_never_ends_is_stuck() -> None:
    assert found(leg("CA1", "ringing"), Tables([row("CA1")])) == ["stuck: leg CA1 never ended"]


def test_two_legs_for_one_order_are_doubled() -> None:
    url = "http://x/ivr/reached?session=01234567-89ab-cdef-0123-456789abcdef"
    asked = RestRequested(AT, "POST", "/Calls.json", (("Url", url),), 201)
    assert found([asked], Tables([])) == []
    assert found([asked, asked], Tables([]))[0].startswith("doubled: 2 legs for reached")


def test_a_ring_that_no_try_tells_of_is_doubled() -> None:
    journal = leg("CA1", "ringing", "no-answer", direction="outbound-api")
    assert found(journal, Tables([]))[0].startswith("doubled: leg CA1 rang")
    assert found(journal, Tables([], {"c.carrier_sid FROM promise_tries": [("CA1",)]})) == []


def test_two_counselors_in_a_room_are_doubled_and_a_talk_unknown_is_lost() -> None:
    staff = [*leg("CA8", "ringing", number=COUNSELOR), *leg("CA9", "ringing", number=COUNSELOR)]
    joined = [BridgeChanged(AT, "join", "CF1", sid) for sid in ("CA8", "CA1", "CA9")]
    journal = [*staff, *leg("CA1", "ringing"), *joined, *leg("CA1", "completed")]
    told = found(journal, Tables([row("CA1", queued=True)]))
    assert any("share a room" in line for line in told)
    assert any(line.startswith("lost: the talk of CA1") for line in told)


def test_a_talk_that_nobody_had_is_invented() -> None:
    ended = LegChanged(AT + timedelta(seconds=60), "CA1", "completed", "inbound", CITIZEN, "us")
    journal = [*leg("CA1", "ringing"), ended]
    told = found(journal, Tables([row("CA1", queued=True, answered=True)]))
    assert told == ["invented: the talk of CA1, 60 s before its end"]


def test_a_stuck_row_is_found_by_its_question() -> None:
    told = found([], Tables([], {"state = 'calling'": [("p1",)]}))
    assert told == ["a promise is stuck in its call: ('p1',)"]


def test_a_cut_off_is_explained_by_an_outage_shortly_before_it_only() -> None:
    outage = 1000.0
    cut_off = [outage, outage + EXPLAINS_SECONDS - 1, outage + EXPLAINS_SECONDS, outage - 1]
    assert unexplained(cut_off, [outage]) == 2
    assert unexplained(cut_off[:2], [outage]) == 0
    assert unexplained(cut_off[:2], []) == 2


@pytest.mark.parametrize(
    ("suffered", "wrong"),
    [
        ((1, 0.0, 0.0), "1 cut off while a web and the database were up"),
        ((0, BESIDE_SECONDS_MAX, 0.0), "somebody waited beside a free counselor for 10.0 s"),
        ((0, 0.0, SILENCE_SECONDS_MAX), "somebody heard nothing for 10.0 s"),
    ],
)
def test_what_callers_suffer_beyond_its_limit_is_wrong(
    suffered: tuple[int, float, float], wrong: str
) -> None:
    assert wrongs_of_callers(*suffered) == [wrong]


def test_what_callers_suffer_within_its_limits_is_not_wrong() -> None:
    assert wrongs_of_callers(0, BESIDE_SECONDS_MAX - 0.1, SILENCE_SECONDS_MAX - 0.1) == []
