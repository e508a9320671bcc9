"""The tick over promises: only what must be touched is, and one bad row stops nothing."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from callbacks import actions, entering
from callbacks.models import Promise
from callbacks.records import FAILED_MAX
from callbacks.sweep import DUE_MAX, tend
from citizens import actions as citizens
from tests.callbacks.town import Town


def numbers(count: int) -> list[str]:
    return [f"+8210222{n:05}" for n in range(count)]


def tended(town: Town) -> object:
    with town.look() as session:
        return tend(session, town.now, town.services.policy)


def test_a_promise_that_can_not_be_tended_does_not_stop_the_others(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (town.promise(e164=number) for number in numbers(2))
    real = entering.queue_entry

    def fail(session: Session, promise: Promise, *rest: Any) -> None:
        if promise.id == bad:
            raise RuntimeError("a fault of ours")
        real(session, promise, *rest)

    monkeypatch.setattr(entering, "queue_entry", fail)
    for _ in range(3):
        tended(town)
    assert town.get(good).entry_call_id is not None
    assert town.get(bad).state == "planned"


def test_failing_promises_can_not_crowd_out_the_others(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many fail, and whichever were due first; once it is mended, they are kept too."""
    before = town.now - timedelta(hours=1)
    bad = {town.promise(e164=number) for number in numbers(3 * DUE_MAX)}
    with town.look() as session:
        session.execute(update(Promise).values(next_at=before))
    good = town.promise(e164="+821033300001")
    real, tried = entering.queue_entry, []

    def fail(session: Session, promise: Promise, *rest: Any) -> None:
        if promise.id in bad:
            tried.append(promise.id)
            raise RuntimeError("a fault of ours")
        real(session, promise, *rest)

    monkeypatch.setattr(entering, "queue_entry", fail)
    for _ in range(4):
        tended(town)
    assert town.get(good).entry_call_id is not None
    assert sorted(tried) == sorted(bad), "each once, then it rests"
    town.clock.off_by = timedelta(minutes=1)
    for _ in range(len(bad) // FAILED_MAX):
        tended(town)
    assert sorted(tried) == sorted([*bad, *bad]), "in turn"
    monkeypatch.setattr(entering, "queue_entry", real)
    town.clock.off_by = timedelta(minutes=-30)  # a clock set back makes nobody wait for it
    for _ in range(len(bad) // FAILED_MAX):
        tended(town)
    assert {one.failed_at for one in town.promises()} == {None}


def left_unsettled(
    town: Town, monkeypatch: pytest.MonkeyPatch, settle: Callable[..., None]
) -> uuid.UUID:
    """A promise whose call nobody answered, with `settle` instead of what settles it until now."""
    town.counselor()
    town.person(answer_after=None)
    promise_id = town.promise()
    with monkeypatch.context() as changed:
        changed.setattr(actions, "settle", settle)
        town.run(90)
    return promise_id


def test_a_call_that_can_not_be_settled_rests_and_is_settled_later(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    promise_id = left_unsettled(town, monkeypatch, fail)
    assert town.get(promise_id).failed_at is not None
    town.run(60)
    assert town.outcomes(promise_id) == ["no_answer"]
    assert town.get(promise_id).failed_at is None


def test_a_promise_that_met_anothers_lock_is_settled_at_the_next_sweep(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not broken, so it does not rest: found in a day of seed 564."""
    promise_id = left_unsettled(town, monkeypatch, lambda *_: None)
    with town.look() as another:
        another.execute(text("SELECT FROM calls FOR UPDATE"))
        tended(town)
    assert town.outcomes(promise_id) == []
    with town.look() as another:
        another.execute(text("SELECT FROM promises FOR UPDATE"))
        tended(town)
    assert town.outcomes(promise_id) == []
    tended(town)
    assert town.outcomes(promise_id) == ["no_answer"]


def test_a_promise_that_takes_too_long_to_tend_rests(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would hold the others up each second."""

    def take_long(session: Session, *_: Any) -> None:
        session.execute(text("SET LOCAL statement_timeout = '20ms'"))
        session.execute(text("SELECT pg_sleep(1)"))

    promise_id = left_unsettled(town, monkeypatch, take_long)
    assert town.get(promise_id).failed_at is not None


def test_windows_that_can_not_be_read_wait_for_a_person(town: Town) -> None:
    broken, sound = numbers(2)
    bad = town.promise(e164=broken)
    with town.look() as session:
        citizen = citizens.know(session, broken, town.services.sealer, "ko", town.now)
        citizen.windows = [{"days": "every"}]
    good = town.promise(e164=sound)
    tended(town)
    assert town.get(good).entry_call_id is not None
    assert town.get(bad).state == "for_decision"


def test_windows_spoiled_while_queued_are_not_rung_either(town: Town) -> None:
    person = town.person()
    town.promise()
    town.run(3)
    with town.look() as session:
        session.execute(text("""UPDATE citizens SET windows = '[{"days": "every"}]'"""))
    town.counselor()
    town.run(120)
    assert person.legs == []
    assert town.only().state == "for_decision"


def test_a_queue_at_rest_is_read_and_not_locked(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in numbers(DUE_MAX):
        town.promise(e164=number)
    tended(town)
    said: list[str] = []
    dialect: Any = town.services.database.engine.dialect
    execute = dialect.do_execute

    def listen(cursor: Any, sql: str, values: Any, context: Any = None) -> None:
        said.append(f"{sql} {values}")
        execute(cursor, sql, values, context)

    monkeypatch.setattr(dialect, "do_execute", listen)
    assert not tended(town)
    assert 3 < len(said) < 12
    assert not [sql for sql in said if "FOR UPDATE" in sql or "dispatch" in sql]


def test_many_due_at_once_are_queued_in_the_order_of_their_place(town: Town) -> None:
    places = [town.now - timedelta(minutes=n) for n in range(30)]
    for number, place in zip(numbers(30), places, strict=True):
        town.promise(e164=number, queued_at=place)
    tended(town)
    counselor_id, _ = town.counselor()
    town.run(30)
    asked = [call for call in town.calls("outward") if call.state != "waiting"]
    assert [call.queued_at for call in asked] == [min(places)]
    assert town.presence(counselor_id).state != "free"


def test_no_counselor_at_all_and_the_promise_stands(town: Town) -> None:
    """Peers' bug (Twilio's queued-callback plugin, issue 35): an error where there is no agent."""
    promise_id = town.promise()
    town.days(0.3)
    assert town.get(promise_id).state == "planned"
    assert [call.state for call in town.calls("outward")] == ["waiting"]
