"""A story that gets stuck, or breaks off, is told as one that went wrong."""

from dataclasses import replace

import pytest

from tests.simulation.__main__ import live_through, read_arguments
from tests.simulation.faults import NONE
from tests.simulation.faults_seeds import failures, live
from tests.simulation.faults_short import short_plan
from tests.simulation.real_days import midnight
from tests.simulation.world import World

NO_TEMPLATE = "no_such_template"


def test_who_waits_for_ever_is_a_finding_and_no_crash(
    postgres_url: str, template_database: str
) -> None:
    plan = short_plan(3, NONE, hours=0.2)
    patient = replace(plan.habits, patience_seconds=1e9, asks_callback=0, keeps_place=0)
    away = replace(plan.work_habits, misses=1.0)
    plan = replace(plan, habits=patient, work_habits=away, drain_seconds_max=60.0)
    told = live(postgres_url, template_database, plan)
    assert any(wrong.endswith("never ended") for wrong in told.wrongs)
    assert not [wrong for wrong in told.wrongs if wrong.startswith("crashed")]
    assert told.callers == len(plan.arrivals)
    assert told.digest


def test_a_story_that_breaks_off_is_a_wrong_of_its_seed(
    postgres_url: str, template_database: str
) -> None:
    plan = replace(short_plan(7, NONE), seats=0)  # whose roster nobody can import
    told = live(postgres_url, template_database, plan)
    assert told.seed == 7
    assert told.wrongs[0].startswith("crashed: AssertionError")
    assert any("staffing.py" in line for line in told.lines)


def test_each_seed_that_breaks_off_is_told_and_ends_no_other(postgres_url: str) -> None:
    lines = failures(postgres_url, NO_TEMPLATE, [7, 8])
    for seed in (7, 8):
        assert any(line.startswith(f"seed {seed} at commit ") for line in lines)
        assert any(f"SEED={seed} SHORT=1" in line for line in lines)
    assert sum(NO_TEMPLATE in line and "WRONG" in line for line in lines) == 2


def test_a_whole_day_that_breaks_off_is_told_too(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = read_arguments(["--seed", "7", "--date", "1999-03-02"])
    plan = replace(short_plan(7, NONE), start=midnight(asked.date), seats=0)
    assert live_through(World(database_url, plan), plan, asked) == 1
    told = capsys.readouterr().out
    assert "seed 7 at commit " in told
    assert "WRONG  crashed: AssertionError" in told
    assert "again with: make simulate SEED=7 DAYS=1 DATE=1999-03-02\n" in told
