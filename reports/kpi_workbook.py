"""The report of a date as an XLSX workbook: a summary, then a sheet for each table."""

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any, Final

from reports import definitions, figure_words, kpi_notes, stated_words, words
from reports.documents import Figure, Group, KpiDocument, MinimumShare, Vehicle, WindowShare
from reports.groups import called, groupings_of, groups_by
from reports.language import Language
from reports.paper import Column, Kind, Section, Table
from reports.plots import ACTUAL, BEFORE, GRID, PLAN
from reports.series_tables import dates_table, groups_table, series_title
from reports.workbook import Book


def kpi_workbook(document: KpiDocument, language: Language) -> bytes:
    """Return the file."""
    title, digest = kpi_notes.subject(language, document), f"SHA-256 {document['sha256']}"
    book = Book(title, document["on"], digest, language)
    _add_summary(book, document, language)
    for section in kpi_sections(document, language):
        if not section.is_summary:
            _add_sheet(book, section)
    return book.close()


def _add_sheet(book: Book, section: Section) -> None:
    table = section.table
    sheet = book.add_table(section.title, table)
    if section.name == "series":
        sheet.insert_chart(len(table.rows) + 2, 0, _line_chart(book, sheet, table, book.dates))
    elif section.name.startswith("series_by_"):
        last = len(table.columns) - 1
        sheet.conditional_format(1, 2, max(len(table.rows), 1), last, _HEAT)


_HEAT: Final = {
    "type": "3_color_scale", "min_type": "num", "mid_type": "num", "max_type": "num",
    "min_value": 0, "mid_value": 0.5, "max_value": 1,
    "min_color": "#f4c7c3", "mid_color": "#fff2cc", "max_color": "#b7e1cd",
}  # fmt: skip


_HUES: Final = (ACTUAL, "#c25b12", "#3f7d3a", "#7a4fa3", "#8a6d00", "#00727a")
"""Of the indicators, one after the other, told apart on a screen and in print."""


def _line_chart(book: Book, sheet: Any, table: Table, dates: str) -> Any:
    chart = book.workbook.add_chart({"type": "line"})
    last, colours, colour = len(table.rows), cycle(_HUES), ""
    for place, column in enumerate(table.columns):
        if column.kind is Kind.RATIO:
            # What is planned or official of an indicator has its name before a colon, and follows.
            is_actual = ":" not in column.title
            colour = next(colours) if is_actual else colour
            line = {"color": colour, "dash_type": "solid" if is_actual else "dash"}
            chart.add_series(
                {
                    "name": [sheet.name, 0, place],
                    "categories": [sheet.name, 1, 0, last, 0],
                    "values": [sheet.name, 1, place, last, place],
                    "line": {**line, "width": 2.25 if is_actual else 1},
                    "marker": {
                        "type": "circle" if is_actual else "diamond",
                        "size": 5,
                        "fill": {"color": colour},
                        "border": {"color": colour},
                    },
                }
            )
    chart.set_x_axis({"text_axis": True, "num_format": dates})
    gridlines = {"visible": True, "line": {"color": GRID}}
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0 %", "major_gridlines": gridlines})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 860, "height": 360})
    return chart


def kpi_sections(document: KpiDocument, language: Language) -> Iterator[Section]:
    """Yield the tables of a report, each of which is a sheet, or a file of CSV."""
    text, indicators = language.text, list(document["indicators"])
    yield Section("figures", text("Figures"), _figures(document, language), is_summary=True)
    if found := document["series"]:
        title = series_title(found, language)
        yield Section("series", title, dates_table(found, indicators, language))
        for by in groupings_of(document["by"]):
            table = groups_table(document, found, by, language)
            yield Section(f"series_by_{by}", f"{title}, {words.grouped(language, by)}", table)
    for by, groups in groups_by(document):
        table = _groups(document, by, groups, language)
        yield Section(f"by_{by}", words.grouped(language, by), table)
    yield Section("vehicles", text("vehicles"), _vehicles(document, language))
    yield Section("not_trackable", text("not trackable"), _not_trackable(document, language))
    differences = _differences(document, language)
    yield Section("equipment_differences", text("equipment differences"), differences)
    if sensitivity := document["sensitivity"]:
        windows = [(language.window(row["seconds"]), row) for row in sensitivity["windows"]]
        table = _by_rule(Column(text("window")), windows, language)
        yield Section("by_window", text("by window"), table)
        minima = [(row["minutes"], row) for row in sensitivity["minimum_minutes"]]
        table = _by_rule(Column(text("minutes"), Kind.NUMBER), minima, language)
        yield Section("by_minutes", text("by minutes"), table)
    corrected = kpi_notes.corrections(language, document) or [text("none")]
    yield Section("corrections", text("corrections"), _lines(text("corrections"), corrected))
    if document["official"]:
        title = text("official figures")
        yield Section(
            "official", title, _lines(title, stated_words.official(language, document["official"]))
        )
    yield Section("definitions", text("definitions"), _definitions(document, language))


