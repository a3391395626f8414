"""The figures of a date that are of a period, where the indicator's rule says so."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from models.period import DayPart, PeriodPart, PeriodRules
from models.share import ratio
from reports.documents import ComparedFigure, DayFigure, PeriodFigure
from storage.kpi.series import FLEET, SeriesCounts, is_counted


class Periods(NamedTuple):
    """The days of the periods that end on a date, counted."""

    on: date
    rules: PeriodRules
    """Of the indicators that are of a period."""
    first: date
    """The first day that there are records of."""
    whole: SeriesCounts
    groups: Mapping[str, SeriesCounts]
    """By grouping."""

    def of_fleet(self) -> dict[str, PeriodPart]:
        """Return the figures of the whole, by indicator."""
        return self._parts(self.whole, None)

    def of_group(self, by: str, name: str | None) -> dict[str, PeriodPart]:
        """Return those of a group."""
        return self._parts(self.groups[by], name)

    def _parts(self, counts: SeriesCounts, name: str | None) -> dict[str, PeriodPart]:
        found = {}
        for indicator, rule in self.rules.items():
            first = max(rule.first_day(self.on), self.first)
            days = [
                DayPart(day, counted.get(indicator, 0), counted[FLEET])
                for day, groups in sorted(counts.items())
                if first <= day <= self.on
                and (counted := groups.get(name))
                and is_counted(counted, indicator)
            ]
            if days:
                found[indicator] = PeriodPart(rule, days)
        return found


def period_figure(part: PeriodPart, at_end: ComparedFigure, *, by_day: bool) -> PeriodFigure:
    """Return what a document says of a figure's period.

    Args:
        at_end: the figure of the date alone.
        by_day: with each of its days.
    """
    lowest = part.lowest
    figure: PeriodFigure = {
        "rule": part.rule.over,
        "every": part.rule.every,
        "from": part.days[0].on.isoformat(),
        "to": part.days[-1].on.isoformat(),
        "days": len(part.days),
        "of": part.of,
        "lowest_on": lowest.on.isoformat() if lowest else None,
        "at_end": at_end,
    }
    if by_day:
        figure["by_day"] = [_day(day) for day in part.days]
    return figure


def _day(day: DayPart) -> DayFigure:
    return {"on": day.on.isoformat(), "vehicles": day.vehicles, "of": day.of}


def compared_figure(vehicles: int, of: int, minimum: int) -> ComparedFigure:
    """Return numerator, denominator, and the ratio where the denominator is large enough."""
    return {"vehicles": vehicles, "of": of, "ratio": ratio(vehicles, of, minimum)}
