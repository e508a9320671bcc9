"""A few people with telephones, the exchange and the whole line on one virtual clock.

The dispatcher ticks each second while somebody is on the telephone, and at `idle_seconds` else.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from callbacks import actions
from callbacks.models import Promise, Try
from citizens import actions as citizens
from citizens.consent import How
from citizens.models import Citizen
from core.services import Services, install
from core.work import InlineWork
from counselors import presence
from counselors.models import CounselingSession, Presence
from ivr.carry_out import carry_out
from ivr.dispatcher import tick
from ivr.spoken import page
from routing import actions as routing_actions
from routing.models import Call
from simulator.exchange import Exchange
from simulator.journal import Complaint, LegChanged, WebhookAnswered
from simulator.kernel import VirtualKernel
from simulator.legs import Leg
from simulator.rest import Rest
from simulator.settings import Settings
from simulator.sounds import Bridge, Sound, Speech
from simulator.transport_wsgi import WsgiTransport
from tests.consented import consented
from tests.routing.line_stage import Stage
from tests.simulation.wires import InProcessCarrier

CITIZEN = "+821055501234"
HELPLINE = "02-120"
OUTCOME = {"contact_kind": "loneliness_talk", "outcome": "eased_closed"}
SETTLE_ROUNDS_MAX = 50
TALK_SECONDS = 300.0


class WallClock:
    """The clock of the application: the exchange's, and stepped by whoever sets it wrong."""

    def __init__(self, kernel: VirtualKernel) -> None:
        self._kernel = kernel
        self.off_by = timedelta()

    def now(self) -> datetime:
        """The time as the application sees it."""
        return self._kernel.now() + self.off_by


@dataclass
class Person:
    """Somebody with a telephone: answers after so many seconds (None: never), presses keys.

    presses: words heard -> the key pressed then, each as often as it is listed. A talk lasts
    talk_seconds, then this person hangs up.
    """

    town: "Town"
    address: str
    answer_after: float | None = 3.0
    refuses: str = ""
    answered_by: str = "human"
    talk_seconds: float = TALK_SECONDS
    presses: list[tuple[str, str]] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    def dial(self) -> Leg:
        """Call the helpline."""
        self.legs.append(self.town.exchange.dial(self, HELPLINE))
        return self.legs[-1]

    def ring(self, leg: Leg) -> None:
        """It rings."""
        if self.refuses or any(held.live for held in self.legs):
            leg.refuse(self.refuses or "busy", self)
            return
        self.legs.append(leg)
        if self.answer_after is not None:
            self.town.kernel.at(self.answer_after, partial(leg.answer, self))

    def hear(self, leg: Leg, sound: Sound) -> None:
        """Understand what is heard, and press what one would."""
        if isinstance(sound, Bridge):
            self.rooms.append(sound.room_id)
            self.town.kernel.at(self.talk_seconds, leg.hang_up)
        if not isinstance(sound, Speech):
            return
        self.words.append(sound.text)
        for number, (words, key) in enumerate(self.presses):
            if words in sound.text:
                del self.presses[number]
                self.town.kernel.at(1.0, partial(leg.press, key))
                return

    def ended(self, leg: Leg, status: str) -> None:
        """The receiver is back."""
        self.ends.append(status)

    def heard(self, words: str) -> bool:
        """Tell whether something with these words was heard."""
        return any(words in text for text in self.words)

    @property
    def leg(self) -> Leg:
        """The latest leg."""
        return self.legs[-1]


