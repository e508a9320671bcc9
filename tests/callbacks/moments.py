"""Moments and citizens' rules for the properties of promises, with a clock read independently."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from callbacks.schedule import Rules, Window

SEOUL_OFF_BY = timedelta(hours=9)  # Korea has had no daylight saving since 1988
EDGES = (
    datetime(2028, 2, 28, 14, 59, tzinfo=UTC),  # midnight before 29 February, in Seoul
    datetime(2028, 2, 29, 11, 59, 30, tzinfo=UTC),  # 20:59:30
    datetime(2026, 2, 15, 23, 0, tzinfo=UTC),  # the lunar new year of 2026
    datetime(2027, 2, 6, 23, 0, tzinfo=UTC),  # and of 2027
    datetime(2026, 12, 31, 14, 59, 59, tzinfo=UTC),
)

moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.builds(
        lambda edge, off: edge + timedelta(seconds=off),
        st.sampled_from(EDGES),
        st.integers(-7200, 7200),
    ),
)
windows = st.builds(
    lambda days, start, length: Window(
        frozenset(days), _at(start), _at(min(start + length, 24 * 60 - 1))
    ),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 23 * 60 + 57),
    st.integers(1, 600),
)
rules = st.builds(
    Rules,
    windows=st.lists(windows, max_size=3).map(tuple),
    at_night=st.booleans(),
    holidays=st.sets(st.dates(date(2026, 1, 1), date(2028, 12, 31)), max_size=20).map(frozenset),
    hours_tried=st.sets(st.integers(0, 23), max_size=3).map(frozenset),
)


def _at(minute: int) -> time:
    return time(minute // 60, minute % 60)


def is_allowed(moment: datetime, kept: Rules) -> bool:
    """Tell by plain arithmetic whether somebody may be rung; shares nothing with the schedule."""
    there = moment.astimezone(UTC) + SEOUL_OFF_BY
    minute = there.hour * 60 + there.minute
    if not kept.at_night and not 8 * 60 <= minute < 21 * 60:
        return False
    if there.date() in kept.holidays or there.hour in kept.hours_tried:
        return False
    return not kept.windows or any(
        there.weekday() in window.days
        and window.start.hour * 60 + window.start.minute
        <= minute
        < window.end.hour * 60 + window.end.minute
        for window in kept.windows
    )
