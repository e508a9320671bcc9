"""A whole telephone world in one process: the real application and PostgreSQL, simulated people.

One clock, one seed. The application's background work gets its turn after each event, and ticks
of the dispatcher that could change nothing are left out (`every_tick` leaves none out; a test
holds that the story is the same).
"""

import io
import wave
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import Database
from core.services import Services, install
from simulator.exchange import Exchange
from simulator.kernel import VirtualKernel
from simulator.people import Caller, Switchboard, send_callers
from simulator.rest import Rest
from simulator.settings import Settings
from simulator.sounds import Recording, Sound, estimated_seconds
from tests.simulation.commits import Meddler
from tests.simulation.faults_rig import Rig
from tests.simulation.faults_told import (
    FaultLog,
    call_named,
    is_demanded,
    story,
    wrongs_under_faults,
)
from tests.simulation.forgotten import Standing, standing, wrongs_of_forgotten
from tests.simulation.granted import Granted
from tests.simulation.heeded import EndsHeeded
from tests.simulation.holds import wrongs_at_end, wrongs_now, wrongs_of_recount
from tests.simulation.let_go import LetGo
from tests.simulation.looks import HOURS_A_DAY, Looks
from tests.simulation.meetings import Meetings, Overheard, Request
from tests.simulation.office import Office
from tests.simulation.parts import cheap_passwords, seeded_ids
from tests.simulation.plan import Plan
from tests.simulation.promise_holds import (
    CLOCK_WRONG_MAX,
    NOT_WRONG,
    Spoken,
    wrongs_of_companions,
    wrongs_of_rings,
)
from tests.simulation.recount import Figures, Recounter, digest, figures
from tests.simulation.report_recount import Seen
from tests.simulation.ring_holds import wrongs_of_ringing
from tests.simulation.silences import Silences
from tests.simulation.staffing import Staff
from tests.simulation.unfit import Unfit

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
EXCUSED = timedelta(seconds=5)
"""While faults happen, a ring may be lost and an order be carried out by whoever finds it."""
TIDY_SECONDS = 3600.0
CHECK_SECONDS = 300.0  # on calm days


