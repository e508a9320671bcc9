"""The short days there are, by name: a test and the command that it prints share them."""

from dataclasses import replace
from datetime import UTC, datetime

from simulator.handsets import RungHabits
from tests.simulation.faults import ALL, Faults
from tests.simulation.faults_short import HOURS, short_plan
from tests.simulation.plan import Plan

SHORT, CRISIS, NIGHT = "short", "crisis", "night"
BEFORE_MIDNIGHT = datetime(2026, 3, 3, 14, 46, tzinfo=UTC)  # fourteen minutes, in Seoul
REACHED = RungHabits(
    misses=0.05,
    is_busy=0.02,
    refuses=0.01,
    voicemail=0.03,
    picks_up_seconds=(2.0, 8.0),
    withdraws=0.03,
    hangs_up_in_greeting=0.03,
)


def crisis_plan(
    seed: int, faults: Faults = ALL, callers: int | None = None, hours: float = HOURS
) -> Plan:
    """Return a short day full of companions' talks, into most of which a counselor is brought."""
    plan = short_plan(seed, faults, callers, hours)
    return replace(
        plan,
        habits=replace(plan.habits, rung=REACHED, talk_seconds=110),
        companion_habits=replace(
            plan.companion_habits,
            brings_in=1.0,
            absent=0.0,
            looks_every_seconds=20.0,
            between_calls_seconds=(5.0, 20.0),
            drops_talk=0.25,
            stays=0.3,
        ),
        supervisor_habits=replace(
            plan.supervisor_habits, looks_every_seconds=60.0, promises=0.9, promises_talk=0.1
        ),
        work_habits=replace(plan.work_habits, drops_talk=0.15),
        companions=3,
        forms_a_day=600.0,
        browsers=1 if seed % 2 else plan.browsers,
    )


def night_plan(
    seed: int, faults: Faults = ALL, callers: int | None = None, hours: float = HOURS
) -> Plan:
    """Return a short day over a midnight, at which the certificates of one seat end."""
    plan = short_plan(seed, faults, callers, hours)
    plan = replace(plan, habits=replace(plan.habits, talk_seconds=150, patience_seconds=500))
    later = BEFORE_MIDNIGHT - plan.start
    arrivals = [at + later for at in plan.arrivals]
    return replace(plan, start=BEFORE_MIDNIGHT, arrivals=arrivals, expiring=1)


PLANS = {SHORT: short_plan, CRISIS: crisis_plan, NIGHT: night_plan}
