"""One torture from start to recount: the machine, the town that loads it, the kills."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web

from callbacks.holidays_kr import holidays_near
from citizens import actions as citizen_actions
from citizens.consent import How, Purpose
from core.clock import SEOUL
from core.database import Database
from core.sealing import Sealer
from counselors.roster import import_roster
from tests.databases import DATA_KEY
from tests.stranger import free_port
from tests.torture import evidence, recount
from tests.torture.api import Api
from tests.torture.citizens import Citizen, Pace, Town
from tests.torture.ears import Ears
from tests.torture.exchange import WallExchange, sound_seconds
from tests.torture.front import Front, listen
from tests.torture.killer import Course, Killer, Outage
from tests.torture.machine import WEBS, WORKERS, Machine
from tests.torture.staff import CONSENT, Companion, Counselor, DeskCounselor, Seat
from tests.torture.watching import Watching, resumed
from tests.torture.windows import TABLES, Watch

# helpline.md, section 2: 129 consultations a day, the busiest hour 8.5 % of it: 11 calls.
BUSIEST_HOUR_CALLS = 129 * 0.085
PASSWORD = "a tortured counselor's password"
HEADER = (
    "login,name,role,password,certificate,certificate_no,certified_until,training_hours,"
    "skills,languages,endpoint"
)
DRAIN_SECONDS_MAX = 240.0
EXPLAINS_SECONDS = 30.0
SILENCE_SECONDS_MAX = 10.0
UNEXPLAINED_MAX = 0
"""Callers cut off, though for EXPLAINS_SECONDS a web and PostgreSQL had answered."""
BESIDE_SECONDS_MAX = 10.0
"""How long somebody may wait beside a free counselor: a decline rests for 5 s, and where both webs
were killed the first offer is made once one has started again. Seen so far: 1.4 s."""
KINDS = {"phone": Counselor, "desk": DeskCounselor, "mate": Companion}
PLANS = ("talk",) * 7 + ("menu",) + ("place",) * 2


@dataclass(frozen=True)
class Torture:
    """What is to be done. seconds: over how long the kills fall. times: how many times the
    arrivals of the city's busiest hour. phones, desks, companions: who answers. outage_every: so
    many kills come to one outage. valkey_seconds: how long a stopped Valkey stays away.
    limits: of the line's policy, beside those of `machine.LIMITS`."""

    seed: int = 120
    kills: int = 200
    seconds: float = 1000.0
    times: float = 20.0
    phones: int = 3
    desks: int = 2
    companions: int = 2
    books_every_seconds: float = 30.0
    outage_every: int = 10
    outages: tuple[Outage, ...] = tuple(Outage)
    valkey_seconds: tuple[float, float] = (10.0, 60.0)
    limits: Mapping[str, float] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)


@dataclass
class Outcome:
    """What came of it. wrongs: what was lost, doubled or stuck; empty where all held."""

    wrongs: list[str]
    lines: list[str]


