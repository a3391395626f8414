"""The report of a date as one document, from which every form of it is made.

It holds what was found and nothing of the finding: no clock, no name of a machine. So the same
database, date and as-known-on give the same document, byte for byte, and the same SHA-256. The
digest is taken over the document without its key ``sha256``, as JSON in UTF-8 with sorted keys
and no white space.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final, NamedTuple

from models.indicator import Grouping, Indicator, window_label
from models.kpi import KpiCounts, KpiOfDate, KpiRule, VehicleKpi, count, disagreements
from models.sensitivity import Sensitivity
from models.share import EquipmentState, ratio
from models.target import Scope
from models.uptime import DowntimeDay
from reports.documents import (
    Basis,
    Comparison,
    EquipmentDifference,
    EquipmentFound,
    Figure,
    Group,
    IngestDowntime,
    Interval,
    KpiContent,
    KpiDocument,
    SensitivityToRule,
    Vehicle,
)
from reports.language import ENGLISH
from reports.words import definitions, missing, notes

VERSION: Final = 1
"""Of the document's layout."""

Targets = Mapping[Scope, Mapping[Indicator, float]]


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


class KpiReport(NamedTuple):
    """All that a report is made of."""

    kpi: KpiOfDate
    compare_on: date
    compared: KpiOfDate | None
    """None: the records lack the date, or its fleet is empty."""
    targets: Targets
    downtime: Downtime
    records: Records
    by: Grouping | None = None
    operator_id: str | None = None
    """Whose fleet alone it is of; None: the whole."""
    min_group_size: int = 1
    sensitivity: SensitivityAt | None = None


def report_document(report: KpiReport) -> KpiDocument:
    """Return the document, with its digest."""
    basis = _basis(report)
    content: KpiContent = {
        "report": "fleetgauge kpi",
        "version": VERSION,
        **basis,
        "definitions": definitions(ENGLISH, basis),
        "vehicles": report.kpi.counts.vehicles,
        "indicators": _fleet(report),
        "min_group_size": report.min_group_size,
        "groups": _groups(report),
        "notes": notes(ENGLISH, basis),
        "ingest_downtime": _downtime(report.downtime),
        "sensitivity": _sensitivity(report),
        "disagreements": _disagreements(report.kpi.vehicles),
        "fleet": [_vehicle(vehicle, basis, report.kpi.rule) for vehicle in report.kpi.vehicles],
    }
    return {**content, "sha256": digest(content)}


