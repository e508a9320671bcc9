"""The migrations add up to the models."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import routing.models  # noqa: F401 - importing the models fills the metadata
from core.database import Base, Database
from core.schema import heads


def test_one_chain_of_migrations() -> None:
    assert len(heads()) == 1


def test_a_migrated_database_is_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
