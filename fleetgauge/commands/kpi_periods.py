"""The days of the periods that a report's figures are of, each counted once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from fleetgauge.figure_rules import FigureRules
from models.kpi import KpiRule
from reports.periods import Periods
from storage.kpi.series import SeriesCounts

AT_ONCE: Final = 31
"""Days that are counted by one statement, so that a year is not over a statement's time limit."""

Count = Callable[[Mapping[date, KpiRule]], SeriesCounts]


class PeriodDays:
    """Count the days of periods when they are asked for."""

    def __init__(
        self,
        rules_of: Callable[[date], FigureRules],
        whole: Count,
        groups: Mapping[str, Count],
        first: date,
    ) -> None:
        """Say by what.

        Args:
            rules_of: the settings in force on a day: each day is counted by its own.
            whole: counts the whole fleet's days.
            groups: the same by group, for each grouping.
            first: the first day that there are records of.
        """
        self._rules_of = rules_of
        self._count = whole
        self._count_groups = groups
        self._first = first
        self._counted = set[date]()
        self._whole: SeriesCounts = defaultdict(dict)
        self._groups: dict[str, SeriesCounts] = {by: defaultdict(dict) for by in groups}

    def of(self, on: date, rules: FigureRules) -> Periods | None:
        """Return the periods that end on a date; None: by its rules no indicator is of one."""
        if not rules.periods:
            return None
        first = min(rule.first_day(on) for rule in rules.periods.values())
        self._learn(_days(max(first, self._first), on))
        return Periods(on, rules.periods, self._first, self._whole, self._groups)

    def _learn(self, days: Iterable[date]) -> None:
        missing = [day for day in days if day not in self._counted]
        for start in range(0, len(missing), AT_ONCE):
            part = missing[start : start + AT_ONCE]
            rules = {day: self._rules_of(day).kpi for day in part}
            self._whole.update(self._count(rules))
            for by, count in self._count_groups.items():
                self._groups[by].update(count(rules))
        self._counted.update(missing)


def _days(first: date, last: date) -> Sequence[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
