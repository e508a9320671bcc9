"""What a person answers when a number is read back."""

import random

import pytest

from simulator.keying import Keying, read_number

OWN, OTHER = "+821023456789", "+821099998888"
READ_BACK = "공 일 공, 이 삼 사 오, 육 칠 팔 구. 이 번호로 전화드릴까요? 맞으면 일 번."


def person(*, other: float = 0.0) -> Keying:
    return Keying(random.Random(1), (OWN, OTHER), other=other, slips=0.0)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (READ_BACK, OWN),
        ("0 1 0, 2 3 4 5, 6 7 8 9. Shall we call this number?", OWN),
        ("공 이, 일 이 삼, 사 오 육 칠. 이 번호로 전화드릴까요?", "+8221234567"),
        ("맞으면 일 번, 다른 번호는 이 번을 눌러 주세요.", ""),
    ],
)
def test_a_number_is_heard_digit_by_digit(said: str, number: str) -> None:
    assert read_number(said) == number


def test_the_own_number_is_agreed_to() -> None:
    keying = person()
    assert keying.answer(READ_BACK) == "1"
    assert keying.given == OWN


def test_what_was_keyed_in_and_not_taken_down_is_not_agreed_to() -> None:
    keying = person(other=1.0)
    keying.number()
    assert keying.answer(READ_BACK) == "2"
