"""The workbook of a report, as a spreadsheet reads it."""

import io
import xml.etree.ElementTree as ElementTree
import zipfile
from datetime import date, timedelta
from typing import Final, NamedTuple

from models.sensitivity import sensitivity
from reports.kpi_document import SensitivityAt
from reports.kpi_workbook import kpi_workbook
from reports.language import ENGLISH, LanguageCode, language
from reports.paper import Column, Table
from reports.workbook import Book
from tests.unit.reports.small_report import FLEET, HOSTILE, NOON, ON, small_report

MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EPOCH: Final = date(1899, 12, 30)
"""Of the serial numbers that a spreadsheet has for dates."""


class Sheet(NamedTuple):
    """A sheet: a text is a str, a number or a date's serial number a float, an empty cell None."""

    rows: list[list[str | float | None]]
    frozen: bool
    filtered: bool


def read(content: bytes) -> dict[str, Sheet]:
    """Return the sheets of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:

        def part(name: str) -> ElementTree.Element:
            return ElementTree.fromstring(parts.read(name))  # noqa: S314 (our own)

        texts = [
            "".join(text.text or "" for text in each.iter(f"{MAIN}t"))
            for each in part("xl/sharedStrings.xml")
        ]
        names = [sheet.attrib["name"] for sheet in part("xl/workbook.xml").iter(f"{MAIN}sheet")]
        found = {}
        for place, name in enumerate(names, start=1):
            sheet = part(f"xl/worksheets/sheet{place}.xml")
            rows = [[_cell(cell, texts) for cell in row] for row in sheet.iter(f"{MAIN}row")]
            frozen = next(sheet.iter(f"{MAIN}pane"), None) is not None
            found[name] = Sheet(rows, frozen, sheet.find(f"{MAIN}autoFilter") is not None)
        return found


def _cell(cell: ElementTree.Element, texts: list[str]) -> str | float | None:
    assert cell.find(f"{MAIN}f") is None
    value = cell.findtext(f"{MAIN}v")
    if value is None:
        return None
    return texts[int(value)] if cell.attrib.get("t") == "s" else float(value)


def test_the_sheets_of_a_report() -> None:
    """A summary with the digest, then tables with filters and headers that stay."""
    document = small_report(sensitivity=SensitivityAt(NOON, sensitivity(FLEET, [])))
    sheets = read(kpi_workbook(document, ENGLISH))
    summary, by, *tables = sheets
    assert (summary, by) == ("Summary", "By depot")
    assert tables[:3] == ["Vehicles", "Not trackable", "Equipment differences"]
    assert tables[3:] == ["By window", "By minutes", "Corrections", "Definitions"]
    assert [f"SHA-256 {document['sha256']}"] in sheets["Summary"].rows
    assert {(sheets[name].frozen, sheets[name].filtered) for name in (by, *tables)} == {
        (True, True)
    }


def test_several_groupings_are_sheets_of_their_own() -> None:
    """Each with its groups, in the order asked for."""
    sheets = read(kpi_workbook(small_report(by=("operator", "depot")), ENGLISH))
    assert list(sheets)[1:3] == ["By operator", "By depot"]
    assert [row[0] for row in sheets["By operator"].rows[1:]] == ["op"] * 4
    assert [row[0] for row in sheets["By depot"].rows[1:]] == [HOSTILE] * 4


def test_names_that_begin_alike_are_told_apart() -> None:
    """Excel opens no workbook with two sheets of one name, in whatever case."""
    book = Book("title", "2024-12-31", "footer", ENGLISH)
    for name in ("by " + "x" * 40 + "1", "by " + "x" * 40 + "2", "By " + "X" * 40):
        book.add_table(name, Table([Column("a")], []))
    alike = "By " + "x" * 26
    assert list(read(book.close())) == [f"{alike}xx", f"{alike} 2", f"By {'X' * 26} 3"]


def test_numbers_and_dates_are_real() -> None:
    """So that a spreadsheet computes with them and writes them as its reader does."""
    sheets = read(kpi_workbook(small_report(), ENGLISH))
    trackable = next(row for row in sheets["Summary"].rows if row[0] == "Trackable")
    assert trackable[:10] == ["Trackable", 2, 4, 0.5, 0.793, -29.3, 0.630517, 0, 2, 0]
    assert trackable[10] == 50
    header, first, *_ = sheets["Vehicles"].rows
    vehicle = dict(zip(header, first, strict=True))
    assert (vehicle["Vehicle"], vehicle["Minutes"], vehicle["Trackable"]) == ("1", 30, "yes")
    best_day = vehicle["Best day"]
    assert isinstance(best_day, float)
    assert EPOCH + timedelta(days=best_day) == ON


def test_who_is_not_trackable_has_a_sheet() -> None:
    """Those below the minimum, with the minutes they had."""
    _, *rows = read(kpi_workbook(small_report(), ENGLISH))["Not trackable"].rows
    assert [(row[1], row[-2]) for row in rows] == [("3", 9), ("4", 0)]


def test_a_text_of_others_is_no_formula() -> None:
    """Whatever it begins with, it is shown as it is."""
    sheets = read(kpi_workbook(small_report(), ENGLISH))
    assert [row[0] for row in sheets["By depot"].rows[1:]] == [HOSTILE] * 4


def test_the_same_report_gives_the_same_bytes() -> None:
    """No clock is in the file."""
    russian = language(LanguageCode.RU)
    assert kpi_workbook(small_report(), russian) == kpi_workbook(small_report(), russian)
    assert list(read(kpi_workbook(small_report(), russian)))[:2] == ["Сводка", "По паркам"]


def test_a_sheet_has_a_name_that_excel_takes() -> None:
    """An attribute may be called anything."""
    book = Book("title", "2024-12-31", "footer", ENGLISH)
    book.add_table("by fuel/power: [kW] or whatever it may be", Table([Column("a")], [("b",)]))
    assert list(read(book.close())) == ["By fuel power   kW  or whatever"]
