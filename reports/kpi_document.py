"""The report of a date as one document, from which every form of it is made.

It holds what was found and nothing of the finding: no clock, no name of a machine. So the same
database, date and as-known-on give the same document, byte for byte, and the same SHA-256. The
digest is taken over the document without its keys ``sha256`` and ``signature``, as canonical JSON
(RFC 8785), so that any language can compute it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import rfc8785

from models.attribute import ATTRIBUTES
from models.correction import Corrections, Entered
from models.indicator import TRACKABLE, window_label
from models.kpi import KpiCounts, KpiOfDate, VehicleKpi, count, disagreements
from models.only import EVERYBODY, Only, narrowed
from models.period import PeriodPart
from models.sensitivity import Sensitivity
from models.share import EquipmentState, ratio
from models.stated import Stated
from models.target import Scope, scope_of_group
from models.uptime import DowntimeDay
from models.vehicle import VehicleId
from reports.definitions import definitions
from reports.documents import (
    Basis,
    ComparedFigure,
    Comparison,
    Correction,
    EquipmentDifference,
    EquipmentFound,
    Figure,
    Group,
    IngestDowntime,
    Interval,
    KpiContent,
    KpiDocument,
    Rule,
    SensitivityToRule,
    Series,
    Setting,
    Vehicle,
)
from reports.groups import by_of
from reports.kpi_notes import missing, notes
from reports.language import ENGLISH
from reports.periods import Periods, compared_figure, period_figure
from reports.series import SeriesFound, series
from reports.stated import deviations, milestones, official

VERSION: Final = 1
"""Of the document's layout."""

Targets = Mapping[Scope, Mapping[str, float]]


class Downtime(NamedTuple):
    """When no ingest worker was connected, as far as there is a record of it."""

    limit: timedelta
    recorded_from: date | None
    """The first local day of the record; None: there is none."""
    days: Sequence[DowntimeDay]
    """Those days of the report's on which ingest was down for longer than the limit."""


@dataclass(frozen=True)
class Records:
    """The first and the last day that there are records of."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def interval(self) -> Interval:
        """The same as a document holds it."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


class SensitivityAt(NamedTuple):
    """How the share depends on the rule, and at which local time its windows end."""

    at: time
    counted: Sensitivity


class RuleSetting(NamedTuple):
    """A setting that the figures are computed by."""

    value: str
    known_from: datetime | None
    """When it was recorded; None: nothing is on record, and it is the default, or was given."""
    given: bool
    """Whether it was given for this report alone."""


class Compared(NamedTuple):
    """The date compared with."""

    on: date
    kpi: KpiOfDate | None
    """None: the records lack the date, or its fleet is empty."""
    periods: Periods | None = None
    """None: by the rule of that date no indicator is of a period."""


class KpiReport(NamedTuple):
    """All that a report is made of."""

    kpi: KpiOfDate
    compared: Compared
    targets: Targets
    downtime: Downtime
    records: Records
    settings: Mapping[str, RuleSetting]
    corrections: Corrections
    stated: Stated
    by: Sequence[str] = ()
    """What the fleet is grouped by (``models.attribute``), each by itself."""
    operator_id: str | None = None
    """Whose fleet alone it is of; None: the whole."""
    only: Only = EVERYBODY
    """To which vehicles the figures are limited."""
    min_group_size: int = 1
    sensitivity: SensitivityAt | None = None
    series: SeriesFound | None = None
    operator_names: Mapping[str, str] = MappingProxyType({})
    """By id, of those that have a name."""
    periods: Periods | None = None
    """None: no indicator is of a period."""
    published_from: date | None = None
    """Since when what is in the public feeds is recorded; None: it is not, or was not known."""


