"""Korean public holidays, on which companions do not call unless asked. Pure.

From the `holidays` library: lunar new year, Chuseok and substitute holidays included.
"""

from datetime import date
from functools import cache

import holidays


@cache
def holidays_of(year: int) -> frozenset[date]:
    """Return the public holidays of `year` in Korea."""
    return frozenset(holidays.country_holidays("KR", years=year))


def holidays_near(day: date) -> frozenset[date]:
    """Return the holidays of the year of `day` and of the next."""
    return holidays_of(day.year) | holidays_of(day.year + 1)
