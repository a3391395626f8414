"""The report of a date as one CSV table: a row a figure, then a row a vehicle.

The column ``row`` tells the kinds apart: ``report`` (one, with the digest), ``figure`` (of the
fleet, and of each group), ``sensitivity``, ``note`` (on ingest downtime, too), ``vehicle``. A
cell that does not apply is empty.
"""

import csv
from typing import Any, Final, TextIO

from reports.kpi_document import Document
from reports.words import downtime

COLUMNS: Final = (
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
    "compared_on",
    "compared_vehicles",
    "compared_fleet",
    "compared_ratio",
    "change_points",
    "operator_id",
    "vehicle_id",
    "plate",
    "route_id",
    "depot",
    "municipality",
    "trackable",
    "minutes",
    "best_day",
    "cctv",
    "cctv_source",
    "cctv_observed",
    "cctv_declared",
    "cctv_working",
    "cashless",
    "cashless_source",
    "cashless_observed",
    "cashless_declared",
    "cashless_working",
)


def write_csv(document: Document, file: TextIO) -> None:
    """Write the table (RFC 4180, lines ended by a line feed)."""
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    date = {"on": document["on"], "as_known_on": document["as_known_on"]}
    whole = {"operator_id": document["operator_id"], "compared_on": document["comparison"]["on"]}
    for row in [
        {"row": "report", "sha256": document["sha256"], "fleet": document["vehicles"]} | whole,
        *_figures(document, whole),
        *[row for group in document["groups"] for row in _figures(group, whole)],
        *_sensitivity(document),
        *_notes(document),
        *[_vehicle(vehicle) for vehicle in document["fleet"]],
    ]:
        writer.writerow({name: _cell(value) for name, value in (date | row).items()})


def _figures(of: Document, whole: Document) -> list[Document]:
    return [
        whole
        | {
            "row": "figure",
            "by": of.get("by"),
            "group": of.get("name"),
            "indicator": indicator,
            "vehicles": figure["vehicles"],
            "fleet": of["vehicles"],
            **{name: figure[name] for name in _SAME},
            **_compared(figure["compared"]),
        }
        for indicator, figure in of["indicators"].items()
    ]


_SAME: Final = ("ratio", "plan", "difference_points", "change_points")


def _compared(compared: Document | None) -> Document:
    if compared is None:
        return {}
    return {
        "compared_vehicles": compared["vehicles"],
        "compared_fleet": compared["of"],
        "compared_ratio": compared["ratio"],
    }


def _sensitivity(document: Document) -> list[Document]:
    found = document["sensitivity"]
    if found is None:
        return []
    rules = [(f"window {row['window']} at {found['at']}", row) for row in found["windows"]]
    rules += [(f"{row['minutes']} minutes", row) for row in found["minimum_minutes"]]
    same = {"row": "sensitivity", "indicator": "trackable", "fleet": document["vehicles"]}
    return [
        same | {"rule": rule, "vehicles": row["vehicles"], "ratio": row["ratio"]}
        for rule, row in rules
    ]


def _notes(document: Document) -> list[Document]:
    told = [*document["notes"], *downtime(document)]
    return [{"row": "note", "note": note} for note in told]


def _vehicle(vehicle: Document) -> Document:
    row = {name: value for name, value in vehicle.items() if not isinstance(value, dict)}
    for equipment in ("cctv", "cashless"):
        state = vehicle[equipment]
        row[equipment] = state["equipped"]
        for name in ("source", "observed", "declared", "working"):
            row[f"{equipment}_{name}"] = state[name]
    return row | {"row": "vehicle"}


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    # A spreadsheet takes what begins so for a formula, and these words come from others.
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return f"'{value}"
    return value
