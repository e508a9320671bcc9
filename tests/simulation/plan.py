"""What a simulated stretch consists of, before it is lived."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from simulator.companions import CompanionHabits
from simulator.habits import Habits
from simulator.staff import WorkHabits
from simulator.supervisors import SupervisorHabits
from tests.simulation.faults import NONE, Faults

DRAIN_SECONDS_MAX = 12 * 3600


@dataclass(frozen=True)
class Plan:
    """What a simulated stretch consists of.

    browsers: so many seats are held by somebody at the desk page during `browser_hours` of each
    day from the start (their looking every few seconds costs a large part of the run).
    unfit: people try to be ready who may not be. expiring: so many seats are held by people whose
    certificate ends on the first day.
    stays_seconds: so long at least the drain lasts, so that later tries of promises are seen.
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
    companions: int = 2
    companion_habits: CompanionHabits = field(default_factory=CompanionHabits)
    supervisor_habits: SupervisorHabits = field(default_factory=SupervisorHabits)
    forms_a_day: float = 4.0
    unfit: bool = False
    expiring: int = 0
    every_tick: bool = False
    faults: Faults = NONE
    drain_seconds_max: float = DRAIN_SECONDS_MAX
    stays_seconds: float = 0.0
