"""The report of a date as one document, from which every form of it is made.

It holds what was found and nothing of the finding: no clock, no name of a machine. So the same
database, date and as-known-on give the same document, byte for byte, and the same SHA-256. The
digest is taken over the document without its key ``sha256``, as JSON in UTF-8 with sorted keys
and no white space.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any, Final, NamedTuple

from models.indicator import Grouping, Indicator, window_label
from models.kpi import (
    KPI_INDICATORS,
    KpiCounts,
    KpiOfDate,
    KpiRule,
    VehicleKpi,
    count,
    disagreements,
)
from models.report import Equipment
from models.sensitivity import Sensitivity
from models.share import EquipmentState, ratio
from models.target import Scope
from models.uptime import DowntimeDay

VERSION: Final = 1
"""Of the document's layout."""

Document = dict[str, Any]
Targets = Mapping[Scope, Mapping[Indicator, float]]


class Downtime(NamedTuple):
    """When no ingest worker was connected, as far as there is a record of it."""

    limit: timedelta
    recorded_from: date | None
    """The first local day of the record; None: there is none."""
    days: Sequence[DowntimeDay]
    """Those days of the report's on which ingest was down for longer than the limit."""


class SensitivityAt(NamedTuple):
    """How the share depends on the rule, and at which local time its windows end."""

    at: time
    counted: Sensitivity


class KpiReport(NamedTuple):
    """All that a report is made of."""

    kpi: KpiOfDate
    compare_on: date
    compared: KpiOfDate | None
    compare_missing: str | None
    """Why there is nothing to compare with, in words."""
    targets: Targets
    downtime: Downtime
    first_day: date
    """The first day of which anything is known."""
    by: Grouping | None = None
    operator_id: str | None = None
    """Whose fleet alone it is of; None: the whole."""
    min_group_size: int = 1
    sensitivity: SensitivityAt | None = None


def report_document(report: KpiReport) -> Document:
    """Return the document, with its digest."""
    kpi = report.kpi
    document: Document = {
        "report": "fleetgauge kpi",
        "version": VERSION,
        "on": kpi.on.isoformat(),
        "as_known_on": kpi.known_on and kpi.known_on.isoformat(),
        "operator_id": report.operator_id,
        "rule": _rule(kpi),
        "comparison": {"on": report.compare_on.isoformat(), "missing": report.compare_missing},
        "definitions": _definitions(kpi),
        **_fleet(report),
        "min_group_size": report.min_group_size,
        "groups": _groups(report),
        "notes": _notes(report),
        "ingest_downtime": _downtime(report.downtime),
        "sensitivity": _sensitivity(report),
        "disagreements": _disagreements(kpi.vehicles),
        "fleet": [_vehicle(vehicle, kpi.rule) for vehicle in kpi.vehicles],
    }
    return document | {"sha256": digest(document)}


def digest(document: Document) -> str:
    """Return the SHA-256 of a document, whether or not it holds one already."""
    content = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _rule(kpi: KpiOfDate) -> Document:
    return kpi.rule._asdict() | {"first_day": _first_day(kpi).isoformat()}


def _first_day(kpi: KpiOfDate) -> date:
    return kpi.on - timedelta(days=kpi.rule.trailing_days - 1)


def _definitions(kpi: KpiOfDate) -> dict[str, str]:
    minutes, days = kpi.rule
    equipment = (
        "at the end of the local day: as the newest report of it says; where the vehicle never "
        "reported it, as the registry declares"
    )
    span = f"{_first_day(kpi)} to {kpi.on}" if days > 1 else f"{kpi.on}"
    return {
        "fleet": f"vehicles that the registry has in service on {kpi.on}",
        Indicator.TRACKABLE.value: (
            f"vehicles of the fleet with a tracked day within {days} "
            f"{'day' if days == 1 else 'days'} ({span}): fixes in at least {minutes} distinct "
            f"{'minute' if minutes == 1 else 'minutes'} of a day in the operator's time zone"
        ),
        Indicator.CCTV.value: f"vehicles of the fleet with CCTV in the cabin {equipment}",
        Indicator.CASHLESS.value: f"vehicles of the fleet with cashless payment {equipment}",
    }


def _fleet(report: KpiReport) -> Document:
    # One operator's fleet may be as small as any group.
    minimum = report.min_group_size if report.operator_id else 1
    compared = report.compared.counts if report.compared else None
    planned = report.targets.get(Scope(report.operator_id), {})
    return _figures(report.kpi.counts, compared, planned, minimum)


