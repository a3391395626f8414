"""A document as an XLSX workbook: what to know about it, then a sheet for each table."""

from typing import Any, Final

from reports.language import Language
from reports.paper import Paper, Section
from reports.plots import ACTUAL, BEFORE, GRID
from reports.words import sentence
from reports.workbook import Book

_COLOURS: Final = (ACTUAL, BEFORE)
_CHART_ROWS: Final = 8
"""Of the sheet that a chart takes beside one for each of its bars, of 20 px each."""


def paper_workbook(paper: Paper, language: Language) -> bytes:
    """Return the file; the short tables stand on the first sheet, under the lines."""
    book = Book(paper.title, paper.on, f"SHA-256 {paper.digest}", language)
    _add_summary(book, paper, language)
    for section in paper.sections:
        if not section.is_summary:
            sheet = book.add_table(section.title, section.table)
            if section.bars:
                place = len(section.table.columns) + 1
                sheet.insert_chart(1, place, _chart(book, sheet, section, 0))
    return book.close()


def _add_summary(book: Book, paper: Paper, language: Language) -> None:
    sheet = book.add_sheet(language.text("summary"))
    sections = [section for section in paper.sections if section.is_summary]
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, max(len(section.table.columns) for section in sections) - 1, 14)
    sheet.write_string(0, 0, paper.title, book.workbook.add_format({"bold": True, "font_size": 16}))
    top = 1
    for line in (*paper.lines, f"SHA-256 {paper.digest}"):
        sheet.write_string(top, 0, sentence(line))
        top += 1
    heading = book.workbook.add_format({"bold": True, "font_size": 12})
    for section in sections:
        sheet.write_string(top + 1, 0, sentence(section.title), heading)
        book.write_table(sheet, section.table, top + 2)
        top += len(section.table.rows) + 3
        if section.bars:
            sheet.insert_chart(
                top + 1, 0, _chart(book, sheet, section, top - len(section.table.rows) - 1)
            )
            top += _CHART_ROWS + section.bars


def _chart(book: Book, sheet: Any, section: Section, top: int) -> Any:
    chart = book.workbook.add_chart({"type": "bar"})
    first, last = top + 1, top + section.bars
    for place, colour in zip(section.chart, _COLOURS, strict=False):
        chart.add_series(
            {
                "name": [sheet.name, top, place],
                "categories": [sheet.name, first, 0, last, 0],
                "values": [sheet.name, first, place, last, place],
                "fill": {"color": colour},
                "data_labels": {"value": True},
                "gap": 60,
            }
        )
    chart.set_y_axis({"reverse": True, "label_position": "low"})
    chart.set_x_axis({"major_gridlines": {"visible": True, "line": {"color": GRID}}})
    chart.set_legend({"position": "bottom"} if len(section.chart) > 1 else {"none": True})
    title = section.table.columns[section.chart[0]].title
    chart.set_title({"name": sentence(title), "name_font": {"size": 11}})
    chart.set_size({"width": 760, "height": 120 + 20 * section.bars})
    return chart
