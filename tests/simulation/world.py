"""A whole telephone world in one process: the real application and PostgreSQL, simulated people.

One clock, one seed. The application's background work gets its turn after each event, and ticks
of the dispatcher that could change nothing are left out (`every_tick` leaves none out; a test
holds that the story is the same).
"""

import base64
import io
import random
import uuid
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from app import create_app
from core.config import load_config
from core.database import Database
from core.live import StillLive
from core.metrics import Metrics
from core.policy import load_policy
from core.sealing import Sealer
from core.services import Services, install
from core.work import InlineWork
from counselors.roster import import_roster
from ivr.carry_out import carry_out
from ivr.dispatcher import CARRY_OUT, tick
from ivr.spoken import page
from simulator.exchange import Exchange
from simulator.kernel import Timer, VirtualKernel
from simulator.people import Caller, Habits, Switchboard, send_callers
from simulator.rest import Rest
from simulator.settings import Settings
from simulator.sounds import Recording, Sound, estimated_seconds
from simulator.staff import BrowserCounselor, Counselor, WorkHabits
from simulator.transport_wsgi import WsgiTransport
from tests.simulation.dues import Dues, Watch
from tests.simulation.holds import wrongs_at_end, wrongs_now, wrongs_of_recount
from tests.simulation.recount import Figures, digest, figures, recount
from tests.simulation.wires import InProcessCarrier, KernelClock, WsgiServer

SHIFT_SECONDS = 8 * 3600
SETTLE_ROUNDS_MAX = 200
DRAIN_SECONDS_MAX = 12 * 3600
PASSWORD = "a simulated counselor's password"
DATA_KEY = bytes(range(120, 152))
DESK = 3


@dataclass(frozen=True)
class Plan:
    """What a simulated stretch consists of.

    browsers: so many seats are held by somebody at the desk page during `browser_hours` of each
    day from the start (their looking every few seconds costs a large part of the run).
    """

    start: datetime
    hours: float
    arrivals: Sequence[datetime]
    seats: int
    seed: int
    browsers: int = 1
    browser_hours: tuple[float, float] = (13, 16)
    habits: Habits = field(default_factory=Habits)
    work_habits: WorkHabits = field(default_factory=WorkHabits)
    every_tick: bool = False
    check_every_seconds: float = 900.0


