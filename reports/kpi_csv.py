"""The report of a date as one CSV table: a row a figure, then a row a vehicle.

The column ``row`` tells the kinds apart: ``report`` (one, with the digest), ``figure`` (of the
fleet, and of each group), ``series``, ``sensitivity``, ``note`` (on ingest downtime, corrections
and what people state, too), ``vehicle``. A cell that does not apply is empty. Names and texts are
English, whatever the report's language.
"""

import csv
from collections.abc import Iterator
from typing import Any, Final, TextIO

from reports.dialects import harmless
from reports.documents import Basis, ComparedFigure, Figure, KpiDocument, SeriesPoint, Vehicle
from reports.groups import groupings_of, series_groups
from reports.kpi_notes import corrections, downtime
from reports.language import ENGLISH
from reports.stated_words import deviations, milestones, official

Row = dict[str, Any]

_FIGURE: Final = (
    "row",
    "on",
    "as_known_on",
    "sha256",
    "by",
    "group",
    "indicator",
    "rule",
    "note",
    "vehicles",
    "fleet",
    "ratio",
    "plan",
    "difference_points",
    "of_plan",
    "compared_on",
    "compared_vehicles",
    "compared_fleet",
    "compared_ratio",
    "change_points",
    "growth",
)
_VEHICLE: Final = ("operator_id", "vehicle_id")
_TRACKED: Final = (
    "trackable",
    "trackable_on_route",
    "only_late",
    "motionless",
    "minutes",
    "best_day",
    "live_minutes",
    "route_minutes",
    "moved_m",
    "reason",
    "last_day",
)
_PUBLISHED: Final = ("openly_published", "published_minutes")
"""Only where it is recorded."""
_EQUIPMENT: Final = ("source", "observed", "declared", "working")


def columns(basis: Basis) -> list[str]:
    """Return the table's columns, which depend on the kinds of equipment and the attributes."""
    equipment = [
        name
        for kind in basis["equipment"]
        for name in (kind, *(f"{kind}_{detail}" for detail in _EQUIPMENT))
    ]
    attributes = map(_column, basis["attributes"])
    published = _PUBLISHED if "minimum_published" in basis["rule"] else ()
    return [*_FIGURE, *_VEHICLE, *attributes, *_TRACKED, *equipment, *published]


def _column(attribute: str) -> str:
    # A fleet list may have a column for notes, or plans, too.
    return f"registry.{attribute}" if attribute in _FIGURE else attribute


def write_csv(document: KpiDocument, file: TextIO) -> None:
    """Write the table (RFC 4180, lines ended by a line feed)."""
    writer = csv.DictWriter(file, columns(document), restval="", lineterminator="\n")
    writer.writeheader()
    date = {"on": document["on"], "as_known_on": document["as_known_on"]}
    for row in _rows(document):
        writer.writerow({name: _cell(value) for name, value in (date | row).items()})


def _rows(document: KpiDocument) -> Iterator[Row]:
    whole = {"operator_id": document["operator_id"], "compared_on": document["comparison"]["on"]}
    fleet = {"fleet": document["vehicles"]}
    yield whole | fleet | {"row": "report", "sha256": document["sha256"]}
    for indicator, figure in document["indicators"].items():
        yield whole | fleet | _figure(indicator, figure)
    for group in document["groups"]:
        name = {"by": group["by"], "group": group["name"], "fleet": group["vehicles"]}
        for indicator, figure in group["indicators"].items():
            yield whole | name | _figure(indicator, figure)
    yield from _series(document)
    yield from _sensitivity(document)
    for note in (
        *document["notes"],
        *downtime(ENGLISH, document["ingest_downtime"]),
        *corrections(ENGLISH, document),
        *deviations(ENGLISH, document["deviations"]),
        *official(ENGLISH, document["official"]),
        *milestones(ENGLISH, document["milestones"]),
    ):
        yield {"row": "note", "note": note}
    for vehicle in document["fleet"]:
        yield _vehicle(vehicle, document["equipment"])


def _figure(indicator: str, figure: Figure) -> Row:
    return {
        "row": "figure",
        "indicator": indicator,
        "vehicles": figure["vehicles"],
        "ratio": figure["ratio"],
        "plan": figure["plan"],
        "difference_points": figure["difference_points"],
        "change_points": figure["change_points"],
        "of_plan": figure["of_plan"],
        "growth": figure["growth"],
        **_period(figure),
        "only_late": figure.get("only_late"),
        "motionless": figure.get("motionless"),
        **_compared(figure["compared"]),
    }


def _period(figure: Figure) -> Row:
    if "period" not in figure:
        return {}
    found = figure["period"]
    rule = f"{found['rule']} of the days of the {found['every']}"
    return {"rule": rule, "fleet": found["of"]}


def _compared(compared: ComparedFigure | None) -> Row:
    if compared is None:
        return {}
    return {
        "compared_vehicles": compared["vehicles"],
        "compared_fleet": compared["of"],
        "compared_ratio": compared["ratio"],
    }


def _series(document: KpiDocument) -> Iterator[Row]:
    found = document["series"]
    if found is None:
        return
    parts: list[tuple[Row, list[SeriesPoint]]] = [({}, found["points"])]
    parts += [
        ({"by": by, "group": group["name"]}, group["points"])
        for by in groupings_of(document["by"])
        for group in series_groups(found, by)
    ]
    for group, points in parts:
        for point in points:
            fleet = group | {"row": "series", "on": point["on"], "fleet": point["vehicles"]}
            for indicator, figure in point["indicators"].items():
                own = {"indicator": indicator, "fleet": figure.get("of", point["vehicles"])}
                yield fleet | own | {name: value for name, value in figure.items() if name != "of"}


def _sensitivity(document: KpiDocument) -> Iterator[Row]:
    found = document["sensitivity"]
    if found is None:
        return
    same = {"row": "sensitivity", "indicator": "trackable", "fleet": document["vehicles"]}
    for by_window in found["windows"]:
        rule = {"rule": f"window {by_window['window']} at {found['at']}"}
        yield same | rule | {"vehicles": by_window["vehicles"], "ratio": by_window["ratio"]}
    for by_minimum in found["minimum_minutes"]:
        rule = {"rule": f"{by_minimum['minutes']} minutes"}
        yield same | rule | {"vehicles": by_minimum["vehicles"], "ratio": by_minimum["ratio"]}


def _vehicle(vehicle: Vehicle, equipment: list[str]) -> Row:
    row = {_column(name): value for name, value in vehicle.items() if name not in equipment}
    for kind in equipment:
        row[kind] = vehicle[kind]["equipped"]
        row |= {f"{kind}_{detail}": vehicle[kind][detail] for detail in _EQUIPMENT}
    return row | {"row": "vehicle"}


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return harmless(value) if isinstance(value, str) else value