def _figure_columns(document: KpiDocument, language: Language) -> Sequence[Column]:
    text, then = language.text, language.date(document["comparison"]["on"])
    vehicles, fleet, share = text("vehicles"), text("in the fleet"), text("share")
    return (
        Column(vehicles, Kind.NUMBER),
        Column(fleet, Kind.NUMBER),
        Column(share, Kind.RATIO),
        Column(text("plan"), Kind.RATIO),
        Column(text("difference, points"), Kind.POINTS),
        Column(text("of the plan"), Kind.RATIO),
        Column(f"{vehicles} {then}", Kind.NUMBER),
        Column(f"{fleet} {then}", Kind.NUMBER),
        Column(f"{share} {then}", Kind.RATIO),
        Column(text("change, points"), Kind.POINTS),
        Column(text("growth"), Kind.GROWTH),
    )


_SERIES: Final = ((4, PLAN), (3, ACTUAL), (9, BEFORE))
"""The columns of the summary's table that its chart shows: plan, share, share then."""


def _figure(figure: Figure, vehicles: int) -> Sequence[Any]:
    compared = figure["compared"]
    return (
        figure["vehicles"],
        figure_words.denominator(figure, vehicles),
        figure["ratio"],
        figure["plan"],
        figure["difference_points"],
        figure["of_plan"],
        *((compared["vehicles"], compared["of"], compared["ratio"]) if compared else [None] * 3),
        figure["change_points"],
        figure["growth"],
    )


def _figures(document: KpiDocument, language: Language) -> Table:
    columns = (Column(language.text("indicator")), *_figure_columns(document, language))
    rows = [
        (words.sentence(words.title(language, name)), *_figure(figure, document["vehicles"]))
        for name, figure in document["indicators"].items()
    ]
    return Table(columns, rows)


def _groups(document: KpiDocument, by: str, groups: Sequence[Group], language: Language) -> Table:
    names = (Column(words.title(language, by)), Column(language.text("indicator")))
    rows = [
        (
            words.group_name(language, called(document, by, group["name"])),
            words.title(language, indicator),
            *_figure(figure, group["vehicles"]),
        )
        for group in groups
        for indicator, figure in group["indicators"].items()
    ]
    return Table((*names, *_figure_columns(document, language)), rows)


def _identity_columns(document: KpiDocument, language: Language) -> Sequence[Column]:
    named = [Column(language.text("operator name"))] if document.get("operators") else []
    attributes = [Column(words.title(language, name)) for name in document["attributes"]]
    vehicle = Column(language.text("vehicle"))
    return (Column(language.text("operator")), *named, vehicle, *attributes)


def _identity(vehicle: Vehicle, document: KpiDocument) -> Sequence[Any]:
    attributes = [vehicle[name] for name in document["attributes"]]
    operator, names = vehicle["operator_id"], document.get("operators")
    named = [names.get(operator)] if names else []
    return (operator, *named, vehicle["vehicle_id"], *attributes)


def _vehicles(document: KpiDocument, language: Language) -> Table:
    text = language.text
    columns = [
        *_identity_columns(document, language),
        Column(text("trackable")),
        Column(text("trackable on route")),
        Column(text("minutes"), Kind.NUMBER),
        Column(text("best day"), Kind.DATE),
        Column(text("received live"), Kind.NUMBER),
        Column(text("on a route"), Kind.NUMBER),
        Column(text("moved, m"), Kind.NUMBER),
    ]
    source, working = text("source"), text("working")
    for kind in document["equipment"]:
        title = words.title(language, kind)
        columns += [
            Column(title),
            Column(f"{title}: {source}"),
            Column(f"{title}: {working}"),
        ]
    is_recorded = "minimum_published" in document["rule"]
    if is_recorded:
        columns += [
            Column(text("openly published")),
            Column(text("minutes in the public feeds"), Kind.NUMBER),
        ]
    rows = [
        (
            *_identity(vehicle, document),
            language.yes_no(vehicle["trackable"]),
            language.yes_no(vehicle["trackable_on_route"]),
            vehicle["minutes"],
            vehicle["best_day"],
            vehicle["live_minutes"],
            vehicle["route_minutes"],
            vehicle["moved_m"],
            *_equipment(vehicle, document["equipment"], language),
            *(
                (language.yes_no(vehicle["openly_published"]), vehicle["published_minutes"])
                if is_recorded
                else ()
            ),
        )
        for vehicle in document["fleet"]
    ]
    return Table(columns, rows)


