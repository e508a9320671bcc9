"""Runs the migrations over the connection or URL it is handed."""

# ruff: noqa: F401 - importing the models fills the metadata

from alembic import context
from sqlalchemy import Connection, create_engine

import callbacks.models
import citizens.models
import core.models
import counselors.models
import ivr.models
import routing.models
from core.database import Base

config = context.config


def run() -> None:
    """Migrate inside one transaction, under a lock so that two starts don't race."""
    connection = config.attributes.get("connection")
    if connection is not None:
        _migrate(connection)
        return
    with create_engine(config.get_main_option("sqlalchemy.url") or "").begin() as opened:
        _migrate(opened)


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(120120)")
        context.run_migrations()


run()
