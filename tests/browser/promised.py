"""People with promises, made by the rooms' own actions, for tests that look at the pages."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from callbacks import actions
from callbacks.models import Promise, Try
from callbacks.states import PromiseEvent
from citizens import actions as citizens
from citizens.consent import How, Purpose
from core.models import Account
from core.passwords import hash_password
from counselors.states import Status
from routing.models import Call
from tests.browser.real_app import House
from tests.core.people import PASSWORD

CONSENTS = (Purpose.CONTACT_BY_PHONE, Purpose.NIGHT_CALLS)


@dataclass
class Promises:
    """Makes companions, citizens and promises in the house."""

    house: House

    def companion(self, login: str = "maru", name: str = "정마루") -> uuid.UUID:
        """Seat a companion who can sign in."""
        made = self.house.stage.counselor(role="companion", status=Status.OFF)
        with self.house.services.database.transaction() as session:
            account = session.get_one(Account, made)
            account.login, account.name = login, name
            account.password_hash = hash_password(PASSWORD)
        return made

    def counselor(self, login: str) -> uuid.UUID:
        """Seat a counselor who can sign in."""
        made = self.house.stage.counselor(status=Status.OFF)
        with self.house.services.database.transaction() as session:
            account = session.get_one(Account, made)
            account.login = login
            account.password_hash = hash_password(PASSWORD)
        return made

    def account(self, login: str, role: str) -> uuid.UUID:
        """Add somebody without a seat who can sign in."""
        made = uuid.uuid4()
        with self.house.services.database.transaction() as session:
            session.add(
                Account(
                    id=made,
                    login=login,
                    name="박지훈",
                    role=role,
                    password_hash=hash_password(PASSWORD),
                    created_at=self.house.stage.now,
                )
            )
        return made

    def promise(self, last_digits: str, **wish: Any) -> uuid.UUID:
        """Promise a companion's call to a citizen who may be called at any hour."""
        held, now = self.house.services, self.house.stage.now
        with held.database.transaction() as session:
            citizen = citizens.know(session, f"+821012{last_digits}", held.sealer, "ko", now)
            for purpose in CONSENTS:
                citizens.consent(
                    session,
                    citizen,
                    purpose,
                    wording="contact-2026-11/ko",
                    how=How.SPOKEN,
                    heard_by="test",
                    now=now,
                )
            session.flush()
            asked = {"purpose": "companion", "origin": "desk", **wish}
            made = actions.make(session, citizen, actions.Wish(**asked), now, held.policy)
            assert isinstance(made, actions.Made)
            return made.promise_id

    def change(self, promise_id: uuid.UUID, **columns: Any) -> None:
        """Set columns of a promise, to see how the page shows it."""
        with self.house.services.database.transaction() as session:
            promise = session.get_one(Promise, promise_id)
            for name, value in columns.items():
                setattr(promise, name, value)

    def tried(self, promise_id: uuid.UUID, companion_id: uuid.UUID, *outcomes: str) -> None:
        """Write tries that came to nothing."""
        for place, outcome in enumerate(outcomes):
            call_id = self.house.stage.call()
            self.house.stage.leave(call_id)
            with self.house.services.database.transaction() as session:
                session.get_one(Call, call_id).direction = "outward"
                at = self.house.stage.now - timedelta(hours=4 - place)
                session.add(
                    Try(
                        id=uuid.uuid4(),
                        promise_id=promise_id,
                        call_id=call_id,
                        counselor_id=companion_id,
                        rung_at=at,
                        ended_at=at,
                        outcome=outcome,
                    )
                )

    def spend(self, promise_id: uuid.UUID, reason: str = "3 tries, last no_answer") -> None:
        """Hand a promise to a person's decision."""
        with self.house.services.database.transaction() as session:
            promise = session.get_one(Promise, promise_id)
            actions.move(promise, PromiseEvent.TRIES_SPENT, self.house.stage.now, reason)

    def get(self, promise_id: uuid.UUID) -> Promise:
        """Read a promise."""
        with self.house.services.database.transaction() as session:
            return session.get_one(Promise, promise_id)
