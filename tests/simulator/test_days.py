"""Arrivals of simulated days: read, thinned, drawn."""

import random
from datetime import date, datetime
from pathlib import Path

import pytest

from simulator import days

ROWS = """interval_start,calls
1999-01-01T23:54:00,4
1999-01-02T00:00:00,2
1999-01-02T00:06:00,0
1999-01-02T23:54:00,3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "days.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_a_day_is_read_and_spread_within_its_intervals(file: Path) -> None:
    arrivals = days.read_day(file, date(1999, 1, 2), random.Random(1))
    assert len(arrivals) == 5
    assert arrivals == sorted(arrivals)
    assert [moment.hour for moment in arrivals] == [0, 0, 23, 23, 23]
    assert all(moment.minute < 6 for moment in arrivals[:2])
    assert all(moment.tzinfo is days.SEOUL for moment in arrivals)


def test_a_date_beyond_the_file_is_refused(file: Path) -> None:
    with pytest.raises(ValueError, match="holds no 2001-01-01"):
        days.read_day(file, date(2001, 1, 1), random.Random(1))


def test_moments_of_several_days_are_read(tmp_path: Path) -> None:
    path = tmp_path / "moments.csv"
    path.write_text(
        "arrived_at\n1999-01-01T23:59:59\n1999-01-02T00:00:00\n1999-01-03T10:00:00\n"
        "1999-01-04T00:00:00\n",
        encoding="utf-8",
    )
    found = days.read_moments(path, date(1999, 1, 2), 2)
    assert [moment.day for moment in found] == [2, 3]


def test_thinning_keeps_about_its_share_and_the_order() -> None:
    moments = [datetime(1999, 1, 2, hour, minute) for hour in range(24) for minute in range(60)]  # noqa: DTZ001
    kept = days.thin(moments, 0.25, random.Random(3))
    assert 300 < len(kept) < 420
    assert kept == sorted(kept)
    assert days.thin(moments, 0.25, random.Random(3)) == kept


def test_drawn_days_have_the_volume_and_are_bursty() -> None:
    rng = random.Random(5)
    drawn = [days.draw_day(date(2026, 1, 1), 1200, rng) for _ in range(60)]
    mean = sum(map(len, drawn)) / len(drawn)
    assert 1130 < mean < 1270
    evenings = [sum(1 for moment in day if moment.hour == 18) for day in drawn]
    expected = 1200 * days.HOUR_SHARES[18]
    variance = sum((count - expected) ** 2 for count in evenings) / len(evenings)
    assert variance > 2.5 * expected


def test_the_hours_shares_are_a_whole_day() -> None:
    assert sum(days.HOUR_SHARES) == pytest.approx(1, abs=0.002)