def _groups(report: KpiReport) -> list[Document]:
    if report.by is None:
        return []
    compared = report.compared.groups(report.by) if report.compared else {}
    empty = _EMPTY if report.compared else None
    return [
        {"by": report.by.value, "name": name}
        | _figures(
            counts,
            compared.get(name, empty),
            _planned(report, report.by, name),
            report.min_group_size,
        )
        for name, counts in report.kpi.groups(report.by).items()
    ]


def _planned(report: KpiReport, by: Grouping, name: str | None) -> Mapping[Indicator, float]:
    # A part has the target that was set for it, and not the whole fleet's.
    if name is None or by not in (Grouping.OPERATOR, Grouping.MUNICIPALITY):
        return {}
    scope = Scope(name) if by is Grouping.OPERATOR else Scope(municipality=name)
    return report.targets.get(scope, {})


def _figures(
    counts: KpiCounts,
    compared: KpiCounts | None,
    planned: Mapping[Indicator, float],
    minimum: int,
) -> Document:
    indicators = {
        indicator.value: _figure(indicator, counts, compared, planned.get(indicator), minimum)
        for indicator in KPI_INDICATORS
    }
    return {"vehicles": counts.vehicles, "indicators": indicators}


def _figure(
    indicator: Indicator,
    counts: KpiCounts,
    compared: KpiCounts | None,
    planned: float | None,
    minimum: int,
) -> Document:
    actual = counts.ratio(indicator, minimum)
    before = compared.ratio(indicator, minimum) if compared else None
    figure: Document = {
        "vehicles": counts.numerator(indicator),
        "ratio": actual,
        "plan": planned,
        "difference_points": _points(actual, planned),
        "compared": compared
        and {
            "vehicles": compared.numerator(indicator),
            "of": compared.vehicles,
            "ratio": before,
        },
        "change_points": _points(actual, before),
    }
    if indicator is not Indicator.TRACKABLE:
        equipped, observed, working = counts.equipment[Equipment(indicator.value)]
        figure |= {"observed": observed, "declared": equipped - observed, "working": working}
    return figure


def _points(actual: float | None, other: float | None) -> float | None:
    # Rounded beyond what anyone prints, so that 0.1 + 0.2 looks like 0.3.
    return None if actual is None or other is None else round((actual - other) * 100, 6)


def _notes(report: KpiReport) -> list[str]:
    kpi = report.kpi
    notes = []
    if report.first_day > _first_day(kpi):
        notes.append(
            f"nothing is known of days before {report.first_day}: tracked days could be found in "
            f"a part of the {kpi.rule.trailing_days} days only"
        )
    if report.compare_missing:
        notes.append(f"no comparison with {report.compare_on}: {report.compare_missing}")
    return notes


def _downtime(found: Downtime) -> Document:
    return {
        "limit_seconds": int(found.limit.total_seconds()),
        "recorded_from": found.recorded_from and found.recorded_from.isoformat(),
        "days": [
            {"day": day.isoformat(), "seconds": int(downtime.total_seconds())}
            for day, downtime in found.days
        ],
    }


def _sensitivity(report: KpiReport) -> Document | None:
    if report.sensitivity is None:
        return None
    fleet = len(report.kpi.vehicles)
    at, counted = report.sensitivity
    return {
        "at": at.isoformat("minutes"),
        "windows": [
            {"window": window_label(window), "seconds": int(window.total_seconds())}
            | {"vehicles": vehicles, "ratio": ratio(vehicles, fleet)}
            for window, vehicles in counted.by_window
        ],
        "minimum_minutes": [
            {"minutes": minutes, "vehicles": vehicles, "ratio": ratio(vehicles, fleet)}
            for minutes, vehicles in counted.by_minimum
        ],
    }


def _disagreements(vehicles: Iterable[VehicleKpi]) -> list[Document]:
    return [
        each.vehicle._asdict()
        | {"equipment": each.equipment.value, "observed": each.observed, "declared": each.declared}
        for each in disagreements(vehicles)
    ]


def _vehicle(vehicle: VehicleKpi, rule: KpiRule) -> Document:
    equipment = {each.value: _equipment(state) for each, state in vehicle.equipment.items()}
    return {
        **vehicle.vehicle._asdict(),
        "plate": vehicle.plate,
        "route_id": vehicle.route_id,
        "depot": vehicle.depot,
        "municipality": vehicle.municipality,
        "trackable": vehicle.counts_for(Indicator.TRACKABLE, rule),
        "minutes": vehicle.minutes,
        "best_day": vehicle.best_day and vehicle.best_day.isoformat(),
        **equipment,
    }


def _equipment(state: EquipmentState) -> Document:
    declared = None if state.declared is None else "declared"
    return {
        "equipped": state.equipped,
        "source": declared if state.fitted is None else "observed",
        "observed": state.fitted,
        "declared": state.declared,
        "working": state.working,
    }


_EMPTY: Final = count([], KpiRule())