def digest(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of a document, whether or not it holds one already."""
    content = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _basis(report: KpiReport) -> Basis:
    kpi = report.kpi
    first_day = kpi.on - timedelta(days=kpi.rule.trailing_days - 1)
    records_from = report.records.first
    return {
        "on": kpi.on.isoformat(),
        "as_known_on": _iso(kpi.known_on),
        "operator_id": report.operator_id,
        "rule": {
            "minimum_minutes": kpi.rule.minimum_minutes,
            "trailing_days": kpi.rule.trailing_days,
            "first_day": first_day.isoformat(),
        },
        "records_from": records_from.isoformat() if records_from > first_day else None,
        "comparison": _comparison(report),
        "equipment": [str(kind) for kind in kpi.counts.equipment],
        "attributes": [name for name in VehicleKpi._fields if name not in _NO_ATTRIBUTES],
    }


_NO_ATTRIBUTES: Final = frozenset({"vehicle", "minutes", "best_day", "equipment"})


def _comparison(report: KpiReport) -> Comparison:
    day, records = report.compare_on, report.records
    found: Comparison = {"on": day.isoformat(), "missing": None, "recorded": None}
    if report.compared is None:
        found["recorded"] = None if day in records else records.interval
        found["missing"] = missing(ENGLISH, found)
    return found


def _fleet(report: KpiReport) -> dict[str, Figure]:
    # One operator's fleet may be as small as any group.
    minimum = report.min_group_size if report.operator_id else 1
    compared = report.compared.counts if report.compared else None
    planned = report.targets.get(Scope(report.operator_id), {})
    return _figures(report.kpi.counts, compared, planned, minimum)


def _groups(report: KpiReport) -> list[Group]:
    if report.by is None:
        return []
    compared = report.compared.groups(report.by) if report.compared else {}
    empty = count([], KpiRule()) if report.compared else None
    return [
        {
            "by": str(report.by),
            "name": name,
            "vehicles": counts.vehicles,
            "indicators": _figures(
                counts,
                compared.get(name, empty),
                _planned(report.targets, report.by, name),
                report.min_group_size,
            ),
        }
        for name, counts in report.kpi.groups(report.by).items()
    ]


def _planned(targets: Targets, by: Grouping, name: str | None) -> Mapping[Indicator, float]:
    # A part has the target that was set for it, and not the whole fleet's.
    field = "operator_id" if by is Grouping.OPERATOR else str(by)
    if name is None or field not in Scope._fields:
        return {}
    return targets.get(Scope(**{field: name}), {})


def _figures(
    counts: KpiCounts,
    compared: KpiCounts | None,
    planned: Mapping[Indicator, float],
    minimum: int,
) -> dict[str, Figure]:
    found, before = _numerators(counts), _numerators(compared) if compared else {}
    plans = {str(indicator): plan for indicator, plan in planned.items()}
    figures = {
        indicator: _figure(
            _Part(numerator, counts.vehicles),
            _Part(before[indicator], compared.vehicles) if compared else None,
            plans.get(indicator),
            minimum,
        )
        for indicator, numerator in found.items()
    }
    for kind, known in counts.equipment.items():
        equipped, observed, working = known
        figures[str(kind)].update(
            {"observed": observed, "declared": equipped - observed, "working": working}
        )
    return figures


class _Part(NamedTuple):
    vehicles: int
    of: int


def _numerators(counts: KpiCounts) -> dict[str, int]:
    equipped = {str(kind): found.equipped for kind, found in counts.equipment.items()}
    return {Indicator.TRACKABLE.value: counts.trackable} | equipped


def _figure(now: _Part, then: _Part | None, plan: float | None, minimum: int) -> Figure:
    actual = ratio(*now, minimum)
    before = ratio(*then, minimum) if then else None
    return {
        "vehicles": now.vehicles,
        "ratio": actual,
        "plan": plan,
        "difference_points": _points(actual, plan),
        "compared": {"vehicles": then.vehicles, "of": then.of, "ratio": before} if then else None,
        "change_points": _points(actual, before),
    }


def _points(actual: float | None, other: float | None) -> float | None:
    # Rounded beyond what anyone prints, so that 0.1 + 0.2 looks like 0.3.
    return None if actual is None or other is None else round((actual - other) * 100, 6)


def _downtime(found: Downtime) -> IngestDowntime:
    return {
        "limit_seconds": int(found.limit.total_seconds()),
        "recorded_from": _iso(found.recorded_from),
        "days": [
            {"day": day.isoformat(), "seconds": int(downtime.total_seconds())}
            for day, downtime in found.days
        ],
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


def _disagreements(vehicles: Sequence[VehicleKpi]) -> list[EquipmentDifference]:
    return [
        {
            "operator_id": each.vehicle.operator_id,
            "vehicle_id": each.vehicle.vehicle_id,
            "equipment": str(each.equipment),
            "observed": each.observed,
            "declared": each.declared,
        }
        for each in disagreements(vehicles)
    ]


def _vehicle(vehicle: VehicleKpi, basis: Basis, rule: KpiRule) -> Vehicle:
    return {
        **vehicle.vehicle._asdict(),
        **{name: getattr(vehicle, name) for name in basis["attributes"]},
        "trackable": vehicle.counts_for(Indicator.TRACKABLE, rule),
        "minutes": vehicle.minutes,
        "best_day": _iso(vehicle.best_day),
        **{str(kind): _equipment(state) for kind, state in vehicle.equipment.items()},
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
