"""What a failed request means, row by row."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.faults import FaultKind, GiveUp, Retry, after, insisting, kind_of

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (None, None, FaultKind.UNKNOWN),
        (404, 20404, FaultKind.GONE),
        (404, None, FaultKind.UNKNOWN),
        (400, 21220, FaultKind.GONE),
        (409, 21220, FaultKind.GONE),
        (429, 20429, FaultKind.PASSING),
        (429, None, FaultKind.PASSING),
        (500, 20500, FaultKind.UNKNOWN),
        (502, None, FaultKind.UNKNOWN),
        (504, None, FaultKind.UNKNOWN),
        (400, 21211, FaultKind.REFUSED),
        (401, 20003, FaultKind.SHUT_OUT),
        (403, None, FaultKind.SHUT_OUT),
        (418, 12345, FaultKind.REFUSED),
    ],
)
def test_each_answer_has_its_kind(status: int | None, code: int | None, kind: FaultKind) -> None:
    assert kind_of(status, code) is kind


@given(st.sampled_from(FaultKind), st.integers(1, 30), st.integers(1, 20))
def test_tries_are_bounded_and_pauses_double(kind: FaultKind, tries: int, most: int) -> None:
    decided = after(kind, tries, NOW, tries_max=most, backoff_seconds=1.5)
    if kind in (FaultKind.GONE, FaultKind.REFUSED) or tries >= most:
        assert isinstance(decided, GiveUp)
        return
    assert decided == Retry(NOW + timedelta(seconds=1.5 * 2 ** (tries - 1)))


@given(st.sampled_from(FaultKind), st.integers(1, 5000))
def test_insisting_ends_with_the_leg_and_never_pauses_for_long(kind: FaultKind, tries: int) -> None:
    decided = insisting(kind, tries, NOW, backoff_seconds=1.0)
    if kind is FaultKind.GONE:
        assert isinstance(decided, GiveUp)
        return
    assert isinstance(decided, Retry)
    assert 1 <= (decided.at - NOW).total_seconds() <= 15
