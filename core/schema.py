"""The database's shape: migrate it, and tell whether it is the one this code was written for."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parent.parent


class OldSchema(Exception):
    """The database is not at this program's migration. Run `make migrate`, then start again."""


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def heads() -> frozenset[str]:
    """Return the newest migrations that ship with this code; one, unless two were merged badly."""
    return frozenset(ScriptDirectory.from_config(_alembic()).get_heads())


def current(connection: Connection) -> frozenset[str]:
    """Return the migrations the database stands at; empty for an empty database."""
    return frozenset(MigrationContext.configure(connection).get_current_heads())


def upgrade(url: str) -> None:
    """Migrate the database at `url` to the newest shape; nothing happens when it is there.

    Two at once do not race: `migrations/env.py` holds an advisory lock. No statement time limit,
    because a migration may rightly take longer than a turn of a call.
    """
    config = _alembic()
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def require_current(connection: Connection) -> None:
    """Raise OldSchema when the database is at any other migration than this code's."""
    here, wanted = current(connection), heads()
    if here != wanted:
        stands = ", ".join(sorted(here)) or "nothing"
        raise OldSchema(
            f"The database stands at {stands} and this program needs"
            f" {', '.join(sorted(wanted))}. Run `make migrate`, then start again."
        )
