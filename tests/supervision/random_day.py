"""Drives a random day through the line's own actions, and keeps its own record of presences."""

import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import SteppedClock
from core.database import Database
from core.policy import Policy
from counselors.models import CounselingSession, Presence
from routing import actions, calls, line
from routing.dispatch import dispatch
from routing.models import Call, Offer
from routing.states import CallState
from routing.sweep import sweep

Seen = dict[uuid.UUID, tuple[str, str]]
NOTHING = object()


class RandomDay:
    """Counselors and callers who do, at random moments, what may happen on the line.

    seen: what every presence was after each step, by looking; the recount's own truth.
    """

    def __init__(
        self,
        database: Database,
        clock: SteppedClock,
        policy: Policy,
        counselors: list[uuid.UUID],
        seed: int,
    ) -> None:
        self.database = database
        self.clock = clock
        self.policy = policy
        self.counselors = counselors
        self.random = random.Random(seed)
        self.seen: list[tuple[datetime, Seen]] = []
        self._steps: list[tuple[int, Callable[[Session], object]]] = [
            (4, self._arrive),
            (6, self._change_status),
            (14, self._answer_offer),
            (14, self._join_leg),
            (14, self._join_caller),
            (8, self._end),
            (1, self._lose),
            (2, self._leave),
            (9, self._write),
            (1, self._leave_the_menu),
        ]

    def live_through(self, steps: int) -> None:
        """Take `steps` steps: most a few seconds after the one before, some a minute."""
        self._look()
        weights = [weight for weight, _ in self._steps]
        for _ in range(steps):
            pause = self.random.uniform(0, 4 if self.random.random() < 0.8 else 60)
            self.clock.step(round(pause, 3))
            for _, step in self.random.choices(self._steps, weights, k=8):
                with self.database.transaction() as session:
                    happened = step(session) is not NOTHING
                if happened:
                    break
            with self.database.transaction() as session:
                self._tick(session)
            self._look()

    def _look(self) -> None:
        with self.database.transaction() as session:
            rows = session.execute(select(Presence.counselor_id, Presence.status, Presence.state))
            self.seen.append(
                (self.clock.now(), {who: (status, state) for who, status, state in rows})
            )

    def _tick(self, session: Session) -> None:
        sweep(session, self.clock.now(), self.policy)
        session.flush()
        dispatch(session, self.clock.now(), self.policy)

    def _arrive(self, session: Session) -> None:
        now = self.clock.now()
        call = calls.begin(
            session,
            carrier_sid=f"CA{self.random.getrandbits(64):016x}",
            caller_kind="withheld",
            sealed_number=None,
            number_index=None,
            state=CallState.IN_MENU,
            now=now - timedelta(seconds=self.random.randint(0, 20)),
            policy=self.policy,
        )
        if self.random.random() < 0.1:
            return  # still in the menu: never offered
        need = self.random.choice(["talk", "talk", "grief"])
        line.join_queue(
            session,
            call,
            need=need,
            language="ko",
            priority=self.random.choice([0, 0, 1]),
            now=now,
            policy=self.policy,
        )

    def _change_status(self, session: Session) -> None:
        status = self.random.choices(["ready", "break", "off"], [8, 1, 1])[0]
        who = self.random.choice(self.counselors)
        actions.change_status(session, who, status, self.clock.now(), self.policy)

    def _answer_offer(self, session: Session) -> object:
        found = session.scalars(
            select(Offer)
            .join(Call, Call.id == Offer.call_id)
            .where(Offer.state == "open")
            .order_by(Call.carrier_sid)
        ).all()
        if not found:
            return NOTHING
        offer = self.random.choice(found)
        now, policy = self.clock.now(), self.policy
        if self.random.random() < 0.15:
            return actions.decline_offer(session, offer.id, offer.counselor_id, "rest", now, policy)
        return actions.accept_offer(session, offer.id, offer.counselor_id, now, policy)

    def _talk(self, session: Session, *states: str) -> CounselingSession | None:
        found = session.scalars(
            select(CounselingSession)
            .where(CounselingSession.state.in_(states))
            .order_by(CounselingSession.accepted_at)
        ).all()
        return self.random.choice(found) if found else None

    def _join_leg(self, session: Session) -> object:
        talk = self._talk(session, "joining")
        if talk is None:
            return NOTHING
        leg_sid = f"CA{talk.id.hex}"
        return line.counselor_joined(session, talk.id, leg_sid, self.clock.now(), self.policy)

    def _join_caller(self, session: Session) -> object:
        talk = self._talk(session, "talking")
        if talk is None or talk.joined_at is not None:
            return NOTHING
        sid = session.get_one(Call, talk.call_id).carrier_sid
        return line.caller_joined(session, talk.id, sid, self.clock.now())

    def _end(self, session: Session) -> object:
        talk = self._talk(session, "joining", "talking")
        if talk is None or (talk.joined_at is None and self.random.random() < 0.8):
            return NOTHING
        return actions.end_session(
            session, talk.id, talk.counselor_id, self.clock.now(), self.policy
        )

    def _lose(self, session: Session) -> object:
        talk = self._talk(session, "joining", "talking")
        if talk is None:
            return NOTHING
        return line.lose_counselor(session, talk.id, "leg lost", self.clock.now(), self.policy)

    def _write(self, session: Session) -> object:
        talk = self._talk(session, "wrapping")
        if talk is None or talk.counselor_id == self.counselors[0]:
            return NOTHING  # the first counselor never writes an outcome
        now = self.clock.now()
        return actions.write_outcome(
            session, talk.id, talk.counselor_id, {"kind": "x"}, None, now, self.policy
        )

    def _leave(self, session: Session) -> object:
        return self._hang_up(session, "waiting", "offered", "connected", "wrapping")

    def _leave_the_menu(self, session: Session) -> object:
        return self._hang_up(session, "in_menu")

    def _hang_up(self, session: Session, *states: str) -> object:
        found = session.scalars(
            select(Call)
            .where(Call.state.in_(states))
            .order_by(Call.arrived_at, Call.carrier_sid)
            .with_for_update()
        ).all()
        if not found:
            return NOTHING
        call = found[-1] if self.random.random() < 0.4 else self.random.choice(found)
        return line.caller_left(session, call, "hung up", self.clock.now(), self.policy)
