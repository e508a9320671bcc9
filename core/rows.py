"""Rows as objects, the short way: found by one statement, written by one as the transaction ends.

The library's own way comes to the same with several times the work, which every turn of a call
would pay. What is found here belongs to the session like anything else: whoever changes it changes
the row, and the library sees it.
"""

import uuid
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.abc import Params
from sqlalchemy import JSON, inspect
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapper,
    Session,
    configure_mappers,
    make_transient_to_detached,
)
from sqlalchemy.orm.attributes import set_committed_value

from core.statements import ask, roll_back

_LATER = "rows_to_add"
T = TypeVar("T", bound=DeclarativeBase)
Statement = tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class _Shape:
    """How a class lies in its table.

    key: its primary key's column. plain: what is written as it is (all but JSON; nothing where the
    key has two columns); the library writes the rest.
    """

    mapper: Mapper[Any]
    make: Callable[[], Any]
    table: str
    names: tuple[str, ...]
    key: str
    key_at: int
    plain: frozenset[str]


@cache
def _shape(model: Hashable) -> _Shape:
    configure_mappers()
    mapper: Mapper[Any] = inspect(model)
    names = tuple(str(column.key) for column in mapper.columns)
    keys = [str(column.key) for column in mapper.primary_key]
    plain = (column.key for column in mapper.columns if not isinstance(column.type, JSON))
    return _Shape(
        mapper,
        mapper.class_manager.new_instance,
        mapper.class_.__tablename__,
        names,
        keys[0],
        names.index(keys[0]),
        frozenset(plain) if len(keys) == 1 else frozenset(),
    )


@cache
def _select(model: Hashable, condition: str) -> str:
    shape = _shape(model)
    return f"SELECT {', '.join(shape.names)} FROM {shape.table} WHERE {condition}"


def find(session: Session, model: type[T], condition: LiteralString, values: Params) -> T | None:
    """Return the first row for which `condition` (SQL after WHERE, ORDER BY and locks too) holds.

    An object that the session has already is shown as its row stands now.
    """
    if any(type(held) is model for held in session.dirty):
        _write_changes(session)
    row = ask(session, _select(model, condition), values).fetchone()
    return None if row is None else _held(session, _shape(model), row)


def by_id(session: Session, model: type[T], key: uuid.UUID) -> T | None:
    """Return the object with this primary key, as the session has it or as its row stands."""
    shape = _shape(model)
    held: T | None = session.identity_map.get(shape.mapper.identity_key_from_primary_key((key,)))
    return held or find(session, model, f"{shape.key} = %s", (key,))


def locked(session: Session, model: type[T], key: uuid.UUID) -> T | None:
    """Return the object with this primary key as its row stands, under a row lock."""
    return find(session, model, f"{_shape(model).key} = %s FOR UPDATE", (key,))


def insert(session: Session, model: type[T], condition: LiteralString, **values: Any) -> T | None:
    """Insert a row and return it; None where `condition` (SQL after VALUES) left it out."""
    shape = _shape(model)
    row = ask(session, _insert(model, tuple(values), condition), tuple(values.values())).fetchone()
    return None if row is None else _held(session, shape, row)


@cache
def _insert(model: Hashable, names: tuple[str, ...], condition: str) -> str:
    shape = _shape(model)
    return f"{_rows_in(shape.table, names, 1)} {condition} RETURNING {', '.join(shape.names)}"


def _held(session: Session, shape: _Shape, row: Sequence[Any]) -> Any:
    key = shape.mapper.identity_key_from_primary_key((row[shape.key_at],))
    held = session.identity_map.get(key)
    if held is not None:
        known = held.__dict__
        for name, value in zip(shape.names, row, strict=True):
            if known.get(name, shape) != value:  # as it was a moment ago, nearly always
                set_committed_value(held, name, value)
        return held
    made = shape.make()
    made.__dict__.update(zip(shape.names, row, strict=True))
    make_transient_to_detached(made)
    session.add(made)
    return made


def add_later(session: Session, table: str, row: Mapping[str, Any]) -> None:
    """Insert a row by the transaction's last statement; nothing in it reads the row before.

    Rows of one table keep their order. Inside a savepoint the row is inserted at once, since the
    savepoint may be undone by itself.
    """
    if session.in_nested_transaction():
        ask(session, _rows_in(table, tuple(row), 1), tuple(row.values()))
        return
    later: dict[tuple[str, tuple[str, ...]], list[Any]] = session.info.setdefault(_LATER, {})
    later.setdefault((table, tuple(row)), []).extend(row.values())


def _inserts(session: Session) -> list[Statement]:
    later = session.info.pop(_LATER, {})
    return [
        (_rows_in(table, names, len(values) // len(names)), values)
        for (table, names), values in later.items()
    ]


@cache
def _rows_in(table: str, names: tuple[str, ...], count: int) -> str:
    row = f"({', '.join(['%s'] * len(names))})"
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([row] * count)}"


def write_out(session: Session, last: Statement | None = None) -> "psycopg.Cursor[Any] | None":
    """Write what changed and what was to be written later, and `last`, by one statement.

    Return the cursor of `last`. What was changed leaves the session: the transaction ends here.
    """
    if not _is_simple(session):
        session.flush()
    statements = _inserts(session)
    for held in list(session.dirty):
        names = _changed(held)
        if names:
            statements.append(_update(held, names))
        session.expunge(held)
    if last is not None:
        statements.append(last)
    if not statements:
        return None
    texts, values = zip(*statements, strict=True)
    return ask(session, _joined(texts), [value for each in values for value in each])


def undo(session: Session) -> None:
    """Take back all that the transaction did and was to do."""
    session.info.pop(_LATER, None)
    roll_back(session)


def _write_changes(session: Session) -> None:
    """Write what changed, and let the transaction go on."""
    if not _is_simple(session):
        session.flush()
        return
    for held in session.dirty:
        names = _changed(held)
        if names:
            ask(session, *_update(held, names))
        for name in names:
            set_committed_value(held, name, held.__dict__[name])


def _is_simple(session: Session) -> bool:
    """Tell whether nothing is to be written but plain values of rows that there are."""
    if session.new or session.deleted:
        return False
    return all(
        inspect(held).committed_state.keys() <= _shape(held.__class__).plain
        for held in session.dirty
    )


def _changed(held: Any) -> tuple[str, ...]:
    was, now = inspect(held).committed_state, held.__dict__
    return tuple(name for name, old in was.items() if old != now[name])


def _update(held: Any, names: tuple[str, ...]) -> Statement:
    now, model = held.__dict__, held.__class__
    return _set(model, names), [*(now[name] for name in names), now[_shape(model).key]]


@cache
def _set(model: Hashable, names: tuple[str, ...]) -> str:
    shape = _shape(model)
    changes = ", ".join(f"{name} = %s" for name in names)
    return f"UPDATE {shape.table} SET {changes} WHERE {shape.key} = %s"


@lru_cache(maxsize=1000)
def _joined(statements: tuple[str, ...]) -> str:
    """Return one statement that carries out all; what it returns is what the last one does."""
    *others, last = statements
    if not others:
        return last
    named = ", ".join(f"w{place} AS ({one})" for place, one in enumerate(others))
    return f"WITH {named} {last}"
