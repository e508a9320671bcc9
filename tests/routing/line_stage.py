"""Puts counselors and calls on a real database for the tests of routing and of the line."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import SteppedClock
from core.database import Database
from core.models import Account
from core.policy import Policy
from counselors import presence
from counselors.models import CounselingSession, Counselor, Presence
from counselors.states import Status
from routing import actions, calls, line
from routing.dispatch import Offered, dispatch
from routing.models import Call, CallEvent, Offer, Order
from routing.states import CallState
from routing.sweep import Swept, sweep
from tests import invariants


@dataclass
class Stage:
    """One database, one clock, and short words for what happens on the line."""

    database: Database
    clock: SteppedClock
    policy: Policy

    @property
    def now(self) -> datetime:
        """The clock's time."""
        return self.clock.now()

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.step(seconds)

    @contextmanager
    def open(self) -> Iterator[Session]:
        """A transaction, after which everything that must always hold is checked."""
        with self.database.transaction() as session:
            yield session
        self.check()

    def check(self) -> None:
        """Fail where an invariant is broken."""
        with self.database.transaction() as session:
            assert invariants.broken(session) == {}

    def counselor(
        self,
        *,
        endpoint: str = "browser",
        status: Status = Status.READY,
        skills: dict[str, int] | None = None,
        languages: tuple[str, ...] = ("ko",),
        role: str = "counselor",
        certified_until: date = date(2030, 1, 1),
        idle_seconds: float = 0,
        counselor_id: uuid.UUID | None = None,
    ) -> uuid.UUID:
        """Add somebody who answers; heard just now."""
        made = counselor_id or uuid.uuid4()
        since = self.now - timedelta(seconds=idle_seconds)
        with self.database.transaction() as session:
            session.add(
                Account(
                    id=made,
                    login=f"c{made.hex[:8]}",
                    name="상담사",
                    role=role,
                    password_hash="-",
                    created_at=since,
                )
            )
            session.flush()
            session.add(
                Counselor(
                    id=made,
                    certificate="social_worker_1",
                    certificate_no="1",
                    certified_until=certified_until,
                    training_hours=60,
                    skills=skills or {},
                    languages=list(languages),
                    endpoint=endpoint,
                )
            )
            session.flush()
            presence.open_presence(session, made, since)
            session.flush()
            held = presence.locked(session, made)
            presence.say(held, status, since)
            held.heard_at = self.now
        return made

    def call(
        self,
        *,
        waited: float = 0,
        need: str = "talk",
        priority: int = 0,
        language: str = "ko",
        sid: str | None = None,
        **columns: Any,
    ) -> uuid.UUID:
        """Add a call that has waited for some seconds."""
        arrived = self.now - timedelta(seconds=waited)
        with self.database.transaction() as session:
            call = calls.begin(
                session,
                carrier_sid=sid or f"CA{uuid.uuid4().hex}",
                caller_kind="mobile",
                sealed_number=None,
                number_index=None,
                state=CallState.IN_MENU,
                now=arrived,
                policy=self.policy,
            )
            line.join_queue(
                session,
                call,
                need=need,
                language=language,
                priority=priority,
                now=arrived,
                policy=self.policy,
            )
            line.hear_of(call, self.now, self.policy)
            for name, value in columns.items():
                setattr(call, name, value)
            return call.id

    def dispatch(self) -> tuple[Offered, ...]:
        """Decide who is asked."""
        with self.open() as session:
            return dispatch(session, self.now, self.policy)

    def sweep(self) -> Swept:
        """Mend what is overdue."""
        with self.open() as session:
            return sweep(session, self.now, self.policy)

    def heard(self, counselor_id: uuid.UUID) -> None:
        """A sign of life of a browser."""
        with self.open() as session:
            presence.heard(session, counselor_id, self.now)

    def say(self, counselor_id: uuid.UUID, status: str) -> None:
        """The counselor says a status."""
        with self.open() as session:
            actions.change_status(session, counselor_id, status, self.now, self.policy)

    def accept(self, offer: Offered) -> actions.Accepted | actions.Gone:
        """The counselor of an offer accepts it."""
        with self.open() as session:
            return actions.accept_offer(
                session, offer.offer_id, offer.counselor_id, self.now, self.policy
            )

    def decline(self, offer: Offered, reason: str = "busy") -> actions.Declined | actions.Gone:
        """The counselor of an offer declines it."""
        with self.open() as session:
            return actions.decline_offer(
                session, offer.offer_id, offer.counselor_id, reason, self.now, self.policy
            )

    def accepted(self) -> tuple[Offered, uuid.UUID]:
        """Offer the next call and accept it; return the offer and the session's id."""
        offer = self.dispatch()[0]
        taken = self.accept(offer)
        assert isinstance(taken, actions.Accepted)
        return offer, taken.session_id

    def talking(self, leg_sid: str = "CAleg") -> tuple[Offered, uuid.UUID]:
        """Offer, accept and join both legs."""
        offer, session_id = self.accepted()
        self.join_counselor(session_id, leg_sid)
        with self.open() as session:
            sid = session.get_one(Call, offer.call_id).carrier_sid
            line.counselor_entered(session, session_id, self.now)
            assert line.caller_joined(session, session_id, sid, self.now) == "changed"
        return offer, session_id

    def join_counselor(self, session_id: uuid.UUID, leg_sid: str = "CAleg") -> line.Effect:
        """The counselor's leg comes."""
        with self.open() as session:
            return line.counselor_joined(session, session_id, leg_sid, self.now, self.policy)

    def lose_leg(self, session_id: uuid.UUID, leg_sid: str = "CAleg") -> line.Effect:
        """The counselor's leg drops."""
        with self.open() as session:
            return line.counselor_leg_ended(
                session, session_id, leg_sid, "dropped", self.now, self.policy
            )

    def leave(self, call_id: uuid.UUID, reason: str = "hung up") -> line.Effect:
        """The caller hangs up."""
        with self.open() as session:
            call = session.get_one(Call, call_id, with_for_update=True)
            return line.caller_left(session, call, reason, self.now, self.policy)

    def end(self, session_id: uuid.UUID, counselor_id: uuid.UUID) -> object:
        """The counselor ends the conversation."""
        with self.open() as session:
            return actions.end_session(session, session_id, counselor_id, self.now, self.policy)

    def write(
        self, session_id: uuid.UUID, counselor_id: uuid.UUID, outcome: dict[str, Any]
    ) -> object:
        """The counselor writes the outcome."""
        with self.open() as session:
            return actions.write_outcome(
                session, session_id, counselor_id, outcome, None, self.now, self.policy
            )

    def get_call(self, call_id: uuid.UUID) -> Call:
        """Read a call."""
        with self.database.transaction() as session:
            return session.get_one(Call, call_id)

    def get_offer(self, offer_id: uuid.UUID) -> Offer:
        """Read an offer."""
        with self.database.transaction() as session:
            return session.get_one(Offer, offer_id)

    def get_talk(self, session_id: uuid.UUID) -> CounselingSession:
        """Read a session."""
        with self.database.transaction() as session:
            return session.get_one(CounselingSession, session_id)

    def get_presence(self, counselor_id: uuid.UUID) -> Presence:
        """Read a presence."""
        with self.database.transaction() as session:
            return session.get_one(Presence, counselor_id)

    def journal(self, call_id: uuid.UUID) -> list[str]:
        """Read what happened to a call, in order."""
        with self.database.transaction() as session:
            rows = session.scalars(
                select(CallEvent.event).where(CallEvent.call_id == call_id).order_by(CallEvent.id)
            )
            return list(rows)

    def orders(self, state: str | None = None) -> list[Order]:
        """Read the orders, oldest first."""
        with self.database.transaction() as session:
            wanted = select(Order).order_by(Order.created_at, Order.due_at)
            if state is not None:
                wanted = wanted.where(Order.state == state)
            return list(session.scalars(wanted))

    def count(self, table: type[Any]) -> int:
        """Count the rows of a table."""
        with self.database.transaction() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0
