"""Who works by day beside the counselors: companions and a supervisor; and who asks them."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from core.database import Database
from counselors.roster import import_roster
from simulator.companions import Companion
from simulator.days import SEOUL
from simulator.exchange import Exchange
from simulator.people import Caller, Switchboard, Wish
from simulator.supervisors import Supervisor
from tests.simulation import promise_report, report_recount
from tests.simulation.board_recount import Diaries, differences, queue_differences
from tests.simulation.citizens import Neighbours
from tests.simulation.meetings import Overheard
from tests.simulation.plan import Plan
from tests.simulation.promise_report import Known, PromiseReport
from tests.simulation.report_recount import Reports, Seen, unrecorded_differences
from tests.simulation.staffing import PASSWORD, ROSTER_HEADER

OPENS, CLOSES = time(9), time(18)
SUPERVISOR = "supervisor"


class Office:
    """Hires companions and a supervisor for a plan, and lets people fill in the public form."""

    def __init__(
        self,
        exchange: Exchange,
        server: Overheard,
        app: Callable[..., Any],
        switchboard: Switchboard,
        plan: Plan,
        thanked: Callable[[Wish], None],
    ) -> None:
        """thanked: hears at once of whom the public form thanked."""
        self.people: list[Caller] = []
        self.refusals: Counter[str] = Counter()
        self._exchange = exchange
        self._server = server
        self._switchboard = switchboard
        self._plan = plan
        self._numbers = count()
        self.companions = [self._companion(number) for number in range(plan.companions)]
        self.supervisor = self._supervisor()
        seed = f"{plan.seed}/neighbours"
        self._neighbours = Neighbours(exchange, app, self.person, thanked, seed)

    def open(self, database: Database, now: datetime) -> None:
        """Import the roster, book the working days, and let people come."""
        rows = [ROSTER_HEADER, _row(SUPERVISOR, "supervisor")]
        rows += [_row(one.login, "companion") for one in self.companions]
        with database.transaction() as session:
            report = import_roster(session, "\n".join(rows), now)
        assert not report.faults, report.faults
        for day in range(int(self._plan.hours // 24) + 2):
            self._book((now + timedelta(days=day)).astimezone(SEOUL), now)
        self._neighbours.come(self._plan.hours, self._plan.forms_a_day)

    def wrongs_of_board(self, seen: Seen, callers: Sequence[Caller], now: datetime) -> list[str]:
        """Return where the board differs from what happened."""
        board, diaries = self.supervisor.board(), self._diaries(seen, callers)
        entering = sum(meeting.is_half_full for meeting in seen.meetings)
        found = queue_differences(board, seen.stories, entering, now)
        return found + differences(board, seen.stories, diaries, now)

    def wrongs_of_unrecorded(self, seen: Seen, now: datetime) -> list[str] | None:
        """Return where the list of what is unrecorded is wrong, None where it is too long."""
        return unrecorded_differences(self.supervisor.unrecorded(), seen, now)

    def wrongs_of_report(
        self, day: date, seen: Seen, callers: Sequence[Caller], now: datetime
    ) -> list[str] | None:
        """Return where the reports of `day` differ from what happened.

        None where somebody comes or goes in these very seconds.
        """
        asked = None if day == now.astimezone(SEOUL).date() else day
        found = report_recount.differences(self._report(day, asked), seen, now)
        if found is None:
            return None
        known = self._known(seen, callers)
        return found + promise_report.differences(self._promises(day, asked), known, now)

    def wrongs_of_reports_under_faults(
        self, days: Sequence[date], seen: Seen, callers: Sequence[Caller], now: datetime
    ) -> list[str]:
        """Return what the reports say that no lost word explains. days: of the whole stretch."""
        today = now.astimezone(SEOUL).date()
        asked = [(day, None if day == today else day) for day in days]
        found = report_recount.least([self._report(*each) for each in asked], seen)
        promises = [self._promises(*each) for each in asked]
        return found + promise_report.least(promises, self._known(seen, callers))

    def _report(self, day: date, asked: date | None) -> Reports:
        return Reports(day, *self.supervisor.figures(asked))

    def _promises(self, day: date, asked: date | None) -> PromiseReport:
        return PromiseReport(day, *self.supervisor.promise_figures(asked))

    def _known(self, seen: Seen, callers: Sequence[Caller]) -> Known:
        companions = {one.address: one.login for one in self.companions}
        return Known(seen, self._diaries(seen, callers), self._server.done, companions)

    def _diaries(self, seen: Seen, callers: Sequence[Caller]) -> Diaries:
        people = (*callers, *self.people)
        companions = {one.address for one in self.companions}
        return Diaries(
            [wish for person in people for wish in person.wishes],
            [said for companion in self.companions for said in companion.diary],
            self.supervisor.series_decided,
            seen.meetings.met_by_bringing_in(self._server.done, companions),
        )

    def _book(self, day: datetime, now: datetime) -> None:
        """A working day from Monday to Friday; one that has begun begins at once."""
        opens = datetime.combine(day.date(), OPENS, SEOUL)
        closes = datetime.combine(day.date(), CLOSES, SEOUL)
        if day.weekday() >= 5 or closes <= now:
            return
        for place, one in enumerate((*self.companions, self.supervisor)):
            begin = (opens - now).total_seconds() + place * 60
            self._exchange.kernel.at(max(1.0 + place, begin), one.begin_day)
            self._exchange.kernel.at((closes - now).total_seconds() + place * 60, one.end_day)

    def person(self) -> Caller:
        """Somebody with a telephone who does not call."""
        seed = f"{self._plan.seed}/person/{next(self._numbers)}"
        person = Caller(self._exchange, self._switchboard, seed, self._plan.habits)
        person.be_reachable()
        self.people.append(person)
        return person

    def _companion(self, number: int) -> Companion:
        return Companion(
            self._exchange,
            self._server,
            self._switchboard,
            login=f"companion{number:02}",
            password=PASSWORD,
            seed=f"{self._plan.seed}/companion/{number}",
            habits=self._plan.companion_habits,
        )

    def _supervisor(self) -> Supervisor:
        return Supervisor(
            self._exchange,
            self._server,
            self.person,
            login=SUPERVISOR,
            password=PASSWORD,
            seed=f"{self._plan.seed}/supervisor",
            habits=self._plan.supervisor_habits,
        )


def _row(login: str, role: str) -> str:
    certificate = "social_worker_1,SW-2012-00003,2099-12-31,120" if role == SUPERVISOR else ",,,40"
    return f"{login},{login},{role},{PASSWORD},{certificate},,ko,browser"
