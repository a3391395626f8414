"""Tables as sheets of an XLSX workbook: real numbers and dates, filters, headers that stay."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import count
from math import ceil
from typing import Any, Final

from xlsxwriter import Workbook

from reports.language import Language
from reports.paper import Column, Kind, Table
from reports.words import sentence

_LONGEST_NAME: Final = 31
"""Of a sheet, in characters; Excel refuses a workbook with a longer one."""

_A4: Final = 9
_LONG_TEXT: Final = 110
"""The width of a column of long texts, in characters."""
_LINE: Final = 15
"""The height of a line, in points."""


_PATTERNS: Final = {
    Kind.TEXT: "General",
    Kind.LONG_TEXT: "@",
    Kind.NUMBER: "#,##0",
    Kind.CHANGE: "+#,##0;−#,##0;0",
    Kind.RATIO: "0.00 %",
    Kind.GROWTH: "+0.0 %;−0.0 %;0.0 %",
    Kind.POINTS: "+0.0;−0.0;0.0",
    Kind.SHARE_OF_POINTS: "+0.00;−0.00;0.00",
    Kind.VEHICLE_POINTS: "+0.0000;−0.0000;0.0000",
}
"""How Excel shows what a column holds; dates are written as the language does."""


class Book:
    """A workbook that is being written; the same contents give the same bytes.

    Args:
        title: of the document.
        on: the ISO 8601 date that it is dated.
        footer: of each printed page.
        language: how its dates are written.
    """

    def __init__(self, title: str, on: str, footer: str, language: Language) -> None:
        self._file = io.BytesIO()
        self.workbook = Workbook(self._file, {"in_memory": True})
        # Without a date of ours the time of writing would be in the file.
        created = datetime.fromisoformat(on)
        self.workbook.set_properties({"title": title, "comments": footer, "created": created})
        self._footer = footer
        self.dates = _pattern(Kind.DATE, language)
        """How it shows dates."""
        self._cells: Mapping[Kind, Any] = {
            kind: self.workbook.add_format(_cell_format(kind, language)) for kind in Kind
        }
        self._headers: Mapping[Kind, Any] = {
            kind: self.workbook.add_format(_header_format(kind)) for kind in Kind
        }

    def close(self) -> bytes:
        """End the workbook and return the file."""
        self.workbook.close()
        return self._file.getvalue()

    def add_table(self, name: str, table: Table) -> Any:
        """Add a sheet that is one table, its header in the first row, and return it."""
        sheet = self.add_sheet(name)
        self.write_table(sheet, table, 0)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        # Vehicle numbers and routes are texts, about which Excel has nothing to warn.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
        for place, column in enumerate(table.columns):
            cells = [row[place] for row in table.rows]
            sheet.set_column(place, place, _width(column, cells))
            if column.kind is Kind.LONG_TEXT:
                # Excel fits the height of a row by itself, LibreOffice and others do not.
                for down, cell in enumerate(cells, start=1):
                    sheet.set_row(down, _LINE * ceil(len(cell) / (_LONG_TEXT - 10)))
        return sheet

    def add_sheet(self, name: str) -> Any:
        """Add an empty sheet that prints on A4."""
        sheet = self.workbook.add_worksheet(self._free_name(_sheet_name(sentence(name))))
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L&8{self._footer}&R&8&P / &N")
        return sheet

    def _free_name(self, name: str) -> str:
        # What begins with the same 31 characters, such as two attributes' groups. Excel tells
        # capitals from small letters in no name of a sheet.
        taken = {sheet.name.lower() for sheet in self.workbook.worksheets()}
        names = (f"{name[: _LONGEST_NAME - len(end)]}{end}" for end in _endings())
        return next(each for each in names if each.lower() not in taken)

    def write_table(self, sheet: Any, table: Table, top: int) -> None:
        """Write a table, its header in the row `top`."""
        for place, column in enumerate(table.columns):
            sheet.write_string(top, place, sentence(column.title), self._headers[column.kind])
            for down, row in enumerate(table.rows, start=top + 1):
                self._write(sheet, down, place, row[place], column.kind)

    def _write(self, sheet: Any, row: int, place: int, value: Any, kind: Kind) -> None:
        form = self._cells[kind]
        if value is None:
            sheet.write_blank(row, place, None, form)
        elif kind is Kind.DATE:
            sheet.write_datetime(row, place, date.fromisoformat(value), form)
        elif isinstance(value, str):
            # Never a formula or a link, whatever it begins with: these texts come from others.
            sheet.write_string(row, place, value, form)
        else:
            sheet.write_number(row, place, value, form)


def _cell_format(kind: Kind, language: Language) -> dict[str, Any]:
    wrap = kind is Kind.LONG_TEXT
    return {"num_format": _pattern(kind, language), "valign": "top", "text_wrap": wrap}


def _pattern(kind: Kind, language: Language) -> str:
    if kind is not Kind.DATE:
        return _PATTERNS[kind]
    pattern = language.date_format
    for directive, letters in (("%Y", "yyyy"), ("%m", "mm"), ("%d", "dd")):
        pattern = pattern.replace(directive, letters)
    return pattern


def _header_format(kind: Kind) -> dict[str, Any]:
    align = "left" if kind in (Kind.TEXT, Kind.LONG_TEXT) else "right"
    return {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "align": align}


def _endings() -> Iterator[str]:
    yield ""
    for number in count(2):
        yield f" {number}"


def _sheet_name(name: str) -> str:
    # Excel's rule; an attribute's name may hold any character.
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:_LONGEST_NAME].strip("'")


def _width(column: Column, cells: Sequence[Any]) -> int:
    if column.kind is Kind.LONG_TEXT:
        return _LONG_TEXT
    longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0) + 2
    # The filter's arrow stands beside the title, which wraps where it has several words.
    title = max(map(len, column.title.split()), default=0) + 4
    return min(max(longest, title, 9), 40)
