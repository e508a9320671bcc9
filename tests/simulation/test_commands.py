"""The command that a failure prints lives through the very same story."""

import pytest

from tests.simulation.__main__ import again, read_arguments, whole_plan
from tests.simulation.commands import words_of


@pytest.mark.parametrize("words", ["--seed 4", "--seed 5 --whole --seats 9 --faults disk_full=2"])
def test_a_whole_days_command_brings_the_same_calls_though_it_names_the_date(words: str) -> None:
    asked = read_arguments(words.split())
    plan, _ = whole_plan(asked)
    command = again(asked, plan)
    assert "DATE=" in command
    told, _ = whole_plan(read_arguments(words_of(command)))
    assert told == plan
