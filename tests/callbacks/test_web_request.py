"""What the public form makes of what a stranger sends. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from callbacks.schedule import read_window
from callbacks.web_request import SLOTS, Asked, FormFault, read_request, windows_of
from citizens.consent import Purpose

WHOLE = [("about", "self"), ("number", "010-1234-5678"), ("contact_by_phone", "yes")]


def form(*more: tuple[str, str], without: str = "") -> MultiDict[str, str]:
    return MultiDict([*(pair for pair in WHOLE if pair[0] != without), *more])


def keys(found: object) -> list[str]:
    assert isinstance(found, tuple)
    return [fault.key for fault in found]


def test_the_least_that_is_needed() -> None:
    assert read_request(form()) == Asked("+821012345678", "self", (), (Purpose.CONTACT_BY_PHONE,))


def test_everything_that_may_be_said() -> None:
    asked = read_request(
        form(
            ("day", "0"),
            ("day", "2"),
            ("slot", "night"),
            ("slot", "morning"),
            ("night_calls", "yes"),
            ("sensitive", "yes"),
        )
    )
    assert isinstance(asked, Asked)
    assert asked.at_night
    assert asked.windows == (
        {"days": [0, 2], "from": "09:00", "until": "12:00"},
        {"days": [0, 2], "from": "21:00", "until": "23:00"},
    )
    assert set(asked.consents) == {
        Purpose.CONTACT_BY_PHONE, Purpose.SENSITIVE, Purpose.NIGHT_CALLS,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("", "number_needed"),
        ("  ", "number_needed"),
        ("119", "number_emergency"),
        ("02-120", "number_special"),
        ("060-700-1234", "number_premium"),
        ("+1 212 555 2368", "number_foreign"),
        ("1588-1234", "number_business"),
        ("010-1234", "number_malformed"),
        ("anonymous", "number_malformed"),
        ("0" * 5000, "number_malformed"),
    ],
)
def test_a_number_we_may_not_call_is_refused_with_its_reason(number: str, key: str) -> None:
    assert keys(read_request(form(("number", number), without="number"))) == [key]


def test_nothing_is_stored_without_consent_to_be_called() -> None:
    assert keys(read_request(form(("sensitive", "yes"), without="contact_by_phone"))) == [
        "consent_needed"
    ]


def test_night_hours_need_their_own_consent() -> None:
    assert keys(read_request(form(("slot", "night")))) == ["night_without_consent"]


def test_a_filled_trap_is_told_and_not_thanked() -> None:
    assert read_request(form(("website", "https://example.com"))) == (FormFault("website", "trap"),)


def test_every_fault_is_named_at_once() -> None:
    assert keys(read_request(MultiDict([("day", "9")]))) == [
        "about", "number_needed", "when", "consent_needed",
    ]  # fmt: skip


@given(st.lists(st.sampled_from("0123456")), st.lists(st.sampled_from(sorted(SLOTS))))
def test_every_choice_makes_windows_that_the_schedule_reads(
    days: list[str], slots: list[str]
) -> None:
    windows = windows_of(days, slots)
    assert bool(windows) == bool(days or slots)
    assert len({read_window(window) for window in windows}) == len(windows)


@given(
    st.lists(st.tuples(st.sampled_from(["about", "number", "day", "slot", "website"]), st.text()))
)
def test_whatever_is_sent_is_answered(pairs: list[tuple[str, str]]) -> None:
    read = read_request(MultiDict(pairs))
    assert isinstance(read, tuple)
    assert read