def figures(story: "Story", seen: recount.Seen, resume: list[float]) -> list[str]:
    """Return the torture in figures, a line each."""
    town, told, watch = story.town, story.killer.told, story.watch
    fell = Counter(kill.fell for kill in told.kills)
    tables = Counter(table for kill in told.kills for table in kill.tables if table in TABLES)
    stood = Counter(name for kill in told.kills for name in kill.open)
    victims = Counter(kill.victim for kill in told.kills)
    states = watch.rows("SELECT purpose, state, count(*) FROM promises GROUP BY 1, 2 ORDER BY 1, 2")
    calls = watch.rows("SELECT direction, count(*), count(answered_at) FROM calls GROUP BY 1")
    passed = story.front.passed
    return [
        f"{len(told.kills)} kills over {story.drain_began - story.began:.0f} s: {_list(victims)}",
        f"where they fell: {_list(fell)}",
        f"tables written by the transactions hit: {_list(tables)}",
        f"what stood open at a kill: {_list(stood)}",
        f"outages: {_list(Counter(kind for _, kind in told.outages))}",
        f"started again: {_list(story.machine.starts())}",
        f"callers {town.callers}, their calls {town.calls}, gave up {town.gave_up}, cut off"
        f" {len(town.cut_off)} ({story.unexplained} while a web and the database were up), heard"
        f" that it can't be now {town.told_fallback}",
        "calls: " + ", ".join(f"{way} {count}, {n} answered" for way, count, n in calls),
        f"talks {town.talks}, promises heard {len(town.promises)}; promises: "
        + ", ".join(f"{purpose} {state} {count}" for purpose, state, count in states),
        f"webhooks failed {seen.failed_webhooks}; requests {passed.requests}, passed to the other"
        f" web {passed.failed_over}, none up {passed.refused}",
        f"resumed after a kill: median {resume[len(resume) // 2]:.1f} s, worst {resume[-1]:.1f} s",
        f"somebody waited beside a free counselor: {story.watching.beside_seconds:.1f} s at most",
        f"invariants held at {story.watching.looks} looks" if not story.watching.wrongs else "",
        f"drained in {story.drained_seconds:.0f} s",
        *(
            f"silence {quiet.seconds:.1f} s on {quiet.sid}, between"
            f" {quiet.after!r} and {quiet.before!r}"
            for quiet in story.ears.longest
        ),
    ]


def unexplained(cut_off: Iterable[float], away: Iterable[float]) -> int:
    """Count the cut-offs that no outage explains. cut_off, away: moments, in monotonic seconds."""
    outages = list(away)
    return sum(not any(0 <= cut - at < EXPLAINS_SECONDS for at in outages) for cut in cut_off)


def wrongs_of_callers(unexplained: int, beside_seconds: float, silence_seconds: float) -> list[str]:
    """Return what callers suffered beyond the limits: cut off for nothing, left waiting or in
    silence. unexplained: how many; the others: the longest of anybody."""
    found = []
    if unexplained > UNEXPLAINED_MAX:
        found.append(f"{unexplained} cut off while a web and the database were up")
    if beside_seconds >= BESIDE_SECONDS_MAX:
        found.append(f"somebody waited beside a free counselor for {beside_seconds:.1f} s")
    if silence_seconds >= SILENCE_SECONDS_MAX:
        found.append(f"somebody heard nothing for {silence_seconds:.1f} s")
    return found


def _list(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items())) or "none"