def report_document(report: KpiReport) -> KpiDocument:
    """Return the document, with its digest."""
    basis, attributes = _basis(report), _attributes(report.kpi)
    content: KpiContent = {
        "report": "fleetgauge kpi",
        "version": VERSION,
        **basis,
        "operators": _operators(report),
        "definitions": definitions(ENGLISH, basis),
        "vehicles": report.kpi.counts.vehicles,
        "indicators": _fleet(report),
        "min_group_size": report.min_group_size,
        "groups": [group for by in report.by for group in _groups(report, by)],
        "notes": notes(ENGLISH, basis),
        "ingest_downtime": _downtime(report.downtime),
        "corrections": list(_corrections(report.corrections)),
        "recorded_later": [
            {
                "indicator": each.indicator,
                "vehicles": each.vehicles,
                "last_on": each.last_on.isoformat(),
            }
            for each in report.corrections.recorded
        ],
        "deviations": deviations(report.stated, report.operator_id),
        "official": official(report.stated, report.operator_id),
        "milestones": milestones(report.stated, report.kpi.on),
        "series": _series(report),
        "sensitivity": _sensitivity(report),
        "disagreements": _disagreements(report.kpi.vehicles),
        "fleet": [_vehicle(vehicle, attributes) for vehicle in report.kpi.vehicles],
    }
    document: KpiDocument = {**content, "sha256": digest(content)}  # type: ignore[typeddict-item]
    return document


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document, whether or not it holds one already."""
    return hashlib.sha256(canonical(document)).hexdigest()


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return what of a document its SHA-256 and its signature are of.

    Raises:
        ValueError: it holds a number that JSON does not have.
    """
    vouched = ("sha256", "signature")
    return rfc8785.dumps({key: value for key, value in document.items() if key not in vouched})


def _basis(report: KpiReport) -> Basis:
    kpi, rule = report.kpi, _rule(report.kpi)
    records_from = report.records.first.isoformat()
    basis: Basis = {
        "on": kpi.on.isoformat(),
        "as_known_on": _iso(kpi.known_on),
        "operator_id": report.operator_id,
        "by": by_of(report.by),
        "rule": rule,
        "settings": {name: _setting(setting) for name, setting in report.settings.items()},
        "records_from": records_from if records_from > rule["first_day"] else None,
        "comparison": _comparison(report),
        "equipment": list(kpi.kinds.names),
        "attributes": list(_attributes(kpi).values()),
    }
    if report.published_from:
        basis["published_from"] = report.published_from.isoformat()
    if report.only:
        basis["only"] = {name: list(values) for name, values in report.only.items()}
    return basis


def _rule(kpi: KpiOfDate) -> Rule:
    first_day = kpi.on - timedelta(days=kpi.rule.trailing_days - 1)
    rule: Rule = {
        "minimum_minutes": kpi.rule.minimum_minutes,
        "trailing_days": kpi.rule.trailing_days,
        "minimum_live": kpi.rule.minimum_live,
        "first_day": first_day.isoformat(),
    }
    if kpi.counts.openly_published is not None:
        rule["minimum_published"] = kpi.rule.minimum_published
    return rule


def _setting(setting: RuleSetting) -> Setting:
    return {
        "value": setting.value,
        "since": _iso(setting.known_from),
        "given": setting.given,
    }


def _attributes(kpi: KpiOfDate) -> dict[str, str]:
    # By name, the key in the document: a column of a fleet list may be called as a figure is.
    found = {name for vehicle in kpi.vehicles for name in vehicle.attributes}
    built_in = [attribute.name for attribute in ATTRIBUTES]
    names = [name for name in built_in if name in found] + sorted(found.difference(built_in))
    taken = {*VehicleId._fields, *VehicleKpi._fields, *kpi.kinds.names}
    keys = {name: f"registry.{name}" if name in taken else name for name in names}
    return {"plate": "plate"} | keys


def _comparison(report: KpiReport) -> Comparison:
    (day, kpi, _), records = report.compared, report.records
    found: Comparison = {
        "on": day.isoformat(),
        "missing": None,
        "recorded": None,
        "rule": _rule(kpi) if kpi else None,
    }
    if kpi is None:
        found["recorded"] = None if day in records else records.interval
        found["missing"] = missing(ENGLISH, found)
    return found


