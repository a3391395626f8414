"""The settings by which figures are computed: as they go on record, and as they held on a date."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from fleetgauge.settings import Settings
from models.kpi import KpiRule
from models.period import PeriodRules, parse_period_rules, period_rules_text
from storage.connection import Connection
from storage.rules import RuleInForce, rules_on


def recorded_settings(settings: Settings) -> dict[str, str]:
    """Return every setting that a figure depends on, as ``storage.rules.record`` takes them."""
    area = settings.service_area
    return {
        "tracked_minutes": str(settings.tracked_minutes),
        "trailing_days": str(settings.trailing_days),
        "live_minutes": str(settings.live_minutes),
        "route_metres": str(settings.route_metres),
        "published_minutes": str(settings.published_minutes),
        "period_rules": period_rules_text(settings.period_rules),
        "windows": ",".join(_seconds(window) for window in settings.windows),
        "max_skew": _seconds(settings.max_skew),
        "max_age": _seconds(settings.max_age),
        "service_area": "" if area is None else ",".join(map(str, area)),
        "min_group_size": str(settings.min_group_size),
        "downtime_limit": _seconds(settings.downtime_limit),
        "time_zone": settings.time_zone,
    }


def _seconds(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return str(int(seconds) if seconds.is_integer() else seconds)


BUILT_IN: Final = recorded_settings(Settings.model_construct())
"""What held where nothing is on record; not what is set now, which would move the past."""

LATER: Final = ("route_metres", "published_minutes", "period_rules")
"""Settings that there were not always: a report names one only where it is on record or given, so
that one made before there was the setting is made again byte for byte."""


class FigureRules(NamedTuple):
    """The settings in force on a date."""

    in_force: Mapping[str, RuleInForce]
    overridden: Mapping[str, str]
    """What the command line gave in their place."""

    @property
    def kpi(self) -> KpiRule:
        """When a vehicle was trackable."""
        names = ("tracked_minutes", "trailing_days", "live_minutes", "published_minutes")
        return KpiRule(*(int(self._value(name)) for name in names))

    @property
    def periods(self) -> PeriodRules:
        """Which indicators are of a period."""
        return parse_period_rules(self._value("period_rules"))

    @property
    def min_group_size(self) -> int:
        """A smaller group has no ratio."""
        return int(self._value("min_group_size"))

    @property
    def downtime_limit(self) -> timedelta:
        """How long ingest may be down on a day that is not marked."""
        return timedelta(seconds=float(self._value("downtime_limit")))

    @property
    def zone(self) -> ZoneInfo:
        """Whose midnights end the days of what is not an operator's."""
        return ZoneInfo(self._value("time_zone"))

    def _value(self, name: str) -> str:
        return self.overridden.get(name, self.in_force[name].value)


def figure_rules(
    connection: Connection, on: date, known_on: date | None, overridden: Mapping[str, str]
) -> FigureRules:
    """Return the settings in force at the end of a local day.

    Args:
        known_on: only what was on record by this local day's end; None: all.
        overridden: settings that were given for this one report.

    Raises:
        StorageError: the database cannot be asked.
    """
    return FigureRules(rules_on(connection, on, BUILT_IN, known_on), overridden)
