"""The report of a date as tables for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table

from fleetgauge.report import words
from models.report_document import Document

NAMED: Final = 20
"""Disagreements that are named here; the other forms name all."""


def terminal_report(document: Document) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom."""
    yield f"KPI report of {words.subject(document)}, {words.knowledge(document)}"
    yield _figures(document)
    for indicator, definition in document["definitions"].items():
        yield f"{words.NAMES.get(indicator, indicator)}: {definition}"
    if document["groups"]:
        yield _groups(document)
    yield from (f"note: {note}" for note in document["notes"])
    yield from words.deaf_lines(document)
    if document["sensitivity"]:
        yield from _sensitivity(document)
    if document["disagreements"]:
        yield _disagreements(document["disagreements"])
    yield "the vehicles behind each figure: --json, --csv, --html FILE"
    yield f"SHA-256 {document['sha256']}"


def _figures(document: Document) -> Table:
    fleet = document["vehicles"]
    table = Table(title=f"{fleet:,} vehicles in the fleet", title_justify="left")
    table.add_column("indicator")
    for name in _columns(document):
        table.add_column(name, justify="right")
    table.add_column("of the vehicles")
    for indicator, figure in document["indicators"].items():
        table.add_row(
            words.NAMES[indicator],
            words.part(figure, fleet),
            words.percent(figure["ratio"]),
            words.percent(figure["plan"]),
            words.points(figure["difference_points"]),
            words.compared_part(figure),
            words.compared_percent(figure),
            words.points(figure["change_points"]),
            words.source(figure),
        )
    return table


def _columns(document: Document) -> tuple[str, ...]:
    before = document["comparison"]["on"]
    compared = (f"vehicles\n{before}", f"share\n{before}")
    return ("vehicles", "actual", "plan", "difference", *compared, "change")


def _groups(document: Document) -> Table:
    groups: Sequence[Document] = document["groups"]
    minimum = document["min_group_size"]
    title = f"by {groups[0]['by']}; no ratio for fewer than {minimum} vehicles"
    table = Table(title=title, title_justify="left")
    table.add_column(groups[0]["by"])
    table.add_column("indicator")
    for name in _columns(document):
        table.add_column(name, justify="right")
    for group in groups:
        name = words.group_name(group["name"])
        for indicator, figure in group["indicators"].items():
            table.add_row(
                name,
                words.NAMES[indicator],
                words.part(figure, group["vehicles"]),
                words.percent(figure["ratio"]),
                words.percent(figure["plan"]),
                words.points(figure["difference_points"]),
                words.compared_part(figure),
                words.compared_percent(figure),
                words.points(figure["change_points"]),
            )
            name = ""
    return table


def _sensitivity(document: Document) -> Iterator[Table]:
    fleet = document["vehicles"]
    found = document["sensitivity"]
    windows = [(row["window"], row) for row in found["windows"]]
    yield _by_rule(f"trackable at {found['at']} local time, by window", "window", windows, fleet)
    minima = [(str(row["minutes"]), row) for row in found["minimum_minutes"]]
    title = "trackable on the date, by the minimum of a tracked day"
    yield _by_rule(title, "minutes", minima, fleet)


def _by_rule(title: str, rule: str, rows: Sequence[tuple[str, Document]], fleet: int) -> Table:
    table = Table(title=title, title_justify="left")
    for name in (rule, "vehicles", "share"):
        table.add_column(name, justify="right")
    for label, row in rows:
        table.add_row(label, words.part(row, fleet), words.percent(row["ratio"]))
    return table


def _disagreements(found: Sequence[Document]) -> Table:
    more = f", {NAMED} of them here" if len(found) > NAMED else ""
    title = f"observed other than declared: {len(found):,}{more}"
    table = Table(title=title, title_justify="left")
    for name in ("operator", "vehicle", "equipment", "observed", "declared"):
        table.add_column(name)
    for each in found[:NAMED]:
        table.add_row(
            each["operator_id"],
            each["vehicle_id"],
            words.NAMES[each["equipment"]],
            words.yes_no(each["observed"]),
            words.yes_no(each["declared"]),
        )
    return table