def _operators(report: KpiReport) -> dict[str, str]:
    fleet = {vehicle.vehicle.operator_id for vehicle in report.kpi.vehicles}
    return {name: called for name, called in report.operator_names.items() if name in fleet}


def _fleet(report: KpiReport) -> dict[str, Figure]:
    # A part of the fleet may be as small as any group.
    minimum = report.min_group_size if report.operator_id or report.only else 1
    compared, periods, before = report.compared.kpi, report.periods, report.compared.periods
    return _figures(
        _Counted(report.kpi.counts, periods.of_fleet() if periods else {}),
        _Counted(compared.counts, before.of_fleet() if before else {}) if compared else None,
        _planned(report, Scope(report.operator_id)),
        minimum,
        indicators=report.kpi.counts.indicators,
        by_day=True,
    )


def _groups(report: KpiReport, by: str) -> list[Group]:
    compared = report.compared.kpi
    before = compared.groups(by) if compared else {}
    empty = count([], compared.kinds) if compared else None
    periods, then = report.periods, report.compared.periods

    def of_then(name: str | None) -> _Counted | None:
        counts = before.get(name, empty)
        return counts and _Counted(counts, then.of_group(by, name) if then else {})

    return [
        {
            "by": by,
            "name": name,
            "vehicles": counts.vehicles,
            "indicators": _figures(
                _Counted(counts, periods.of_group(by, name) if periods else {}),
                of_then(name),
                _planned(report, scope_of_group(by, name)),
                report.min_group_size,
                indicators=report.kpi.counts.indicators,
            ),
        }
        for name, counts in report.kpi.groups(by).items()
    ]


def _planned(report: KpiReport, scope: Scope | None) -> Mapping[str, float]:
    own = narrowed(scope, report.only)
    return report.targets.get(own, {}) if own else {}


class _Counted(NamedTuple):
    counts: KpiCounts
    periods: Mapping[str, PeriodPart]

    def part(self, indicator: str, minimum: int) -> ComparedFigure:
        if period := self.periods.get(indicator):
            return compared_figure(period.vehicles, period.of, period.minimum(minimum))
        return self.at_end(indicator, minimum)

    def at_end(self, indicator: str, minimum: int) -> ComparedFigure:
        return compared_figure(self.counts.numerator(indicator), self.counts.vehicles, minimum)


def _figures(
    now: _Counted,
    compared: _Counted | None,
    planned: Mapping[str, float],
    minimum: int,
    *,
    indicators: Sequence[str],
    by_day: bool = False,
) -> dict[str, Figure]:
    counts = now.counts
    figures = {
        indicator: _figure(
            now.part(indicator, minimum),
            compared.part(indicator, minimum)
            if compared and indicator in compared.counts.indicators
            else None,
            planned.get(indicator),
        )
        for indicator in indicators
    }
    for indicator in figures.keys() & now.periods.keys():
        at_end = now.at_end(indicator, minimum)
        period = period_figure(now.periods[indicator], at_end, by_day=by_day)
        figures[indicator]["period"] = period
    figures[TRACKABLE].update({"only_late": counts.only_late, "motionless": counts.motionless})
    for kind, (equipped, observed, working) in counts.equipment.items():
        figures[kind].update(
            {"observed": observed, "declared": equipped - observed, "working": working}
        )
    return figures


def _figure(now: ComparedFigure, then: ComparedFigure | None, plan: float | None) -> Figure:
    actual = now["ratio"]
    before = then["ratio"] if then else None
    return {
        "vehicles": now["vehicles"],
        "ratio": actual,
        "plan": plan,
        "difference_points": _points(actual, plan),
        "compared": then,
        "change_points": _points(actual, before),
        "of_plan": _quotient(actual, plan),
        "growth": None if (grown := _quotient(actual, before)) is None else round(grown - 1, 6),
    }


def _points(actual: float | None, other: float | None) -> float | None:
    # Rounded beyond what anyone prints, so that 0.1 + 0.2 looks like 0.3.
    return None if actual is None or other is None else round((actual - other) * 100, 6)


