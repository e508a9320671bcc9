"""Makes accounts for the tests of access, and an app with nothing but the edges under test."""

import uuid
from collections.abc import Iterable

from flask import Blueprint, Flask

from core import access, openapi, problems
from core.clock import SteppedClock
from core.database import Database
from core.models import Account
from core.passwords import hash_password
from core.services import EXTENSION, Services

PASSWORD = "a long enough password"
_HASH = hash_password(PASSWORD)


def add_account(
    database: Database, clock: SteppedClock, login: str = "kim", role: str = "counselor"
) -> uuid.UUID:
    """Add an account with PASSWORD and return its id."""
    account_id = uuid.uuid4()
    with database.transaction() as session:
        session.add(
            Account(
                id=account_id,
                login=login,
                name=f"{login}의 이름",
                role=role,
                password_hash=_HASH,
                created_at=clock.now(),
            )
        )
    return account_id


def make_app(services: Services, blueprints: Iterable[Blueprint]) -> Flask:
    """Return an app with `blueprints`, guarded as the real one is."""
    app = Flask(__name__)
    app.testing = True
    app.extensions[EXTENSION] = services
    access.guard(app)
    problems.install(app)
    for blueprint in (*blueprints, openapi.blueprint):
        app.register_blueprint(blueprint)
    return app
