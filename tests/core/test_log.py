"""The log: one JSON line an event, and no telephone number in it whatever was logged."""

import io
import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.database import DatabaseAway
from core.log import JsonFormatter, event_log, mask_numbers


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("tests.log")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)


def only(lines: io.StringIO) -> dict[str, Any]:
    (line,) = lines.getvalue().splitlines()
    told: dict[str, Any] = json.loads(line)
    return told


def test_an_event_has_its_fields(lines: io.StringIO) -> None:
    call = uuid.uuid4()
    event_log("tests.log").info("call_joined", call_id=call, seconds=1.5, position=3)
    told = only(lines)
    assert (told["event"], told["level"]) == ("call_joined", "info")
    assert (told["call_id"], told["seconds"], told["position"]) == (str(call), 1.5, 3)


@pytest.mark.parametrize(
    "number",
    [
        *("+821012345678", "010-1234-5678", "010 1234 5678", "(02) 1234-5678", "0215991234"),
        *("%2B821012345678", "+82 10-1234-5678", "02.1234.5678"),
    ],
)
def test_a_number_is_masked_wherever_it_stands(number: str, lines: io.StringIO) -> None:
    event_log("tests.log").info(f"said {number}", caller=number, deep={"list": [number]})
    digits = "".join(c for c in number if c.isdigit())[-8:]
    squeezed = "".join(c for c in lines.getvalue().split('"from"')[1] if c.isdigit())
    assert digits not in squeezed
    assert lines.getvalue().count("[number]") == 3


def test_a_number_logged_as_an_integer_is_masked(lines: io.StringIO) -> None:
    event_log("tests.log").info("dialled", to=821012345678)
    assert only(lines)["to"] == "[number]"


def test_a_foreign_exception_gives_its_place_but_not_its_words(
    lines: io.StringIO,
) -> None:
    try:
        int("김영희의 비밀")
    except ValueError as error:
        event_log("tests.log").error("turn_failed", error)
    told = only(lines)
    assert told["error"] == "ValueError"
    assert "비밀" not in lines.getvalue()
    assert told["at"][-1].endswith("test_a_foreign_exception_gives_its_place_but_not_its_words")


def test_our_own_exception_keeps_its_sentence(lines: io.StringIO) -> None:
    event_log("tests.log").error("turn_failed", DatabaseAway("no route for 010-1234-5678"))
    assert only(lines)["error_says"] == "no route for [number]"


@given(st.uuids())
def test_identifiers_survive(some: uuid.UUID) -> None:
    assert mask_numbers(f"call {some} ended") == f"call {some} ended"


def test_times_survive() -> None:
    assert mask_numbers("at 2026-03-02T01:00:00.123") == "at 2026-03-02T01:00:00.123"


@given(st.text(alphabet="0123456789", min_size=9, max_size=40))
def test_no_long_run_of_digits_survives(digits: str) -> None:
    assert digits not in mask_numbers(f"x {digits} y")
