"""The command that a failure prints lives through the very same story."""

import subprocess
from pathlib import Path

import pytest

from tests.simulation.__main__ import again, change_of, read_arguments, whole_plan
from tests.simulation.commands import words_of
from tests.simulation.faults import ALL, NONE
from tests.simulation.faults_seeds import run_seeds
from tests.simulation.plans import CRISIS
from tests.simulation.replay import (
    UNCHANGED,
    Change,
    commit,
    pytest_command,
    report_of_flow,
    short_command,
)


@pytest.mark.parametrize("words", ["--seed 4", "--seed 5 --whole --seats 9 --faults disk_full=2"])
def test_a_whole_days_command_brings_the_same_calls_though_it_names_the_date(words: str) -> None:
    asked = read_arguments(words.split())
    plan, _ = whole_plan(asked)
    command = again(asked, plan)
    assert "DATE=" in command
    told, _ = whole_plan(read_arguments(words_of(command)))
    assert told == plan


def test_a_short_days_command_names_its_plan_its_callers_and_its_hours() -> None:
    change = Change(callers=0, hours=0.0625, plan=CRISIS)
    asked = read_arguments(words_of(short_command(106, ALL, change)))
    assert (asked.seed, asked.faults) == (106, ALL)
    assert change_of(asked) == change
    assert change_of(read_arguments(words_of(short_command(5, NONE)))) == UNCHANGED


def test_a_seed_that_fails_is_told_with_the_plan_and_hours_it_failed_with() -> None:
    said: list[str] = []
    change = Change(hours=float("inf"), plan=CRISIS)  # no clock comes to its end
    assert run_seeds([106], NONE, 1, said.append, change) == 1
    told = " ".join(said)
    assert "make simulate SEED=106 PLAN=crisis FAULTS=none HOURS=inf" in told


def test_a_commit_says_when_the_checkout_is_not_what_was_committed(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    file = tmp_path / "file"
    file.write_text("one")
    git("init")
    git("add", "file")
    git("commit", "-m", "Begin")
    clean = commit(tmp_path)
    file.write_text("two")
    assert clean.isalnum()
    assert commit(tmp_path) == f"{clean}+changes"


def test_stories_that_only_a_test_knows_name_the_test() -> None:
    name = "tests/simulation/test_commands.py::test_stories_that_only_a_test_knows_name_the_test"
    assert pytest_command() == f"python -m pytest '{name}'"


def test_a_flow_that_a_death_breaks_is_told_with_its_command() -> None:
    told = report_of_flow("a flow", ["killed before commit 3", "an order is open"])
    assert told[0].startswith("a flow at commit ")
    (command,) = (line for line in told if "again with" in line)
    assert read_arguments(words_of(command.partition("with: ")[2])).crash_points