class Story:
    """Runs one torture. say: shown one line of progress, about each second."""

    def __init__(self, directory: Path, asked: Torture, say: Callable[[str], None]) -> None:
        self.asked, self._say = asked, say
        self._rng = random.Random(f"{asked.seed}/town")
        self._directory = directory
        self._closing = asyncio.Event()
        self._seats: list[Seat] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._runners: list[web.AppRunner] = []
        self._citizens = 0

    async def run(self) -> Outcome:
        """Live through it; return the findings and the figures."""
        await self._set_up()
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
                await self._staff(session)
                await self._torture()
                await self._drain()
                self._closing.set()
                await asyncio.gather(*self._tasks)
            return await asyncio.to_thread(self._judge)
        finally:
            await self._tear_down()

    # -- beginning and end -----------------------------------------------------------------------

    async def _set_up(self) -> None:
        front_port, rest_port = free_port(), free_port()
        self.machine = Machine(self._directory, front_port, rest_port, self.asked.limits)
        self.front = Front(self.machine.ports)
        self.wall = WallExchange(f"http://127.0.0.1:{front_port}", self.asked.seed)
        self.ears = Ears(sound_seconds, self.wall.exchange.journal)
        self.town = Town(self.wall.exchange, self.ears, self.asked.pace)
        self._base_url = f"http://127.0.0.1:{front_port}"
        self._runners.append(await listen(self.front.application(), front_port))
        self._runners.append(await listen(self.wall.application(), rest_port))
        await asyncio.to_thread(self.machine.start, self._prepare)
        self.watch = Watch(self.machine.postgres)
        self.watching = Watching(self.machine.postgres, self.machine.changed)
        asked = self.asked
        course = Course(
            asked.seed,
            asked.kills,
            asked.seconds,
            asked.outage_every,
            asked.outages,
            asked.valkey_seconds,
        )
        self.killer = Killer(self.machine, Watch(self.machine.postgres), course)
        self.front.watchers.append(self.killer.passed)
        self.wall.step_in = self.killer.step_in

    async def _tear_down(self) -> None:
        self._closing.set()
        for task in self._tasks:
            task.cancel()
        await self.wall.transport.close()
        await asyncio.to_thread(self.machine.stop)
        for runner in self._runners:
            await runner.cleanup()

    def _prepare(self, database: Database) -> None:
        """Seat everybody, and let every citizen have agreed to be called, by night as well: the
        torture runs at any hour."""
        now, sealer = datetime.now(UTC), Sealer((DATA_KEY,))
        with database.transaction() as session:
            report = import_roster(session, "\n".join(self._roster()), now)
            assert not report.faults, report.faults
            for number in range(self._citizens_max()):
                known = citizen_actions.know(session, _number(number), sealer, "ko", now)
                for purpose in (Purpose.CONTACT_BY_PHONE, Purpose.NIGHT_CALLS):
                    citizen_actions.consent(
                        session,
                        known,
                        purpose,
                        wording="torture",
                        how=How.SPOKEN,
                        heard_by="torture",
                        now=now,
                    )

    def _citizens_max(self) -> int:
        asked = self.asked
        calls = asked.times * BUSIEST_HOUR_CALLS / 3600 * asked.seconds
        return int(2 * calls + 2 * asked.seconds / asked.books_every_seconds + 30)

    def _people(self) -> list[tuple[str, str, str]]:
        """Login, role and endpoint of everybody who has a seat."""
        asked = self.asked
        people = [("seonu", "supervisor", "browser")]
        for seat in range(asked.phones):
            sip = seat % 3 == 2
            to = f"sip:phone{seat}@127.0.0.1" if sip else f"tel:+8210{50_000_000 + seat}"
            people.append((f"phone{seat}", "counselor", to))
        people += [(f"desk{seat}", "counselor", "browser") for seat in range(asked.desks)]
        people += [(f"mate{seat}", "companion", "browser") for seat in range(asked.companions)]
        return people

    def _roster(self) -> list[str]:
        rows = [HEADER]
        for number, (login, role, endpoint) in enumerate(self._people()):
            cells = ("social_worker_1", f"SW-1999-{number:04}", "2099-12-31", "60", "isolation:3")
            rows.append(",".join((login, login, role, PASSWORD, *cells, "ko;en", endpoint)))
        return rows

    async def _staff(self, session: aiohttp.ClientSession) -> None:
        await asyncio.gather(*(self._seat(session, *person) for person in self._people()))

    async def _seat(
        self, session: aiohttp.ClientSession, login: str, role: str, endpoint: str
    ) -> None:
        api = Api(session, self._base_url, login)
        await api.sign_in(PASSWORD)
        if role == "supervisor":
            self._booking = asyncio.create_task(self._book(api))
            return
        address = await api.identity() if endpoint == "browser" else endpoint.removeprefix("tel:")
        made = KINDS[login.rstrip("0123456789")]
        seat = made(self.town, api, address, f"{self.asked.seed}/{login}")
        self._seats.append(seat)
        self._tasks.append(asyncio.create_task(seat.work(self._closing)))

    # -- the story -------------------------------------------------------------------------------

    async def _torture(self) -> None:
        self.began = time.monotonic()
        self.front.begin_count()
        callers = asyncio.create_task(self._send_callers())
        await asyncio.sleep(2.0)
        self.watching.start()
        self.killer.start()
        while not self.killer.is_over:
            self._tell("kills")
            await asyncio.sleep(1.0)
        await asyncio.to_thread(self.killer.stop)
        callers.cancel()
        self._booking.cancel()

    async def _send_callers(self) -> None:
        rate = self.asked.times * BUSIEST_HOUR_CALLS / 3600
        while True:
            self._citizen(self._rng.choice(PLANS)).dial()
            await asyncio.sleep(self._rng.expovariate(rate))

    def _citizen(self, plan: str) -> Citizen:
        number = self._citizens
        self._citizens += 1
        self.town.callers += plan != "companion"
        return Citizen(self.town, _number(number), plan, f"{self.asked.seed}/citizen/{number}")

    async def _book(self, api: Api) -> None:
        """A supervisor promises calls of a companion; on holidays companions call nobody."""
        today = datetime.now(UTC).astimezone(SEOUL).date()
        while today not in holidays_near(today):
            citizen = self._citizen("companion")
            wish = {"number": citizen.address, "purpose": "companion", "consent": CONSENT}
            await api.ask("POST", "/callbacks", wish)
            await asyncio.sleep(self.asked.books_every_seconds)

    async def _drain(self) -> None:
        """Faults are over and nobody new calls: everybody is served, every promise due is kept."""
        self.town.open = False
        self.drain_began = time.monotonic()
        until = self.drain_began + DRAIN_SECONDS_MAX
        quiet = 0
        while time.monotonic() < until and quiet < 3:
            self._tell("drain")
            await asyncio.sleep(1.0)
            quiet = quiet + 1 if await asyncio.to_thread(self._is_quiet) else 0
        self.drained_seconds = time.monotonic() - self.drain_began

    def _is_quiet(self) -> bool:
        if any(leg.live for leg in self.wall.exchange.legs.values()):
            return False
        rows = self.watch.rows(
            """SELECT (SELECT count(*) FROM calls WHERE state <> 'closed')
                 + (SELECT count(*) FROM sessions WHERE state <> 'closed')
                 + (SELECT count(*) FROM orders WHERE state IN ('due', 'sending'))
                 + (SELECT count(*) FROM promises WHERE state = 'calling'
                    OR (state = 'planned' AND next_at < now() + interval '60 seconds'))"""
        )
        return bool(rows) and rows[0][0] == 0

    def _tell(self, phase: str) -> None:
        town, told = self.town, self.killer.told
        live = sum(leg.live for leg in self.wall.exchange.legs.values())
        up = len(self.machine.up((*WEBS, *WORKERS)))
        self._say(
            f"{phase} {time.monotonic() - self.began:5.0f} s · killed {len(told.kills)}/"
            f"{self.asked.kills}, {len(told.outages)} outages · {up}/4 up · callers"
            f" {town.callers}, talks {town.talks}, promised {len(town.promises)},"
            f" cut off {len(town.cut_off)} · {live} legs · silence {self.ears.worst_seconds:.1f} s"
        )

    @property
    def unexplained(self) -> int:
        """How many were cut off though a web and PostgreSQL had been up for a while."""
        away = list(self.front.refused_at)
        began_at = datetime.now(UTC).timestamp() - time.monotonic()
        away += [
            at.timestamp() - began_at
            for at, kind in self.killer.told.outages
            if kind is Outage.CRASHED
        ]
        return unexplained(self.town.cut_off, away)

    # -- judging ---------------------------------------------------------------------------------

    def _judge(self) -> Outcome:
        self.watching.stop()
        staff = frozenset(seat.address for seat in self._seats)
        seen = recount.read(self.wall.exchange.journal, staff)
        wrongs = recount.wrongs(seen, self.watch)
        wrongs += [f"at {count} looks: {rule}" for rule, count in self.watching.wrongs.items()]
        suffered = (self.unexplained, self.watching.beside_seconds, self.ears.worst_seconds)
        wrongs += wrongs_of_callers(*suffered)
        wrongs += self.machine.unasked + self.killer.faults
        wrongs += [fault for seat in self._seats for fault in seat.faults]
        kills = self.killer.told.kills
        resume = sorted(resumed(self.watch, [kill.at for kill in kills]))
        slow = [seconds for seconds in resume if seconds >= 60.0]
        wrongs += [f"{len(slow)} kills after which nothing went on for a minute"] if slow else []
        lines = figures(self, seen, resume)
        if wrongs:
            journal = self.wall.exchange.journal
            evidence.write(self._directory, journal, self.killer.told, self.watch)
        self.watch.close()
        return Outcome(wrongs, lines)


def _number(index: int) -> str:
    return f"+8210{30_000_000 + index}"
