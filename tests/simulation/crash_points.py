"""Dying at every commit of a story: lived through once to count them, then twice for each.

Each main flow is a small story without chance in it. The process dies right before, or right
after, one of its commits, loses what it had in memory and comes back after a moment; then the story
must go on and end sound, and whoever was queued or promised a call by then be served
(`crash_ends`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import psycopg
from sqlalchemy import text

from callbacks import actions
from simulator.browsers import BrowserCounselor
from simulator.companions import CompanionHabits
from simulator.habits import Habits
from simulator.handsets import RungHabits
from simulator.people import Caller, Wish
from simulator.staff import WorkHabits
from simulator.supervisors import SupervisorHabits
from tests.consented import consented
from tests.simulation.citizens import Neighbours
from tests.simulation.commits import Killed
from tests.simulation.crash_ends import wrongs_of_ends
from tests.simulation.faults import Faults
from tests.simulation.faults_short import START
from tests.simulation.fresh_world import fresh_world
from tests.simulation.plan import Plan
from tests.simulation.world import World

KILLED = Faults(killed_before_commit=1e-9)
"""Judged as where processes die; when, is not left to dice."""
SURE = Habits(
    patience_seconds=1e6,
    talk_seconds=70,
    talk_sigma=0.01,
    withheld=0,
    leaves_in_menu=0,
    mis_keys=0,
    presses_nothing=0,
    presses_safety=0,
    hangs_up_first=0,
    asks_callback=0,
    keeps_place=0,
    mis_keys_number=0,
    other_number=0,
    leaves_in_dialogue=0,
    leaves_at_worst=0,
    calls_again=0,
    calls_again_when_cut=0,
    rung=RungHabits(
        misses=0, is_busy=0, refuses=0, voicemail=0, withdraws=0, hangs_up_in_greeting=0
    ),
)
DILIGENT = WorkHabits(
    wrap_seconds=10,
    wrap_sigma=0.01,
    misses=0,
    declines=0,
    drops_talk=0,
    forgets_outcome=0,
    books_companion=0,
    breaks_in_ring=0,
    closes_laptop_in_ring=0,
    closes_laptop_in_talk=0,
    loses_network=0,
    works_seconds=(1e6, 1e6),
)
PATIENT = CompanionHabits(
    looks_every_seconds=20.0,
    between_calls_seconds=(5.0, 5.0),
    wrap_seconds=10.0,
    wrap_sigma=0.01,
    absent=0,
    forgets_outcome=0,
    hears_mailbox=0,
    wrong_person=0,
    agrees_next=0,
    agrees_series=0,
    drops_talk=0,
)
ALARMED = replace(
    PATIENT,
    brings_in=1.0,
    brings_in_seconds=(20.0, 20.0),
    hands_over_seconds=(10.0, 10.0),
    stays=0.0,
)
IDLE = SupervisorHabits(looks_every_seconds=1e6, promises=0)


class KillAt:
    """Lets the process die at one commit; counts them all."""

    def __init__(self, point: int = 0, *, after: bool = False) -> None:
        """point: which commit, from 1; 0 for none. after: right after it, else right before."""
        self.count = 0
        self._point = point
        self._after = after

    def before_commit(self, connection: psycopg.Connection) -> None:
        """See commits.Meddler."""
        self.count += 1
        if self.count == self._point and not self._after:
            raise Killed(f"before commit {self._point}")

    def after_commit(self, connection: psycopg.Connection) -> None:
        """See commits.Meddler."""
        if self.count == self._point and self._after:
            raise Killed(f"after commit {self._point}")

    def is_disk_full(self) -> bool:
        """Never."""
        return False


@dataclass(frozen=True)
class Flow:
    """A story. holds: a query that is true where, undisturbed, it went as its name says."""

    name: str
    plan: Plan
    holds: str
    begin: Callable[[World], None] = lambda world: None


def _plan(callers: int = 1, seats: int = 1, seed: int = 1, **changes: object) -> Plan:
    arrivals = [START + timedelta(seconds=8 * (number + 1)) for number in range(callers)]
    plan = Plan(
        START,
        0.06,
        arrivals,
        seats,
        seed,
        browsers=0,
        habits=SURE,
        work_habits=DILIGENT,
        companions=0,
        companion_habits=PATIENT,
        supervisor_habits=IDLE,
        forms_a_day=0,
        faults=KILLED,
        drain_seconds_max=3600,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def _promise_to_companion(world: World) -> None:
    """A companion's call was agreed with somebody, for a moment from now."""
    person = Caller(world.exchange, world.switchboard, "crash/citizen", world.plan.habits)
    person.be_reachable()
    now = world.kernel.now()
    with world.database.transaction() as session:
        sealer, policy = world.services.sealer, world.services.policy
        citizen = consented(session, person.numbers[0], sealer, now)
        at = now + timedelta(seconds=5)
        wish = actions.Wish(purpose="companion", origin="api", at=at)
        assert isinstance(actions.make(session, citizen, wish, now, policy), actions.Made)
    person.wishes.append(Wish(now, person.numbers[0], "api", "companion"))
    world.office.people.append(person)


