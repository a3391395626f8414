"""The dates of a series: the ends of months, quarters or years up to a date."""

from datetime import date, timedelta
from enum import StrEnum


class Every(StrEnum):
    """How far a series' dates lie apart."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """Its length."""
        return {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}[self]


def period_ends(on: date, months: int, every: Every) -> list[date]:
    """Return the last days of periods within so many months up to a date, and the date itself."""
    first = on.year * 12 + on.month - months
    ends = [
        _last_day(number)
        for number in range(first, on.year * 12 + on.month)
        if number % every.months == every.months - 1
    ]
    return [*(day for day in ends if day < on), on]


def _last_day(number: int) -> date:
    """Return the last day of the month that has a number, from January of the year 0."""
    year, month = divmod(number + 1, 12)
    return date(year, month + 1, 1) - timedelta(days=1)
