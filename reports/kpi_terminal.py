"""The report of a date as tables for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table

from reports import definitions, figure_words, kpi_notes, stated_words, words
from reports.documents import (
    EquipmentDifference,
    Figure,
    Group,
    KpiDocument,
    MinimumShare,
    SensitivityToRule,
    WindowShare,
)
from reports.groups import called, groupings_of, groups_by
from reports.language import Language
from reports.paper_terminal import rich_table
from reports.series_tables import dates_table, groups_table, series_title
from reports.tables import heading, table

NAMED: Final = 20
"""Equipment differences that are named here; the other forms name all."""


def kpi_terminal(document: KpiDocument, language: Language) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom."""
    yield f"{kpi_notes.subject(language, document)} ({kpi_notes.knowledge(language, document)})"
    fleet = words.vehicles(language, document["vehicles"])
    yield heading(language.text("%(vehicles)s in the fleet", vehicles=fleet))
    yield _figures(document, language)
    for name, definition in definitions.definitions(language, document).items():
        yield f"{words.title(language, name)}: {definition}"
    for by, groups in groups_by(document):
        yield from _groups(document, by, groups, language)
    for note in kpi_notes.notes(language, document):
        yield language.text("note: %(note)s", note=note)
    yield from kpi_notes.downtime(language, document["ingest_downtime"])
    for correction in kpi_notes.corrections(language, document):
        yield language.text("correction: %(correction)s", correction=correction)
    yield from _stated(document, language)
    yield from _series(document, language)
    if document["sensitivity"]:
        yield from _sensitivity(document, document["sensitivity"], language)
    if document["disagreements"]:
        yield from _differences(document["disagreements"], language)
    yield language.text(
        "to list the vehicles behind each figure: --json, --csv, --html FILE, --xlsx FILE"
    )
    yield f"SHA-256 {document['sha256']}"


def _stated(document: KpiDocument, language: Language) -> Iterator[RenderableType]:
    for title, lines in stated_words.stated(language, document):
        if lines:
            yield heading(title)
            yield from lines


def _series(document: KpiDocument, language: Language) -> Iterator[RenderableType]:
    found, indicators = document["series"], list(document["indicators"])
    if found:
        yield heading(series_title(found, language))
        yield rich_table(dates_table(found, indicators, language), language)
        for by in groupings_of(document["by"]):
            yield heading(words.grouped(language, by))
            yield rich_table(groups_table(document, found, by, language), language)


def _figures(document: KpiDocument, language: Language) -> Table:
    columns = _columns(document, language)
    rows = (
        (
            words.title(language, indicator),
            *figure_words.numbers(language, figure, document["vehicles"]),
            _source(language, figure),
        )
        for indicator, figure in document["indicators"].items()
    )
    names = (language.text("indicator"), *columns, language.text("source and state"))
    return table(names, rows, right=columns)


def _source(language: Language, figure: Figure) -> str:
    evidence = figure_words.evidence(language, figure)
    if "observed" not in figure:
        return evidence
    source = language.text(
        "%(observed)s observed, %(declared)s declared, %(working)s known to be working",
        observed=language.number(figure["observed"]),
        declared=language.number(figure["declared"]),
        working=language.number(figure["working"]),
    )
    return "; ".join(filter(None, (evidence, source)))


def _columns(document: KpiDocument, language: Language) -> Sequence[str]:
    then = language.date(document["comparison"]["on"])
    return (
        language.text("vehicles"),
        language.text("actual"),
        language.text("plan"),
        language.text("difference"),
        language.text("of the plan"),
        f"{language.text('vehicles')}\n{then}",
        f"{language.text('share')}\n{then}",
        language.text("change"),
        language.text("growth"),
    )


def _groups(
    document: KpiDocument, by: str, groups: Sequence[Group], language: Language
) -> Iterator[RenderableType]:
    columns = _columns(document, language)
    minimum = words.too_small(language, document["min_group_size"])
    yield heading(f"{words.grouped(language, by)}; {minimum}")
    names = (words.title(language, by), language.text("indicator"), *columns)
    rows = (
        row
        for group in groups
        for row in _group_rows(group, called(document, by, group["name"]), language)
    )
    yield table(names, rows, right=columns)


def _group_rows(group: Group, called: str | None, language: Language) -> Iterator[Sequence[str]]:
    name = words.group_name(language, called)
    for indicator, figure in group["indicators"].items():
        numbers = figure_words.numbers(language, figure, group["vehicles"])
        yield (name, words.title(language, indicator), *numbers)
        name = ""


def _sensitivity(
    document: KpiDocument, found: SensitivityToRule, language: Language
) -> Iterator[RenderableType]:
    fleet = document["vehicles"]
    yield heading(definitions.by_window(language, found["at"], document["on"]))
    windows = [(language.window(row["seconds"]), row) for row in found["windows"]]
    yield _by_rule(language.text("window"), windows, fleet, language)
    yield heading(definitions.by_minimum(language))
    minima = [(language.number(row["minutes"]), row) for row in found["minimum_minutes"]]
    yield _by_rule(language.text("minutes"), minima, fleet, language)


def _by_rule(
    rule: str,
    shares: Sequence[tuple[str, WindowShare | MinimumShare]],
    fleet: int,
    language: Language,
) -> Table:
    columns = (rule, language.text("vehicles"), language.text("share"))
    rows = (
        (label, words.part(language, share["vehicles"], fleet), language.percent(share["ratio"]))
        for label, share in shares
    )
    return table(columns, rows, right=columns)


def _differences(
    found: Sequence[EquipmentDifference], language: Language
) -> Iterator[RenderableType]:
    title = language.text(
        "observed vs declared equipment: %(differences)s",
        differences=words.differences(language, len(found)),
    )
    if len(found) > NAMED:
        title += language.text(", the first %(number)s of them here", number=NAMED)
    yield heading(title)
    text = language.text
    columns = (text("operator"), text("vehicle"), text("equipment"))
    states = (text("observed"), text("declared"))
    rows = (
        (
            each["operator_id"],
            each["vehicle_id"],
            words.title(language, each["equipment"]),
            language.yes_no(each["observed"]),
            language.yes_no(each["declared"]),
        )
        for each in found[:NAMED]
    )
    yield table((*columns, *states), rows)