class World:
    """Application, exchange and people, ready to `run`."""

    def __init__(self, database_url: str, plan: Plan) -> None:
        self.plan = plan
        self.kernel = VirtualKernel(plan.start)
        self.database = Database(database_url, pool_size=3)
        self.services = _services(database_url, self.database, self.kernel)
        self.work = self.services.work
        self._watch = Watch(database_url, self.services.policy)
        self.app = create_app(self.services)
        self.server = WsgiServer(self.app)
        settings = Settings(seed=str(plan.seed))
        transport = WsgiTransport(self.app, self.kernel, latency_seconds=0.05)
        self.exchange = Exchange(self.kernel, settings, transport, self._sound_seconds)
        self.carrier = InProcessCarrier(self.services.config, Rest(self.exchange))
        self.switchboard = Switchboard()
        self.callers: list[Caller] = []
        self.counselors: list[Counselor] = []
        self.ticks = 0
        self._length = cache(self._measured)
        self._seen_line = 0
        self._is_due = False
        self._alarm: Timer | None = None
        self._alarm_at: datetime | None = None
        self.wrongs: list[str] = []
        self.kernel.after_each.append(self._settle)

    # -- the story -----------------------------------------------------------------------------

    def run(self) -> None:
        """Live through the plan, then until every caller is served and every seat is free."""
        plan = self.plan
        with seeded_ids(plan.seed):
            install(self.services)
            try:
                self.hire()
                self.kernel.at(plan.check_every_seconds, self._check)
                self.callers = send_callers(
                    self.exchange, self.switchboard, plan.arrivals, plan.seed, plan.habits
                )
                self.kernel.run_until(plan.start + timedelta(hours=plan.hours))
                self._drain()
            finally:
                install(None)
        for counselor in self.counselors:
            counselor.close_diary()

    def close(self) -> None:
        """Let the database go."""
        self._watch.close()
        self.database.close()

    def findings(self) -> list[str]:
        """What did not hold, at any sampled moment or at the end; empty where all is well."""
        now, policy = self.kernel.now(), self.services.policy
        seen = recount(self.exchange.journal)
        with self.database.transaction() as session:
            at_end = wrongs_at_end(session, now, policy)
            return [*self.wrongs, *at_end, *wrongs_of_recount(session, seen)]

    def figures(self) -> Figures:
        """The stretch in figures, from the exchange's journal and the counselors' diaries."""
        return figures(recount(self.exchange.journal), self.counselors)

    def digest(self) -> str:
        """One word for the whole story."""
        return digest(self.exchange.journal)

    def _check(self) -> None:
        """Sample what must hold at every moment."""
        now = self.kernel.now()
        with self.database.transaction() as session:
            wrongs = wrongs_now(session, now, self.services.policy)
        self.wrongs += [f"{now:%H:%M:%S} {wrong}" for wrong in wrongs]
        self.kernel.at(self.plan.check_every_seconds, self._check)

    def _drain(self) -> None:
        """Nobody new calls; whoever is on the line is served or gives up."""
        until = self.kernel.now() + timedelta(seconds=DRAIN_SECONDS_MAX)
        while self.kernel.now() < until and self._anybody():
            self.kernel.run_for(60)
        self.kernel.run_for(self.services.policy.wrap_seconds_max + 10)  # what nobody writes up

    def _anybody(self) -> bool:
        legs = self.exchange.legs.values()
        return any(leg.live for leg in legs) or any(each.busy for each in self.counselors)

    def hire(self) -> None:
        """Import the roster, and let each counselor come to the shifts that are theirs."""
        shifts = 1 + int((self.plan.hours * 3600 + DRAIN_SECONDS_MAX) // SHIFT_SECONDS)
        rows = [ROSTER_HEADER]
        for seat in range(self.plan.seats):
            people = [self._employ(seat, turn, rows) for turn in range(min(3, shifts))]
            at_desk = self._employ(seat, DESK, rows) if seat < self.plan.browsers else None
            for shift in range(shifts):
                self._book(people[shift % 3], at_desk, shift, seat)
        with self.database.transaction() as session:
            report = import_roster(session, "\n".join(rows), self.kernel.now())
        assert not report.faults, report.faults

    def _book(self, person: Counselor, at_desk: Counselor | None, shift: int, seat: int) -> None:
        """Seats change at slightly different minutes, the next person a little before."""
        late = seat * 1200 / max(1, self.plan.seats) if shift else 0
        begin = shift * SHIFT_SECONDS + late
        end = (shift + 1) * SHIFT_SECONDS + late + 300
        day = shift // 3 * 24
        from_hour, to_hour = (day + hour for hour in self.plan.browser_hours)
        if at_desk is None or from_hour * 3600 >= end or to_hour * 3600 <= begin:
            self._work(person, begin, end)
            return
        self._work(person, begin, from_hour * 3600)
        self._work(at_desk, max(begin, from_hour * 3600), min(end, to_hour * 3600))
        self._work(person, to_hour * 3600, end)

    def _work(self, person: Counselor, begin: float, end: float) -> None:
        if end - begin > 1200:
            self.kernel.at(begin, person.begin_shift)
            self.kernel.at(end, person.end_shift)

    def _employ(self, seat: int, turn: int, rows: list[str]) -> Counselor:
        browser = turn == DESK
        address = _address(seat, turn)
        rows.append(_roster_row(seat, turn, "browser" if browser else address))
        self.counselors.append(self._counselor(seat, turn, address, browser))
        return self.counselors[-1]

    def _counselor(self, seat: int, turn: int, address: str, browser: bool) -> Counselor:
        made = BrowserCounselor if browser else Counselor
        return made(
            self.exchange,
            self.server,
            self.switchboard,
            login=_login(seat, turn),
            password=PASSWORD,
            address=address.removeprefix("tel:"),
            seed=f"{self.plan.seed}/counselor/{seat}/{turn}",
            habits=self.plan.work_habits,
        )

    # -- the application's background work -----------------------------------------------------

    def _settle(self) -> None:
        """Let the dispatcher and the worker do what the last event gave them, until quiet."""
        live = self.services.live
        if live.seen("line") == self._seen_line and not self._is_due:
            return
        self._is_due = False
        for _ in range(SETTLE_ROUNDS_MAX):
            self._seen_line = live.seen("line")
            found = self._watch.dues()
            if not (self.plan.every_tick or found.now(self.kernel.now())):
                self._set_alarm(found)
                return
            self._tick()
            if live.seen("line") == self._seen_line:
                self._set_alarm(self._watch.dues())
                return
        raise AssertionError("the application never comes to rest")

    def _tick(self) -> None:
        tick(self.services)
        self.ticks += 1
        for ring in self.work.take():
            assert ring.job == CARRY_OUT, ring.job
            carry_out(self.services, self.carrier, page(self.services), ring.subject_id)

    def _set_alarm(self, found: Dues) -> None:
        """Tick next when a tick can change something, on the dispatcher's own grid of seconds."""
        now = self.kernel.now()
        soon = now + timedelta(milliseconds=1)
        due = soon if found.may_match or self.plan.every_tick else found.at
        if due is None:
            self._cancel_alarm()
            return
        sweep = self.services.policy.sweep_seconds
        past = max(due, soon) - self.plan.start
        at = self.plan.start + timedelta(seconds=-(-past.total_seconds() // sweep) * sweep)
        if at != self._alarm_at:
            self._cancel_alarm()
            self._alarm_at = at
            self._alarm = self.kernel.at((at - now).total_seconds(), self._ring_alarm)

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at = None, None

    def _ring_alarm(self) -> None:
        self._alarm, self._alarm_at = None, None
        self._is_due = True

    # -- sounds --------------------------------------------------------------------------------

    def _sound_seconds(self, sound: Sound) -> float:
        if isinstance(sound, Recording):
            return self._length(sound.url)
        return estimated_seconds(sound)

    def _measured(self, url: str) -> float:
        """How long a recording of the server's really lasts."""
        with wave.open(io.BytesIO(self.server.get(url))) as file:
            return file.getnframes() / file.getframerate()


def _services(url: str, database: Database, kernel: VirtualKernel) -> Services:
    config = load_config(
        {
            "DATABASE_URL": url,
            "SECRET_KEY": "a simulated day's cookie-signing key, long enough",
            "DATA_KEYS": base64.urlsafe_b64encode(DATA_KEY).decode(),
        }
    )
    return Services(
        config=config,
        policy=load_policy(),
        database=database,
        clock=KernelClock(kernel),
        sealer=Sealer((DATA_KEY,)),
        work=InlineWork(),
        live=StillLive(),
        metrics=Metrics(),
    )


@contextmanager
def seeded_ids(seed: int) -> Iterator[None]:
    """Make every uuid4 from the seed, so that ties are broken alike on every run."""
    rng = random.Random(f"{seed}/ids")
    real = uuid.uuid4
    uuid.uuid4 = lambda: uuid.UUID(int=rng.getrandbits(128), version=4)  # type: ignore[assignment]
    try:
        yield
    finally:
        uuid.uuid4 = real


ROSTER_HEADER = (
    "login,name,role,password,certificate,certificate_no,certified_until,training_hours,"
    "skills,languages,endpoint"
)


def _login(seat: int, turn: int) -> str:
    return f"seat{seat:02}-{'abcd'[turn]}"


def _address(seat: int, turn: int) -> str:
    """Every third seat a SIP telephone, the others mobiles."""
    if seat % 3 == 2:
        return f"sip:{_login(seat, turn)}@127.0.0.1"
    return f"tel:+8210{5_000_0000 + seat * 10 + turn:08}"


def _roster_row(seat: int, turn: int, endpoint: str) -> str:
    number = f"SW-1999-{seat:03}{turn}"
    cells = (
        *(_login(seat, turn), f"상담사{seat}", "counselor", PASSWORD, "social_worker_1"),
        *(number, "2099-12-31", "60", "isolation:3", "ko;en", endpoint),
    )
    return ",".join(cells)