def _ask_by_form(world: World) -> None:
    """One person fills the public form in."""
    thanked, person = world.granted.thank, world.office.person
    neighbours = Neighbours(world.exchange, world.rig.app, person, thanked, "crash/form")
    world.kernel.at(8.0, neighbours.ask)


def _lose_the_line(world: World) -> None:
    """The counselor's network fails in the middle of the talk, and comes back."""
    (browser,) = [one for one in world.counselors if isinstance(one, BrowserCounselor)]

    def lose() -> None:
        if browser.leg is not None:
            browser.lose_network(browser.leg, (8.0, 8.0))

    world.kernel.at(60.0, lose)
    world.kernel.at(200.0, browser.end_shift)


_REACHED = """SELECT count(*) = 1 FROM promises WHERE state = 'kept' AND origin = '{}'"""
FLOWS = (
    Flow(
        "an inbound call is answered, up to its outcome",
        _plan(),
        "SELECT count(*) = 1 FROM sessions WHERE outcome IS NOT NULL",
    ),
    Flow(
        "an offer is declined, then accepted",
        _plan(work_habits=replace(DILIGENT, declines=0.5), seats=2, seed=16),
        """SELECT count(*) FILTER (WHERE state = 'declined') > 0
             AND count(*) FILTER (WHERE state = 'accepted') = 1 FROM offers""",
    ),
    Flow(
        "the counselor's leg is lost and comes back",
        _plan(
            browsers=1,
            browser_hours=(0, 1),
            work_habits=replace(DILIGENT, looks_every_seconds=10.0),
        ),
        "SELECT count(*) = 2 FROM sessions WHERE joined_at IS NOT NULL",
        _lose_the_line,
    ),
    Flow(
        "a place is kept in the queue, and rung back",
        _plan(callers=2, habits=replace(SURE, keeps_place=1.0)),
        _REACHED.format("wait"),
    ),
    Flow(
        "a companion reaches who was promised a call",
        _plan(callers=0, companions=1),
        _REACHED.format("api"),
        _promise_to_companion,
    ),
    Flow(
        "a counselor is brought into a companion's talk",
        _plan(callers=0, companions=1, companion_habits=ALARMED),
        """SELECT count(*) = 1 FROM calls second JOIN sessions s ON s.call_id = second.id
           WHERE second.handed_from_id IS NOT NULL AND s.joined_at IS NOT NULL""",
        _promise_to_companion,
    ),
    Flow(
        "a request by the public form becomes a promise",
        _plan(callers=0),
        "SELECT count(*) = 1 FROM promises WHERE state = 'planned' AND origin = 'web_form'",
        _ask_by_form,
    ),
)


@dataclass(frozen=True)
class Lived:
    """What came of one telling: commits counted, and what was wrong."""

    commits: int
    went_well: bool
    wrongs: tuple[str, ...]
    story: tuple[str, ...]


def live(postgres_url: str, template: str, flow: Flow, kill: KillAt) -> Lived:
    """Tell the flow once on a fresh database."""
    with fresh_world(postgres_url, template, flow.plan, kill) as world:
        world.kernel.at(0.5, partial(flow.begin, world))
        world.run()
        with world.database.reading() as session:
            went_well = bool(session.scalar(text(flow.holds)))
            ends = wrongs_of_ends(session, world.recounted, world.exchange.journal)
        wrongs = [*world.findings(), *ends]
        lines = world.story(wrongs[0]) if wrongs else []
    return Lived(kill.count, went_well, tuple(wrongs), tuple(lines))


def enumerate_crashes(
    postgres_url: str, template: str, flow: Flow, first: int = 1, each: int = 1
) -> list[str]:
    """Tell the flow undisturbed, then with a death before and after each `each`-th commit.

    first: the commit to begin with, from 1. Returns what was wrong, with the story around it;
    empty where all is well.
    """
    calm = live(postgres_url, template, flow, KillAt())
    if calm.wrongs or not calm.went_well:
        return [f"{flow.name}: undisturbed, went well {calm.went_well}", *calm.wrongs, *calm.story]
    found = []
    for point in range(first, calm.commits + 1, each):
        for after in (False, True):
            lived = live(postgres_url, template, flow, KillAt(point, after=after))
            if lived.wrongs:
                where = f"killed {'after' if after else 'before'} commit {point}"
                found += [f"{flow.name}: {where} of {calm.commits}", *lived.wrongs, *lived.story]
    return found
