"""The short way to rows and back: what the library would find and write, and nothing else."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.clock import SteppedClock
from core.database import Database
from core.rows import add_later, by_id, find, insert, locked, undo, write_out
from core.statements import ask, only
from routing.models import Call, CallEvent, Order

SID = "CA1"


def begun(session: Session, clock: SteppedClock, sid: str = SID) -> Call | None:
    now = clock.now()
    return insert(
        session,
        Call,
        "ON CONFLICT (carrier_sid) DO NOTHING",
        id=uuid.uuid4(),
        carrier_sid=sid,
        state="in_menu",
        state_since=now,
        caller_kind="number",
        sealed_number=b"\x01\x02",
        arrived_at=now,
        heard_at=now,
    )


@pytest.fixture
def call_id(database: Database, clock: SteppedClock) -> uuid.UUID:
    with database.transaction() as session:
        call = begun(session, clock)
        assert call is not None
        return call.id


def note(session: Session, call_id: uuid.UUID, name: str, clock: SteppedClock) -> None:
    row = {"call_id": call_id, "at": clock.now(), "event": name, "state": "in_menu"}
    add_later(session, "call_events", row)


def events(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(CallEvent.event).order_by(CallEvent.id)))


def held(database: Database, call_id: uuid.UUID) -> Call:
    with database.reading() as session:
        return session.get_one(Call, call_id)


def values(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def said(database: Database) -> list[str]:
    heard: list[str] = []
    dialect: Any = database.engine.dialect
    do = dialect.do_execute

    def listen(cursor: Any, statement: str, *rest: Any) -> None:
        heard.append(statement)
        do(cursor, statement, *rest)

    dialect.do_execute = listen
    return heard


def test_it_finds_what_the_library_finds(database: Database, call_id: uuid.UUID) -> None:
    with database.transaction() as session:
        call = find(session, Call, "carrier_sid = %s FOR UPDATE", (SID,))
        assert call is not None
        assert values(call) == values(held(database, call_id))
        assert session.get(Call, call_id) is call
        assert by_id(session, Call, call_id) is call
        assert find(session, Call, "carrier_sid = %s", ("CA2",)) is None


def test_what_was_changed_is_written_and_nothing_else(
    database: Database, call_id: uuid.UUID, clock: SteppedClock
) -> None:
    before = values(held(database, call_id))
    later = clock.now() + timedelta(seconds=5)
    with database.transaction() as session:
        call = locked(session, Call, call_id)
        assert call is not None
        call.state, call.heard_at, call.need = "waiting", later, "talk"
        call.language = "ko"  # as it was
    changed = {"state": "waiting", "heard_at": later, "need": "talk"}
    assert values(held(database, call_id)) == before | changed


def test_all_is_written_by_one_statement(
    database: Database, call_id: uuid.UUID, clock: SteppedClock
) -> None:
    with database.transaction() as session:
        call = locked(session, Call, call_id)
        assert call is not None
        heard = said(database)
        call.state = "waiting"
        note(session, call_id, "first", clock)
        note(session, call_id, "second", clock)
    assert len(heard) == 1
    assert events(database) == ["first", "second"]
    assert held(database, call_id).state == "waiting"


def test_the_last_statement_answers(
    database: Database, call_id: uuid.UUID, clock: SteppedClock
) -> None:
    with database.transaction() as session:
        note(session, call_id, "first", clock)
        cursor = write_out(session, ("SELECT %s::text", ("asked",)))
        assert cursor is not None
        assert only(cursor) == ("asked",)
    assert events(database) == ["first"]


def test_who_looks_again_sees_the_row_as_it_stands_with_the_own_changes(
    database: Database, call_id: uuid.UUID
) -> None:
    with database.transaction() as session:
        call = by_id(session, Call, call_id)
        assert call is not None
        with database.transaction() as other:
            theirs = locked(other, Call, call_id)
            assert theirs is not None
            theirs.need = "talk"
        assert call.need is None
        call.language = "en"
        again = locked(session, Call, call_id)
        assert again is call
        assert call.language == "en"
    now = held(database, call_id)
    assert (now.need, now.language) == ("talk", "en")


def test_what_the_library_asks_sees_the_changes(database: Database, call_id: uuid.UUID) -> None:
    with database.transaction() as session:
        call = locked(session, Call, call_id)
        assert call is not None
        call.state = "waiting"
        assert session.scalars(select(Call.id).where(Call.state == "waiting")).all() == [call_id]


def test_new_objects_and_json_are_written_too(
    database: Database, call_id: uuid.UUID, clock: SteppedClock
) -> None:
    now = clock.now()
    order_id = uuid.uuid4()
    with database.transaction() as session:
        session.add(
            Order(
                id=order_id,
                kind="move",
                call_id=call_id,
                subject_id=call_id,
                details={"to": "join"},
                created_at=now,
                due_at=now,
            )
        )
        note(session, call_id, "ordered", clock)
    with database.transaction() as session:
        order = locked(session, Order, order_id)
        assert order is not None
        assert order.details == {"to": "join"}
        order.details = {"to": "goodbye"}
        order.tries = 2
    with database.reading() as session:
        order = session.get_one(Order, order_id)
    assert (order.details, order.tries) == ({"to": "goodbye"}, 2)
    assert events(database) == ["ordered"]


def test_a_savepoint_that_is_undone_takes_its_rows_along(
    database: Database, call_id: uuid.UUID, clock: SteppedClock
) -> None:
    with database.transaction() as session:
        note(session, call_id, "before", clock)
        with pytest.raises(LookupError), session.begin_nested():
            note(session, call_id, "within", clock)
            raise LookupError
        with session.begin_nested():
            note(session, call_id, "kept", clock)
    assert sorted(events(database)) == ["before", "kept"]


def test_what_is_undone_is_not_written(
    database: Database, call_id: uuid.UUID, clock: SteppedClock
) -> None:
    with database.transaction() as session:
        call = locked(session, Call, call_id)
        assert call is not None
        call.state = "waiting"
        note(session, call_id, "undone", clock)
        undo(session)
    with pytest.raises(LookupError), database.transaction() as session:
        note(session, call_id, "failed", clock)
        raise LookupError
    assert events(database) == []
    assert held(database, call_id).state == "in_menu"


def test_a_row_that_is_there_is_not_inserted_again(
    database: Database, call_id: uuid.UUID, clock: SteppedClock
) -> None:
    with database.transaction() as session:
        assert begun(session, clock) is None
        other = begun(session, clock, "CA2")
        assert other is not None
        assert other.language == "ko"  # the database's own default
    with pytest.raises(IntegrityError), database.transaction() as session:
        ask(session, "UPDATE calls SET carrier_sid = %s", (SID,))


def test_a_connection_that_is_lost_is_not_used_again(
    database: Database, call_id: uuid.UUID
) -> None:
    connections: list[int] = []

    def work(session: Session) -> Call | None:
        connections.append(only(ask(session, "SELECT pg_backend_pid()"))[0])
        if len(connections) == 1:
            with database.transaction() as other:
                kill = text("SELECT pg_terminate_backend(:pid, 5000)")
                other.execute(kill, {"pid": connections[0]})
        return locked(session, Call, call_id)

    found = database.run(work)
    assert found is not None
    assert found.id == call_id
    assert connections[0] != connections[1]
