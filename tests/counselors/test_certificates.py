"""Certificates hold to the end of their last day in Seoul."""

from datetime import UTC, date, datetime, timedelta

from counselors.certificates import is_valid_on, needs_certificate, training_hours_missing

LAST_DAY = date(2026, 3, 2)
ENDS = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # midnight in Seoul


def test_the_last_day_is_seouls() -> None:
    assert is_valid_on(LAST_DAY, ENDS - timedelta(microseconds=1))
    assert not is_valid_on(LAST_DAY, ENDS)


def test_hours_by_role() -> None:
    assert [training_hours_missing("counselor", hours) for hours in (0, 59, 60)] == [60, 1, 0]
    assert [training_hours_missing("companion", hours) for hours in (39, 40, 99)] == [1, 0, 0]
    assert training_hours_missing("supervisor", 0) == 0


def test_only_counselors_need_one() -> None:
    assert needs_certificate("counselor")
    assert not needs_certificate("companion")
