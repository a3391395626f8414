"""A series of dates, as a report's document holds it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from models.only import EVERYBODY, Only, narrowed
from models.period import PeriodPart
from models.series import Every
from models.share import ratio
from models.stated import Stated
from models.target import Scope, scope_of_group
from reports.documents import Series, SeriesFigure, SeriesPoint
from reports.periods import Periods
from storage.kpi.series import FLEET, SeriesCounts, is_counted

Targets = Mapping[Scope, Mapping[str, float]]


class SeriesFound(NamedTuple):
    """All that a series is made of."""

    every: Every
    months: int
    days: Sequence[date]
    recorded: Sequence[date]
    """Those of the days that there are records of."""
    whole: SeriesCounts
    groups: Mapping[str, SeriesCounts]
    """By grouping."""
    targets: Mapping[date, Targets]
    periods: Mapping[date, Periods] = {}
    """Of the days on which an indicator is of a period."""


def series(
    found: SeriesFound,
    indicators: Sequence[str],
    stated: Stated,
    *,
    operator_id: str | None,
    only: Only = EVERYBODY,
    minimum: int,
) -> Series:
    """Return a series; a group below the minimum size has no ratio, nor has an operator's fleet."""
    whole = narrowed(Scope(operator_id), only)
    is_part = operator_id is not None or bool(only)
    made = _Maker(found, indicators, stated, minimum)
    return {
        "every": found.every,
        "months": found.months,
        "points": made.whole(whole, minimum if is_part else 1),
        "groups": [
            {
                "by": by,
                "name": name,
                "points": made.group(by, name, narrowed(scope_of_group(by, name), only)),
            }
            for by, counts in found.groups.items()
            for name in _names(counts)
        ],
    }


def _names(counts: SeriesCounts) -> list[str | None]:
    names = {name for groups in counts.values() for name in groups}
    return sorted(names, key=lambda name: (name is None, name or ""))


class _Maker(NamedTuple):
    found: SeriesFound
    indicators: Sequence[str]
    stated: Stated
    minimum: int

    def whole(self, scope: Scope | None, minimum: int) -> list[SeriesPoint]:
        parts = {day: periods.of_fleet() for day, periods in self.found.periods.items()}
        return self._points(self.found.whole, None, parts, scope, minimum)

    def group(self, by: str, name: str | None, scope: Scope | None) -> list[SeriesPoint]:
        parts = {day: periods.of_group(by, name) for day, periods in self.found.periods.items()}
        return self._points(self.found.groups[by], name, parts, scope, self.minimum)

    def _points(
        self,
        counts: SeriesCounts,
        name: str | None,
        parts: Mapping[date, Mapping[str, PeriodPart]],
        scope: Scope | None,
        minimum: int,
    ) -> list[SeriesPoint]:
        return [
            self._point(day, counts.get(day, {}).get(name, {}), parts.get(day, {}), scope, minimum)
            for day in self.found.days
        ]

    def _point(
        self,
        day: date,
        counts: Mapping[str, int],
        parts: Mapping[str, PeriodPart],
        scope: Scope | None,
        minimum: int,
    ) -> SeriesPoint:
        recorded = day in self.found.recorded
        planned = self.found.targets[day].get(scope, {}) if scope else {}
        return {
            "on": day.isoformat(),
            "recorded": recorded,
            "vehicles": counts.get(FLEET, 0),
            "indicators": {
                name: _figure(name, counts, parts.get(name), planned, minimum)
                for name in (self.indicators if recorded else ())
                if is_counted(counts, name)
            },
            "official": {
                figure.indicator: figure.ratio
                for figure, _ in self.stated.official
                if figure.day == day and figure.scope == scope
            },
        }


def _figure(
    name: str,
    counts: Mapping[str, int],
    period: PeriodPart | None,
    planned: Mapping[str, float],
    minimum: int,
) -> SeriesFigure:
    plan = planned.get(name)
    if period:
        share = ratio(period.vehicles, period.of, period.minimum(minimum))
        return {"vehicles": period.vehicles, "ratio": share, "plan": plan, "of": period.of}
    vehicles = counts.get(name, 0)
    return {
        "vehicles": vehicles,
        "ratio": ratio(vehicles, counts.get(FLEET, 0), minimum),
        "plan": plan,
    }
