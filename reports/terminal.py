"""The report of a date as tables for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table

from reports import words
from reports.kpi_document import Document
from reports.tables import heading, table

NAMED: Final = 20
"""Disagreements that are named here; the other forms name all."""


def terminal_report(document: Document) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom."""
    yield f"KPI report of {words.subject(document)}, {words.knowledge(document)}"
    yield heading(f"{document['vehicles']:,} vehicles in the fleet")
    yield _figures(document)
    for indicator, definition in document["definitions"].items():
        yield f"{words.NAMES.get(indicator, indicator)}: {definition}"
    if document["groups"]:
        yield from _groups(document)
    yield from (f"note: {note}" for note in document["notes"])
    yield from words.downtime(document)
    if document["sensitivity"]:
        yield from _sensitivity(document)
    if document["disagreements"]:
        yield from _disagreements(document["disagreements"])
    yield "the vehicles behind each figure: --json, --csv, --html FILE"
    yield f"SHA-256 {document['sha256']}"


def _figures(document: Document) -> Table:
    numbers = _columns(document)
    rows = (
        (*_figure_row(indicator, figure, document["vehicles"]), words.source(figure))
        for indicator, figure in document["indicators"].items()
    )
    return table(("indicator", *numbers, "of the vehicles"), rows, right=numbers)


def _figure_row(indicator: str, figure: Document, vehicles: int) -> tuple[str, ...]:
    return (words.NAMES[indicator], *words.numbers(figure, vehicles))


def _columns(document: Document) -> tuple[str, ...]:
    before = document["comparison"]["on"]
    compared = (f"vehicles\n{before}", f"share\n{before}")
    return ("vehicles", "actual", "plan", "difference", *compared, "change")


def _groups(document: Document) -> Iterator[RenderableType]:
    groups: Sequence[Document] = document["groups"]
    by, numbers = groups[0]["by"], _columns(document)
    yield heading(f"by {by}; no ratio for fewer than {document['min_group_size']} vehicles")
    rows = (row for group in groups for row in _group_rows(group))
    yield table((by, "indicator", *numbers), rows, right=numbers)


def _group_rows(group: Document) -> Iterator[tuple[str, ...]]:
    name = words.group_name(group["name"])
    for indicator, figure in group["indicators"].items():
        yield (name, *_figure_row(indicator, figure, group["vehicles"]))
        name = ""


def _sensitivity(document: Document) -> Iterator[RenderableType]:
    fleet = document["vehicles"]
    found = document["sensitivity"]
    yield heading(f"trackable at {found['at']} local time, by window")
    yield _by_rule("window", [(row["window"], row) for row in found["windows"]], fleet)
    yield heading("trackable on the date, by the minimum of a tracked day")
    minima = [(str(row["minutes"]), row) for row in found["minimum_minutes"]]
    yield _by_rule("minutes", minima, fleet)


def _by_rule(rule: str, rows: Sequence[tuple[str, Document]], fleet: int) -> Table:
    columns = (rule, "vehicles", "share")
    told = ((label, words.part(row, fleet), words.percent(row["ratio"])) for label, row in rows)
    return table(columns, told, right=columns)


def _disagreements(found: Sequence[Document]) -> Iterator[RenderableType]:
    more = f", {NAMED} of them here" if len(found) > NAMED else ""
    yield heading(f"observed other than declared: {len(found):,}{more}")
    rows = (
        (
            each["operator_id"],
            each["vehicle_id"],
            words.NAMES[each["equipment"]],
            words.yes_no(each["observed"]),
            words.yes_no(each["declared"]),
        )
        for each in found[:NAMED]
    )
    yield table(("operator", "vehicle", "equipment", "observed", "declared"), rows)