def _equipment(vehicle: Vehicle, kinds: Sequence[str], language: Language) -> Iterator[Any]:
    for kind in kinds:
        found = vehicle[kind]
        yield language.yes_no(found["equipped"])
        yield found["source"] and language.text(found["source"])
        yield None if found["working"] is None else language.yes_no(found["working"])


def _not_trackable(document: KpiDocument, language: Language) -> Table:
    columns = (
        *_identity_columns(document, language),
        Column(language.text("reason")),
        Column(language.text("minutes"), Kind.NUMBER),
        Column(language.text("last contact"), Kind.DATE),
    )
    rows = [
        (
            *_identity(vehicle, document),
            language.text(words.REASONS[vehicle["reason"]]),
            vehicle["minutes"],
            vehicle["last_day"],
        )
        for vehicle in document["fleet"]
        if not vehicle["trackable"]
    ]
    return Table(columns, rows)


def _differences(document: KpiDocument, language: Language) -> Table:
    text = language.text
    titles = (text("operator"), text("vehicle"), text("equipment"), text("observed"))
    rows = [
        (
            each["operator_id"],
            each["vehicle_id"],
            words.title(language, each["equipment"]),
            language.yes_no(each["observed"]),
            language.yes_no(each["declared"]),
        )
        for each in document["disagreements"]
    ]
    return Table([Column(title) for title in (*titles, text("declared"))], rows)


def _by_rule(
    rule: Column, shares: Sequence[tuple[Any, WindowShare | MinimumShare]], language: Language
) -> Table:
    columns = (
        rule,
        Column(language.text("vehicles"), Kind.NUMBER),
        Column(language.text("share"), Kind.RATIO),
    )
    return Table(columns, [(value, row["vehicles"], row["ratio"]) for value, row in shares])


def _definitions(document: KpiDocument, language: Language) -> Table:
    rows = [
        (words.sentence(words.title(language, name)), definition)
        for name, definition in definitions.definitions(language, document).items()
    ]
    minimum = words.too_small(language, document["min_group_size"])
    rows.append((words.sentence(language.text("group")), minimum))
    columns = (Column(language.text("name")), Column(language.text("definition"), Kind.LONG_TEXT))
    return Table(columns, rows)


def _lines(title: str, lines: Sequence[str]) -> Table:
    return Table([Column(title, Kind.LONG_TEXT)], [(words.sentence(line),) for line in lines])


def _add_summary(book: Book, document: KpiDocument, language: Language) -> None:
    sheet = book.add_sheet(language.text("summary"))
    title = book.workbook.add_format({"bold": True, "font_size": 16})
    sheet.write_string(0, 0, kpi_notes.subject(language, document), title)
    lines = [
        kpi_notes.knowledge(language, document),
        f"SHA-256 {document['sha256']}",
        *(
            f"{words.title(language, name)}: {evidence}"
            for name, figure in document["indicators"].items()
            if (evidence := figure_words.evidence(language, figure))
        ),
        *kpi_notes.downtime(language, document["ingest_downtime"]),
        *kpi_notes.notes(language, document),
        *stated_words.deviations(language, document["deviations"]),
        *stated_words.milestones(language, document["milestones"]),
    ]
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, words.sentence(line))
    top, table = len(lines) + 2, _figures(document, language)
    book.write_table(sheet, table, top)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, len(table.columns) - 1, 13)
    sheet.insert_chart(top + len(table.rows) + 2, 0, _chart(book, sheet, table, top))


def _chart(book: Book, sheet: Any, table: Table, top: int) -> Any:
    chart = book.workbook.add_chart({"type": "column"})
    first, last = top + 1, top + len(table.rows)
    for place, colour in _SERIES:
        if any(row[place] is not None for row in table.rows):
            chart.add_series(
                {
                    "name": [sheet.name, top, place],
                    "categories": [sheet.name, first, 0, last, 0],
                    "values": [sheet.name, first, place, last, place],
                    "fill": {"color": colour},
                    "data_labels": {"value": True, "num_format": "0.0 %"},
                }
            )
    gridlines = {"visible": True, "line": {"color": GRID}}
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0 %", "major_gridlines": gridlines})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 760, "height": 320})
    return chart
