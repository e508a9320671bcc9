"""Who works in a simulated stretch: the roster, its shifts, and the people who keep them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.database import Database
from counselors.roster import import_roster
from simulator.api_user import Server
from simulator.browsers import BrowserCounselor
from simulator.exchange import Exchange
from simulator.people import Switchboard
from simulator.staff import Counselor
from tests.simulation.plan import Plan

SHIFT_SECONDS = 8 * 3600
WORTH_COMING_SECONDS = 1200.0
"""Nobody comes for less, but on a short day for half of it."""
PASSWORD = "a simulated counselor's password"
DESK = 3
SEOUL = ZoneInfo("Asia/Seoul")
HOLDS = date(2099, 12, 31)
"""Until then a certificate does, where nothing else is said."""
LANGUAGES = ("ko;en", "ko")
SKILLS = ("isolation:3", "isolation:2;grief:1")
"""Of each second seat: who calls in English is for the others, until that is waived."""
ROSTER_HEADER = (
    "login,name,role,password,certificate,certificate_no,certified_until,training_hours,"
    "skills,languages,endpoint"
)


class Staff:
    """Hires counselors and books their shifts for a plan."""

    def __init__(
        self, exchange: Exchange, server: Server, switchboard: Switchboard, plan: Plan
    ) -> None:
        self.counselors: list[Counselor] = []
        self.telephones: set[str] = set()
        self._exchange = exchange
        self._server = server
        self._switchboard = switchboard
        self._plan = plan

    def hire(self, database: Database, now: datetime, drain_seconds_max: float) -> None:
        """Import the roster, and let each counselor come to the shifts that are theirs."""
        shifts = 1 + int((self._plan.hours * 3600 + drain_seconds_max) // SHIFT_SECONDS)
        rows = [ROSTER_HEADER]
        for seat in range(self._plan.seats):
            people = [self._employ(seat, turn, rows) for turn in range(min(3, shifts))]
            at_desk = self._employ(seat, DESK, rows) if seat < self._plan.browsers else None
            for shift in range(shifts):
                self._book(people[shift % 3], at_desk, shift, seat)
        with database.transaction() as session:
            report = import_roster(session, "\n".join(rows), now)
        assert not report.faults, report.faults

    def _book(self, person: Counselor, at_desk: Counselor | None, shift: int, seat: int) -> None:
        """Seats change at slightly different minutes, the next person a little before."""
        late = seat * 1200 / max(1, self._plan.seats) if shift else 0
        begin = shift * SHIFT_SECONDS + late
        end = (shift + 1) * SHIFT_SECONDS + late + 300
        day = shift // 3 * 24
        from_hour, to_hour = (day + hour for hour in self._plan.browser_hours)
        if at_desk is None or from_hour * 3600 >= end or to_hour * 3600 <= begin:
            self._work(person, begin, end)
            return
        self._work(person, begin, from_hour * 3600)
        self._work(at_desk, max(begin, from_hour * 3600), min(end, to_hour * 3600))
        self._work(person, to_hour * 3600, end)

    def _work(self, person: Counselor, begin: float, end: float) -> None:
        if end - begin > min(WORTH_COMING_SECONDS, self._plan.hours * 3600 / 2):
            self._exchange.kernel.at(begin, person.begin_shift)
            self._exchange.kernel.at(end, person.end_shift)

    def _employ(self, seat: int, turn: int, rows: list[str]) -> Counselor:
        browser = turn == DESK
        address = _address(seat, turn)
        until = self._plan.start.astimezone(SEOUL).date() if seat < self._plan.expiring else HOLDS
        rows.append(_roster_row(seat, turn, until, "browser" if browser else address))
        self.telephones.add(address.removeprefix("tel:"))
        self.counselors.append(self._counselor(seat, turn, address, browser))
        return self.counselors[-1]

    def _counselor(self, seat: int, turn: int, address: str, browser: bool) -> Counselor:
        made = BrowserCounselor if browser else Counselor
        return made(
            self._exchange,
            self._server,
            self._switchboard,
            login=_login(seat, turn),
            password=PASSWORD,
            address=address.removeprefix("tel:"),
            seed=f"{self._plan.seed}/counselor/{seat}/{turn}",
            habits=self._plan.work_habits,
        )


def _login(seat: int, turn: int) -> str:
    return f"seat{seat:02}-{'abcd'[turn]}"


def _address(seat: int, turn: int) -> str:
    """Every third seat a SIP telephone, the others mobiles."""
    if seat % 3 == 2:
        return f"sip:{_login(seat, turn)}@127.0.0.1"
    return f"tel:+8210{5_000_0000 + seat * 10 + turn:08}"


def _roster_row(seat: int, turn: int, until: date, endpoint: str) -> str:
    number = f"SW-1999-{seat:03}{turn}"
    cells = (
        *(_login(seat, turn), f"상담사{seat}", "counselor", PASSWORD, "social_worker_1"),
        *(number, str(until), "60", SKILLS[seat % 2], LANGUAGES[seat % 2], endpoint),
    )
    return ",".join(cells)
