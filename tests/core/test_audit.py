"""The access log: it only grows, and any change of a row, or of its end, is found."""

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core import audit
from core.audit import GENESIS, Access, _head, _link, check, record, verify
from core.database import Database
from core.sealing import Sealer
from tests.databases import DATA_KEY

NOON = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
OLD, NEW = Sealer((bytes(32),)), Sealer((bytes(range(32)), bytes(32)))
Row = tuple[int, Access, str]


def access(number: int) -> Access:
    at = NOON + timedelta(seconds=number, microseconds=number)
    return Access(at, uuid.UUID(int=number), "127.0.0.1", "reveal", f"calls:{number}", "되걸기")


def chain(length: int, sealer: Sealer = OLD) -> tuple[list[Row], tuple[int, str, str]]:
    rows: list[Row] = []
    before = GENESIS
    for number in range(1, length + 1):
        before_digest = sealer.index(_link(before, access(number)))
        rows.append((number, access(number), before_digest))
        before = before_digest
    return rows, (length, before, sealer.index(_head(length, before)))


def test_a_chain_is_whole_also_after_a_key_rotation() -> None:
    rows, head = chain(20)
    assert check(rows, head, OLD).whole
    assert check(rows, head, NEW).whole
    assert check([], (0, GENESIS, GENESIS), OLD).whole


def test_a_thousand_changes_are_all_found() -> None:
    rows, head = chain(12)
    dice = random.Random(120)
    for _ in range(1000):
        damaged, damaged_head = damage(list(rows), head, dice)
        assert not check(damaged, damaged_head, OLD).whole


def damage(
    rows: list[Row], head: tuple[int, str, str], dice: random.Random
) -> tuple[list[Row], tuple[int, str, str]]:
    at = dice.randrange(len(rows))
    row_id, entry, digest = rows[at]
    how = dice.randrange(6)
    if how == 0:
        del rows[at]
    elif how == 1:
        rows.insert(at, rows[at])
    elif how == 2:
        rows[at] = (row_id, changed(entry, dice), digest)
    elif how == 3:
        rows[at] = (row_id, entry, flipped(digest, dice))
    elif how == 4 and at:
        rows[at], rows[at - 1] = rows[at - 1], rows[at]
    else:
        keep = dice.randrange(len(rows))
        rows = rows[:keep]
        head = dice.choice([head, (keep, rows[-1][2] if rows else GENESIS, head[2])])
    return rows, head


def changed(entry: Access, dice: random.Random) -> Access:
    return dice.choice(
        [
            replace(entry, at=entry.at + timedelta(microseconds=1)),
            replace(entry, account_id=uuid.uuid4()),
            replace(entry, account_id=None),
            replace(entry, address="127.0.0.2"),
            replace(entry, action="view"),
            replace(entry, subject=entry.subject + "0"),
            replace(entry, reason=flipped(entry.reason, dice)),
        ]
    )


def flipped(word: str, dice: random.Random) -> str:
    at = dice.randrange(len(word))
    return word[:at] + chr(ord(word[at]) ^ 1) + word[at + 1 :]


def test_the_database_keeps_the_chain(database: Database, sealer: Sealer) -> None:
    for number in range(1, 6):
        with database.transaction() as session:
            record(session, access(number), sealer)
    with database.transaction() as session:
        verdict = verify(session, sealer)
    assert (verdict.entries, verdict.broken_at) == (5, None)


def test_a_log_that_goes_on_being_written_is_whole(
    database: Database, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By day each verification met a new entry, and said that somebody had changed the log."""
    monkeypatch.setattr(audit, "_BATCH", 1)

    def write(number: int) -> None:
        with database.transaction() as session:
            record(session, access(number), sealer)

    later = [4]

    class Beside(Sealer):
        def indexes(self, text: str) -> tuple[str, ...]:
            if later:
                write(later.pop())
            return super().indexes(text)

    for number in range(1, 4):
        write(number)
    with database.transaction() as session:
        verdict = verify(session, Beside((DATA_KEY,)))
    assert (verdict.entries, verdict.broken_at) == (3, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_log SET reason = ''",
        "DELETE FROM access_log",
        "TRUNCATE access_log",
    ],
)
def test_the_database_refuses_changes_of_the_log(
    database: Database, sealer: Sealer, statement: str
) -> None:
    with database.transaction() as session:
        record(session, access(1), sealer)
    with pytest.raises(DBAPIError, match="only grows"), database.transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_log SET reason = 'x' WHERE id = 2",
        "DELETE FROM access_log WHERE id = 3",
        "DELETE FROM access_log WHERE id = 1",
        "UPDATE access_log SET at = at + interval '1 microsecond' WHERE id = 3",
    ],
)
def test_who_goes_around_the_refusal_is_found(
    database: Database, sealer: Sealer, statement: str
) -> None:
    for number in range(1, 4):
        with database.transaction() as session:
            record(session, access(number), sealer)
    with database.transaction() as session:
        session.execute(text("ALTER TABLE access_log DISABLE TRIGGER ALL"))
        session.execute(text(statement))
    with database.transaction() as session:
        assert not verify(session, sealer).whole