class Town:
    """Application, exchange and people."""

    def __init__(self, services: Services, start: datetime, idle_seconds: float = 30.0) -> None:
        self.kernel = VirtualKernel(start)
        self.clock = WallClock(self.kernel)
        self.services = replace(services, clock=self.clock)
        install(self.services)
        self.idle_seconds = idle_seconds
        self.exchange = Exchange(
            self.kernel,
            Settings(),
            WsgiTransport(create_app(self.services), self.kernel, latency_seconds=0.05),
        )
        self.carrier = InProcessCarrier(self.services.config, Rest(self.exchange))
        self.stage = Stage(services.database, self.clock, services.policy)  # type: ignore[arg-type]
        self.rings_lost: Iterator[bool] | None = None
        self.survives: type[BaseException] = ConnectionError
        self._numbers = count(1)
        self._seen = 0
        self.kernel.after_each.append(self._settle)
        self._next_tick = self.kernel.at(0.0, self._tick_again)

    @property
    def now(self) -> datetime:
        """The application's time."""
        return self.clock.now()

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        self.kernel.run_for(seconds)

    def days(self, count: float) -> None:
        """Let days pass, looked at every quarter of an hour while nobody is on the telephone."""
        usual, self.idle_seconds = self.idle_seconds, 900.0
        self.run(count * 86_400)
        self.idle_seconds = usual
        self._next_tick.cancel()
        self._next_tick = self.kernel.at(0.0, self._tick_again)

    # -- the application's background ----------------------------------------------------------

    def _tick_again(self) -> None:
        self.tick()
        busy = any(leg.live for leg in self.exchange.legs.values())
        self._next_tick = self.kernel.at(1.0 if busy else self.idle_seconds, self._tick_again)

    def tick(self) -> None:
        """One tick of the dispatcher, and a worker that carries out what was rung for."""
        tick(self.services)
        work = self.services.work
        assert isinstance(work, InlineWork)
        for ring in work.take():
            if self.rings_lost is None or not next(self.rings_lost):
                with suppress(self.survives):  # a worker may die; the line lives
                    carry_out(self.services, self.carrier, page(self.services), ring.subject_id)

    def _settle(self) -> None:
        for _ in range(SETTLE_ROUNDS_MAX):
            seen = self.services.live.seen("line")
            if seen == self._seen:
                return
            self._seen = seen
            self.tick()
        raise AssertionError("the application never comes to rest")

    # -- people --------------------------------------------------------------------------------

    def person(self, address: str = CITIZEN, **habits: object) -> Person:
        """A citizen with a telephone."""
        made = Person(self, address, **habits)  # type: ignore[arg-type]
        self.exchange.register(made)
        return made

    def counselor(self, **habits: object) -> tuple[uuid.UUID, Person]:
        """A counselor at a telephone, ready, who takes every offer."""
        address = f"+8210777{next(self._numbers):05}"
        made = self.person(address, **habits)
        made.presses = made.presses or [("일 번을 눌러", "1")] * 50
        return self.stage.counselor(endpoint=f"tel:{address}"), made

    def companion(self) -> tuple[uuid.UUID, Person]:
        """A companion with a softphone."""
        counselor_id = self.stage.counselor(role="companion")
        return counselor_id, self.person(f"client:counselor_{counselor_id.hex}")

    def promise(self, purpose: str = "talk", e164: str = CITIZEN, **wish: object) -> uuid.UUID:
        """Promise a call to a citizen who consented."""
        with self.services.database.transaction() as session:
            citizen = self.citizen(session, e164)
            asked = actions.Wish(purpose=purpose, origin="api", **wish)  # type: ignore[arg-type]
            made = actions.make(session, citizen, asked, self.now, self.services.policy)
            assert isinstance(made, actions.Made)
            return made.promise_id

    def citizen(self, session: Session, e164: str = CITIZEN) -> Citizen:
        """A citizen who consented to be called."""
        return consented(session, e164, self.services.sealer, self.now)

    def forbid(self, e164: str = CITIZEN) -> None:
        """The citizen wants no more calls."""
        with self.services.database.transaction() as session:
            citizen = citizens.know(session, e164, self.services.sealer, "ko", self.now)
            citizens.forbid_calls(session, citizen, "test", How.SPOKEN, self.now)

    def talk_over(self) -> None:
        """Let a talk that began, or is about to, pass, and the time to write its outcome."""
        self.run(30 + TALK_SECONDS + self.services.policy.wrap_seconds_max + 5)

    def finish(self, counselor_id: uuid.UUID, outcome: dict[str, str] = OUTCOME) -> None:
        """The counselor ends the talk and writes its outcome."""
        with self.services.database.transaction() as session:
            talk = session.scalars(
                select(CounselingSession).where(
                    CounselingSession.counselor_id == counselor_id,
                    CounselingSession.state.in_(["talking", "wrapping"]),
                )
            ).one()
            routing_actions.end_session(
                session, talk.id, counselor_id, self.now, self.services.policy
            )
        self.services.live.ring("line")
        self.run(2)
        with self.services.database.transaction() as session:
            routing_actions.write_outcome(
                session, talk.id, counselor_id, outcome, None, self.now, self.services.policy
            )
        self.services.live.ring("line")

    def say(self, counselor_id: uuid.UUID, status: str) -> None:
        """A counselor says a status; a ring that was missed is forgiven."""
        with self.services.database.transaction() as session:
            routing_actions.change_status(
                session, counselor_id, status, self.now, self.services.policy
            )
            presence.locked(session, counselor_id)
        self.services.live.ring("line")

    # -- what can be seen ----------------------------------------------------------------------

    @contextmanager
    def look(self) -> Iterator[Session]:
        """A transaction to read in."""
        with self.services.database.transaction() as session:
            yield session

    def get(self, promise_id: uuid.UUID) -> Promise:
        """One promise as it stands."""
        with self.look() as session:
            return session.get_one(Promise, promise_id)

    def promises(self) -> list[Promise]:
        """All promises, oldest first."""
        with self.look() as session:
            return list(session.scalars(select(Promise).order_by(Promise.made_at)))

    def only(self) -> Promise:
        """The one promise there is."""
        (found,) = self.promises()
        return found

    def outcomes(self, promise_id: uuid.UUID) -> list[str]:
        """What came of the tries."""
        with self.look() as session:
            rows = session.scalars(
                select(Try).where(Try.promise_id == promise_id).order_by(Try.ended_at)
            )
            return [row.outcome for row in rows]

    def calls(self, direction: str) -> list[Call]:
        """All calls of a direction, oldest first."""
        with self.look() as session:
            wanted = select(Call).where(Call.direction == direction).order_by(Call.arrived_at)
            return list(session.scalars(wanted))

    def presence(self, counselor_id: uuid.UUID) -> Presence:
        """A counselor's presence."""
        with self.look() as session:
            return session.get_one(Presence, counselor_id)

    def dials(self, address: str = CITIZEN) -> list[datetime]:
        """When the exchange rang somebody for us, by its own journal."""
        return [
            entry.at
            for entry in self.exchange.journal.of(LegChanged)
            if entry.to == address and entry.direction != "inbound" and entry.status == "ringing"
        ]

    def complaints(self) -> list[str]:
        """What the carrier would show in its debugger, and answers that were no answers."""
        faults = [f"{each.code} {each.message}" for each in self.exchange.journal.of(Complaint)]
        answered = self.exchange.journal.of(WebhookAnswered)
        return faults + [f"{each.status}" for each in answered if each.status not in (200, 204)]
