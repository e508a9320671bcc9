"""The exchange's own record."""

from __future__ import annotations

from simulator.journal import Complaint, Entry, Journal, LegChanged
from tests.simulator.stage import START, Stage


def test_the_oldest_entries_go_beyond_the_bound_and_watchers_see_each() -> None:
    journal = Journal(entries_max=2)
    seen: list[Entry] = []
    journal.watchers.append(seen.append)
    for code in range(4):
        journal.append(Complaint(START, code, ""))
    assert [entry.code for entry in journal.of(Complaint)] == [2, 3]
    assert (len(journal), len(seen)) == (2, 4)


def test_a_calls_life_can_be_recounted_from_it() -> None:
    stage = Stage()
    _, leg = stage.call("<Say>네</Say>")
    stage.run(5)
    statuses = [(entry.call_sid, entry.status) for entry in stage.exchange.journal.of(LegChanged)]
    assert statuses == [(leg.sid, word) for word in ("ringing", "in-progress", "completed")]


def test_ended_calls_and_conferences_are_forgotten_beyond_their_bound() -> None:
    stage = Stage(ended_calls_max=3)
    phone = stage.phone()
    for _ in range(6):
        _, leg = stage.call("<Dial><Conference>r</Conference></Dial>", phone)
        stage.run(1)
        leg.hang_up()
        stage.run(1)
    assert len(stage.exchange.legs) == 3
    assert len(stage.exchange.conferences.by_sid) == 3
