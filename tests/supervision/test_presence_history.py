"""The history of presences: one row for each change of status or state, none without."""

import uuid

from sqlalchemy import select

from core.clock import SteppedClock
from core.database import Database
from core.schema import upgrade
from counselors import presence
from counselors.models import PresenceEntry
from counselors.states import PresenceEvent, Status
from tests.supervision.people import add_counselor


def history(database: Database, counselor_id: uuid.UUID) -> list[tuple[str, str]]:
    with database.transaction() as session:
        rows = session.scalars(
            select(PresenceEntry)
            .where(PresenceEntry.counselor_id == counselor_id)
            .order_by(PresenceEntry.id)
        ).all()
        return [(row.status, row.state) for row in rows]


def test_each_change_is_kept(database: Database, clock: SteppedClock) -> None:
    counselor_id = add_counselor(database, clock, "haneul")
    with database.transaction() as session:
        held = presence.locked(session, counselor_id)
        presence.say(held, Status.READY, clock.now())
        presence.say(held, Status.READY, clock.step(1))
        presence.move(held, PresenceEvent.RESERVED, clock.step(1))
        presence.mark_not_answering(held, clock.step(1))
        presence.mark_not_answering(held, clock.step(1))
        presence.move(held, PresenceEvent.OFFER_ENDED, clock.step(1))
    assert history(database, counselor_id) == [
        ("ready", "free"),
        ("ready", "offered"),
        ("break", "offered"),
        ("break", "free"),
    ]


def test_a_change_undone_leaves_no_row(database: Database, clock: SteppedClock) -> None:
    counselor_id = add_counselor(database, clock, "haneul")
    try:
        with database.transaction() as session:
            presence.say(presence.locked(session, counselor_id), Status.READY, clock.now())
            raise InterruptedError
    except InterruptedError:
        pass
    assert history(database, counselor_id) == []


def test_the_tables_are_what_the_migrations_build(database: Database, database_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    import routing.models  # noqa: F401 - importing the models fills the metadata
    from core.database import Base

    upgrade(database_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        ours = [
            change
            for change in compare_metadata(context, Base.metadata)
            if "presence" in str(change) or "unrecorded" in str(change)
        ]
    assert ours == []