def _quotient(actual: float | None, other: float | None) -> float | None:
    # Of nothing there is no multiple.
    return None if actual is None or not other else round(actual / other, 6)


def _downtime(found: Downtime) -> IngestDowntime:
    return {
        "limit_seconds": int(found.limit.total_seconds()),
        "recorded_from": _iso(found.recorded_from),
        "days": [
            {"day": day.isoformat(), "seconds": int(downtime.total_seconds())}
            for day, downtime in found.days
        ],
    }


def _corrections(found: Corrections) -> Iterator[Correction]:
    for change in found.registry:
        yield {**_entered(change.entered), "vehicles": change.vehicles}
    for target in found.targets:
        yield {
            **_entered(target.entered),
            "indicator": target.indicator,
            "scope": target.scope.document,
            "before": target.before,
            "after": target.after,
        }


def _entered(entered: Entered) -> Correction:
    return {
        "entered_at": entered.at.isoformat(),
        "entered_by": entered.by,
        "source": entered.source,
        "claimed_at": _iso(entered.claimed_at),
    }


def _sensitivity(report: KpiReport) -> SensitivityToRule | None:
    if report.sensitivity is None:
        return None
    fleet = len(report.kpi.vehicles)
    at, counted = report.sensitivity
    return {
        "at": at.isoformat("minutes"),
        "windows": [
            {
                "window": window_label(window),
                "seconds": int(window.total_seconds()),
                "vehicles": vehicles,
                "ratio": ratio(vehicles, fleet),
            }
            for window, vehicles in counted.by_window
        ],
        "minimum_minutes": [
            {"minutes": minutes, "vehicles": vehicles, "ratio": ratio(vehicles, fleet)}
            for minutes, vehicles in counted.by_minimum
        ],
    }


def _series(report: KpiReport) -> Series | None:
    if report.series is None:
        return None
    return series(
        report.series,
        report.kpi.counts.indicators,
        report.stated,
        operator_id=report.operator_id,
        only=report.only,
        minimum=report.min_group_size,
    )


def _disagreements(vehicles: Sequence[VehicleKpi]) -> list[EquipmentDifference]:
    return [
        {
            "operator_id": each.vehicle.operator_id,
            "vehicle_id": each.vehicle.vehicle_id,
            "equipment": each.equipment,
            "observed": each.observed,
            "declared": each.declared,
        }
        for each in disagreements(vehicles)
    ]


def _vehicle(vehicle: VehicleKpi, attributes: Mapping[str, str]) -> Vehicle:
    return {
        **vehicle.vehicle._asdict(),
        **{key: vehicle.attributes.get(name) for name, key in attributes.items()},
        "plate": vehicle.plate,
        "trackable": vehicle.trackable,
        "trackable_on_route": vehicle.trackable_on_route,
        "only_late": vehicle.only_late,
        "motionless": vehicle.motionless,
        "minutes": vehicle.minutes,
        "best_day": _iso(vehicle.best_day),
        "live_minutes": vehicle.live_minutes,
        "route_minutes": vehicle.route_minutes,
        "moved_m": vehicle.moved_m,
        "reason": vehicle.reason,
        "last_day": _iso(vehicle.last_day),
        **{kind: _equipment(state) for kind, state in vehicle.equipment.items()},
        **_published(vehicle),
    }


def _published(vehicle: VehicleKpi) -> dict[str, object]:
    # Of a date on which it was not recorded the vehicle has neither key.
    if vehicle.published_minutes is None:
        return {}
    return {
        "openly_published": vehicle.openly_published,
        "published_minutes": vehicle.published_minutes,
    }


def _equipment(state: EquipmentState) -> EquipmentFound:
    declared = None if state.declared is None else "declared"
    return {
        "equipped": state.equipped,
        "source": declared if state.fitted is None else "observed",
        "observed": state.fitted,
        "declared": state.declared,
        "working": state.working,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
