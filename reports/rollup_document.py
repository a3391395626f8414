"""Several authorities' KPI reports of one date, added up.

Numerators and denominators are added, never ratios; a plan of a part is not the whole's. Whoever is
in two reports would count twice, and is an error.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from models.attribute import OPERATOR
from models.share import ratio
from reports.documents import (
    ComparedFigure,
    Figure,
    KpiDocument,
    RollupContent,
    RollupDocument,
    RollupPart,
)
from reports.groups import called
from reports.kpi_document import digest

VERSION: Final = 1
"""Of the document's layout."""


class NamedReport(NamedTuple):
    """An authority's report."""

    name: str
    document: KpiDocument


class Unlike(ValueError):
    """Reports that cannot be added up; says why."""


def rollup_document(reports: Sequence[NamedReport]) -> RollupDocument:
    """Return the sum of reports.

    Raises:
        Unlike: they are of different dates or rules, or share a vehicle.
    """
    _check(reports)
    first = reports[0].document
    names = list(dict.fromkeys(name for each in reports for name in each.document["indicators"]))
    content: RollupContent = {
        "report": "fleetgauge rollup",
        "version": VERSION,
        "on": first["on"],
        "rule": first["rule"],
        "parts": [_part(each) for each in reports],
        "vehicles": sum(each.document["vehicles"] for each in reports),
        "indicators": {name: _sum(name, reports) for name in names},
        "lacking": {name: lacking for name in names if (lacking := _lacking(name, reports))},
    }
    return {**content, "sha256": digest(content)}


def _check(reports: Sequence[NamedReport]) -> None:
    first = reports[0]
    for each in reports[1:]:
        if each.document["on"] != first.document["on"]:
            raise Unlike(
                f"{first.name} is of {first.document['on']}, {each.name} of {each.document['on']}"
            )
        if _demands(each.document) != _demands(first.document):
            raise Unlike(f"{first.name} and {each.name} count by different rules")
    fleets = Counter(
        (vehicle["operator_id"], vehicle["vehicle_id"])
        for each in reports
        for vehicle in each.document["fleet"]
    )
    names = {
        name: of for each in reports for name, of in each.document.get("operators", {}).items()
    }
    twice = [_named(name, names) for name, number in sorted(fleets.items()) if number > 1]
    if twice:
        more = f" and {len(twice) - 5} more" if len(twice) > 5 else ""
        raise Unlike(f"in more than one report: {', '.join(twice[:5])}{more}")


def _named(vehicle: tuple[str, str], operators: Mapping[str, str]) -> str:
    name = operators.get(vehicle[0])
    return "/".join(vehicle) + (f" ({name})" if name else "")


def _demands(document: KpiDocument) -> tuple[int, int, int]:
    rule = document["rule"]
    return rule["minimum_minutes"], rule["trailing_days"], rule["minimum_live"]


def _part(report: NamedReport) -> RollupPart:
    document = report.document
    return {
        "name": report.name,
        "as_known_on": document["as_known_on"],
        "sha256": document["sha256"],
        "operator": called(document, OPERATOR, document["operator_id"]),
        "vehicles": document["vehicles"],
        "indicators": {
            name: _figure(_at_end(figure), document["vehicles"])
            for name, figure in document["indicators"].items()
        },
    }


def _at_end(figure: Figure) -> int:
    # Of a period neither the days nor the day of the minimum need be the others'.
    return figure["period"]["at_end"]["vehicles"] if "period" in figure else figure["vehicles"]


def _sum(name: str, reports: Iterable[NamedReport]) -> ComparedFigure:
    having = [each.document for each in reports if name in each.document["indicators"]]
    vehicles = sum(_at_end(document["indicators"][name]) for document in having)
    return _figure(vehicles, sum(document["vehicles"] for document in having))


def _lacking(name: str, reports: Iterable[NamedReport]) -> list[str]:
    return [each.name for each in reports if name not in each.document["indicators"]]


def _figure(vehicles: int, of: int) -> ComparedFigure:
    return {"vehicles": vehicles, "of": of, "ratio": ratio(vehicles, of)}