class World:
    """Application, exchange and people, ready to `run`."""

    def __init__(self, database_url: str, plan: Plan, meddler: Meddler | None = None) -> None:
        """meddler: decides what happens at commits, instead of the dice."""
        self.plan = plan
        self.kernel = VirtualKernel(plan.start)
        self.database = Database(database_url, pool_size=3, statement_seconds_max=600)
        self.rig = Rig(
            database_url,
            self.kernel,
            plan.faults,
            plan.seed,
            every_tick=plan.every_tick,
            meddler=meddler,
        )
        self.meetings = Meetings()
        self.granted = Granted(self.database, self.services.sealer)
        self.server = Overheard(self.rig.server, self.kernel, self._hear)
        self.exchange = Exchange(
            self.kernel,
            Settings(seed=str(plan.seed)),
            self.rig.transport(),
            self._sound_seconds,
        )
        self.rig.connect(Rest(self.exchange))
        self.switchboard = Switchboard()
        self.callers: list[Caller] = []
        self.staff = Staff(self.exchange, self.server, self.switchboard, plan)
        self.counselors = self.staff.counselors
        self._unfit = Unfit(self.exchange, self.server, plan)
        thanked = self.granted.thank
        self.office = Office(
            self.exchange, self.server, self.rig.app, self.switchboard, plan, thanked
        )
        recounter = Recounter(self.staff.telephones)
        self.exchange.journal.watchers.append(recounter.read)
        self.exchange.journal.watchers.append(self.meetings.read)
        self.recounted = recounter.found
        self._spoken = Spoken(self.exchange, self.database, self.services.sealer)
        self._ends_heeded = EndsHeeded(self.exchange, self.database)
        self._let_go = LetGo(self.exchange)
        misfortune = self.rig.misfortune
        self._silences = Silences(
            self.exchange,
            self.database,
            lambda: misfortune.may_move_since,
            self._unfound_max(),
        )
        self._length = cache(self._measured)
        self.wrongs: list[str] = []
        self.looks = Looks(plan, self.kernel, self.office, self._seen, lambda: self.callers)
        self._written = 0
        self._fault_log = FaultLog(misfortune)

    @property
    def services(self) -> Services:
        """What the application's first process stands on at present."""
        return self.rig.services

    # -- the story -----------------------------------------------------------------------------

    def run(self) -> None:
        """Live through the plan, then until every caller is served and every seat is free."""
        plan = self.plan
        until = plan.start + timedelta(hours=plan.hours)
        with seeded_ids(plan.seed), cheap_passwords(), self._fault_log:
            install(self.services)
            try:
                self.staff.hire(self.database, self.kernel.now(), plan.drain_seconds_max)
                self.office.open(self.database, self.kernel.now())
                if plan.unfit:
                    self._unfit.come(self.database, self.rig.misfortune.undisturbed)
                self.callers = send_callers(
                    self.exchange, self.switchboard, plan.arrivals, plan.seed, plan.habits
                )
                self._let_faults_happen(until)
                self.kernel.at(TIDY_SECONDS, self._tidy)
                self.kernel.run_until(until)
                self._drain()
                self.looks.look()
            finally:
                install(None)
        for counselor in self.counselors:
            counselor.close_diary()

    def close(self) -> None:
        """Let the database go."""
        self.rig.close()
        self.database.close()

    def findings(self) -> list[str]:
        """What did not hold, at any sampled moment or at the end; empty where all is well."""
        now, policy, faults = self.kernel.now(), self.services.policy, self.plan.faults
        seen = self.recounted
        with self.database.transaction() as session:
            if self.plan.hours > HOURS_A_DAY:  # nothing counts the rows of so young a database
                session.execute(text("ANALYZE"))
            at_end = wrongs_at_end(session, now, policy)
            people = [*self.callers, *self.office.people]
            clock_wrong = CLOCK_WRONG_MAX if faults.clock_stepped else NOT_WRONG
            refused = self.rig.misfortune.refused
            rings = wrongs_of_rings(session, seen, people, clock_wrong, refused)
            at_end += self._forgotten(session) + self.granted.wrongs_at_end(session)
            let_go = self._let_go.wrongs(session, seen, is_faulty=bool(faults.kinds()))
            if faults.kinds():
                counted = wrongs_under_faults(session, seen, self.exchange.journal)
            else:
                counted = wrongs_of_recount(session, seen)
                counted += wrongs_of_ringing(session, self.exchange.journal)
        companions = {one.address for one in self.office.companions}
        at_end += wrongs_of_companions(seen, companions)
        found = [
            *self.wrongs,
            *self.looks.wrongs,
            *self._unfit.wrongs,
            *self._spoken.wrongs,
            *self.granted.wrongs,
            *self._ends_heeded.wrongs,
            *self._silences.wrongs,
            *self.rig.answers.wrongs,
            *self.rig.server.wrongs,
            *self.rig.wrongs_of_orders(),
            *self._fault_log.wrongs,
            *at_end,
            *rings,
            *let_go,
            *counted,
        ]
        return [wrong for wrong in found if is_demanded(wrong, faults)]

    def figures(self) -> Figures:
        """The stretch in figures, from the exchange's journal and the counselors' diaries."""
        return figures(self.recounted, self.counselors, self.kernel.now())

    def standing(self) -> Standing:
        """The promises that are still open, from the tables."""
        with self.database.reading() as session:
            return standing(session, self.kernel.now())

    def digest(self) -> str:
        """One word for the whole story."""
        return digest(self.exchange.journal)

    def story(self, wrong: str) -> list[str]:
        """Return the entries around the first wrong moment, or of the call that `wrong` names."""
        mishaps = self.rig.misfortune.mishaps
        seen = [held.at for held in mishaps if held.kind == "wrong"]
        at = seen[0] if seen else self.kernel.now()
        return story(self.exchange.journal, mishaps, at, "" if seen else call_named(wrong))

    def _check(self) -> None:
        """Sample what must hold at every moment."""
        now = self.kernel.now()
        with self.database.transaction() as session:
            wrongs = wrongs_now(session, now, self.services.policy)
            wrongs += self._forgotten(session)
        self.wrongs += [f"{now:%H:%M:%S} {wrong}" for wrong in wrongs]
        self.kernel.at(CHECK_SECONDS, self._check)

    def _hear(self, request: Request) -> None:
        """Somebody was granted a change of the API."""
        self.meetings.hear(request)
        self.granted.hear(request)

    def _forgotten(self, session: Session) -> list[str]:
        """Whom no companion called: under faults a word may be late, and the clock wrong."""
        doubt = CLOCK_WRONG_MAX if self.plan.faults.kinds() else NOT_WRONG
        companions = self.office.companions
        return wrongs_of_forgotten(session, self.recounted, companions, self.kernel.now(), doubt)

    def _tidy(self) -> None:
        self.rig.tidy()
        self.kernel.at(TIDY_SECONDS, self._tidy)

    def _seen(self) -> Seen:
        logins = {one.address: one.login for one in self.counselors}
        return Seen(self.recounted, self.meetings, self.server.unanswering, logins)

    def _let_faults_happen(self, until: datetime) -> None:
        """Up to `until`; then each commit is followed by a look at the tables."""
        if not self.plan.faults.kinds():
            self.kernel.at(CHECK_SECONDS, self._check)
            self.looks.plan_all()
        else:
            self.rig.misfortune.begin(until)
            self.kernel.after_each.append(self._check_what_changed)
        self.kernel.after_each.append(self._silences.look)

    def _unfound_max(self) -> timedelta:
        """How long nobody may know that somebody is alone: with lost words, up to a look-up."""
        is_told = not self.plan.faults.kinds()
        return timedelta(seconds=0 if is_told else self.services.policy.talk_check_seconds)

    def _check_what_changed(self) -> None:
        """Check after each event that wrote; who was down or misled may be late meanwhile."""
        if self.rig.written == self._written:
            return
        self._written = self.rig.written
        misfortune, now = self.rig.misfortune, self.rig.clock.now()
        late = LONG_AGO if misfortune.is_excused else now - EXCUSED
        with self.database.reading() as session:
            for wrong in wrongs_now(session, late, self.services.policy):
                if wrong not in self.wrongs:
                    self.wrongs.append(wrong)
                    self.rig.misfortune.note("wrong", wrong)

    def _drain(self) -> None:
        """Nobody new calls; whoever is on the line, or is being called, is served or gives up."""
        self.kernel.run_for(self.plan.stays_seconds)
        until = self.kernel.now() + timedelta(seconds=self.plan.drain_seconds_max)
        quiet = self.kernel.now()
        # what nobody writes up is over then; a promise may come due meanwhile
        rest = timedelta(seconds=self.services.policy.wrap_seconds_max + 60)
        while self.kernel.now() < until and self.kernel.now() - quiet < rest:
            self.kernel.run_for(60)
            if self._anybody():
                quiet = self.kernel.now()

    def _anybody(self) -> bool:
        legs = self.exchange.legs.values()
        staff = (*self.counselors, *self.office.companions)
        if any(leg.live for leg in legs) or any(each.busy for each in staff):
            return True
        with self.database.transaction() as session:
            open_call = text("SELECT EXISTS (SELECT FROM calls WHERE state <> 'closed')")
            return bool(session.scalar(open_call))

    # -- sounds --------------------------------------------------------------------------------

    def _sound_seconds(self, sound: Sound) -> float:
        if isinstance(sound, Recording):
            return self._length(sound.url)
        return estimated_seconds(sound)

    def _measured(self, url: str) -> float:
        """How long a recording of the server's really lasts."""
        with wave.open(io.BytesIO(self.server.get(url))) as file:
            return file.getnframes() / file.getframerate()
