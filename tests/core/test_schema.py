"""Migrations: one head, repeatable, and an old schema is named."""

import pytest
from sqlalchemy import text

from core.database import Database
from core.schema import OldSchema, current, heads, require_current, upgrade


def test_there_is_one_newest_migration() -> None:
    assert len(heads()) == 1


def test_migrating_twice_changes_nothing(database: Database, database_url: str) -> None:
    upgrade(database_url)
    with database.engine.connect() as connection:
        assert current(connection) == heads()
        require_current(connection)


def test_an_old_schema_is_named_with_its_remedy(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with (
        database.engine.connect() as connection,
        pytest.raises(OldSchema, match=r"stands at 0000 .*`make migrate"),
    ):
        require_current(connection)
