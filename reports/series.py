"""A series of dates, as a report's document holds it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from models.series import Every
from models.share import ratio
from models.stated import Stated
from models.target import Scope, scope_of_group
from reports.documents import Series, SeriesPoint
from storage.kpi.series import FLEET, SeriesCounts

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


def series(
    found: SeriesFound,
    indicators: Sequence[str],
    stated: Stated,
    *,
    operator_id: str | None,
    minimum: int,
) -> Series:
    """Return a series; a group below the minimum size has no ratio, nor has an operator's fleet."""
    whole = Scope(operator_id)
    made = _Maker(found, indicators, stated, minimum)
    return {
        "every": found.every,
        "months": found.months,
        "points": made.points(found.whole, None, whole, 1 if operator_id is None else minimum),
        "groups": [
            {
                "by": by,
                "name": name,
                "points": made.points(counts, name, scope_of_group(by, name), minimum),
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

    def points(
        self, counts: SeriesCounts, name: str | None, scope: Scope | None, minimum: int
    ) -> list[SeriesPoint]:
        return [
            self._point(day, counts.get(day, {}).get(name, {}), scope, minimum)
            for day in self.found.days
        ]

    def _point(
        self, day: date, counts: Mapping[str, int], scope: Scope | None, minimum: int
    ) -> SeriesPoint:
        fleet, recorded = counts.get(FLEET, 0), day in self.found.recorded
        planned = self.found.targets[day].get(scope, {}) if scope else {}
        return {
            "on": day.isoformat(),
            "recorded": recorded,
            "vehicles": fleet,
            "indicators": {
                name: {
                    "vehicles": counts.get(name, 0),
                    "ratio": ratio(counts.get(name, 0), fleet, minimum),
                    "plan": planned.get(name),
                }
                for name in (self.indicators if recorded else ())
            },
            "official": {
                figure.indicator: figure.ratio
                for figure, _ in self.stated.official
                if figure.day == day and figure.scope == scope
            },
        }
