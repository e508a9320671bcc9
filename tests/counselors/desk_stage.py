"""Sits people down at the real app: tokens without passwords, and clients that carry them."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from core import sign_ins
from core.models import SignIn
from core.services import Services
from routing.dispatch import Offered
from tests.core.people import add_account
from tests.routing.line_stage import Stage


@dataclass
class Desk:
    """One counselor's API client."""

    counselor_id: uuid.UUID
    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        """Read."""
        return self.client.get(f"/api/v1{path}")

    def send(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Change; without a key each request is its own."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)


class House:
    """The app, the stage under it, and the people in it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.stage = Stage(services.database, services.clock, services.policy)  # type: ignore[arg-type]
        self.app: Flask = create_app(services)
        self.app.testing = True

    def desk(self, **given: Any) -> Desk:
        """Seat a counselor."""
        counselor_id = self.stage.counselor(**given)
        return Desk(counselor_id, self.client(counselor_id))

    def person(self, role: str) -> Desk:
        """Add somebody without a seat."""
        clock = self.stage.clock
        account_id = add_account(self.services.database, clock, f"the-{role}", role)
        return Desk(account_id, self.client(account_id))

    def client(self, account_id: uuid.UUID) -> FlaskClient:
        """Return a client with a bearer token of this account."""
        secret, now = secrets.token_urlsafe(32), self.stage.now
        with self.services.database.transaction() as session:
            session.add(
                SignIn(
                    digest=sign_ins.digest(secret),
                    account_id=account_id,
                    kind="token",
                    csrf="",
                    created_at=now,
                    seen_at=now,
                    expires_at=now + timedelta(hours=12),
                )
            )
        client = self.app.test_client(use_cookies=False)
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    def offered(self, **call: Any) -> Offered:
        """Let a call come and be offered."""
        sealed = self.services.sealer.seal("+821012345678", "calls.number")
        self.stage.call(sealed_number=sealed, **call)
        return self.stage.dispatch()[0]
