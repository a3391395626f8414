"""Rows of a workbook as Excel and LibreOffice save them: XLSX and ODS."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from models.lists.table import Row, Table, UnreadableList

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

MAX_UNPACKED: Final = 256 * 1024**2
"""Bytes; a list of half a million vehicles has two thirds of it. What is larger is packed to do
harm."""

MAX_CELLS: Final = 5_000_000
"""Of a sheet, which takes 24 bytes for each cell up to its last one, empty or not. A space that
was typed into the last cell there can be would take 400 GB."""

_SHEETS: Final = "xl/worksheets/"
_CELL: Final = re.compile(rb'<c\s[^>]{0,200}?\br="([A-Z]{1,3})\d')
_ROW: Final = re.compile(rb'<row\s[^>]{0,200}?\br="(\d{1,7})"')
"""How SpreadsheetML names them (ECMA-376, part 1, 18.3.1.4 and 18.3.1.73)."""
_CHUNK: Final = 1024**2
_OVERLAP: Final = 300

_SPAN: Final = re.compile(r"\APT(\d+)H(\d+)M[\d.]+S\Z", re.ASCII)
"""How a time of day past midnight comes out of an ODS file."""

Cell = str | int | float | bool | date | datetime | time | timedelta


def is_workbook(content: bytes) -> bool:
    """Tell whether a file's bytes are those of a workbook."""
    return content.startswith((_ZIP, _OLE))


def form(sheet: str) -> str:
    """Return what a sheet is called in messages."""
    return f"sheet {sheet!r}"


def tables(content: bytes) -> Sequence[Table]:
    """Return the sheets that are to be seen, in their order.

    Raises:
        UnreadableList: it is not a workbook, is protected by a password, or is too large.
    """
    if content.startswith(_OLE):
        # Broken ones make the library that reads them end the process.
        raise UnreadableList(
            "is a workbook of Excel before 2007, or has a password; save it as .xlsx without one"
        )
    _check_size(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            return [
                Table(form(name), list(_rows(workbook.get_sheet_by_name(name))))
                for name in _visible(workbook)
            ]
    except CalamineError as error:
        raise UnreadableList(f"is not a workbook that can be read: {_one_line(error)}") from error


def _check_size(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                size = f"{MAX_UNPACKED // 1024**2} MiB"
                raise UnreadableList(f"is larger than {size} when unpacked")
            for name in archive.namelist():
                if name.startswith(_SHEETS) and name.endswith(".xml"):
                    with archive.open(name) as part:
                        _check_extent(part)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        # As zipfile raises them: not an archive, cut off, of a method or a version that it does not
        # know, with a password, with names in no encoding.
        raise UnreadableList(f"is not a workbook that can be read: {_one_line(error)}") from error


def _check_extent(part: IO[bytes]) -> None:
    rows, columns, before = 0, 0, b""
    while chunk := part.read(_CHUNK):
        text = before + chunk
        rows = max([rows, *map(int, _ROW.findall(text))])
        columns = max([columns, *map(_number, set(_CELL.findall(text)))])
        before = text[-_OVERLAP:]
    if rows * columns > MAX_CELLS:
        raise UnreadableList(
            f"has a sheet that reaches to row {rows:,} and column {columns:,}: delete the rows "
            "and columns outside of the list, and save it again"
        )


def _number(letters: bytes) -> int:
    """Return a column's number by its letters: 1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _visible(workbook: CalamineWorkbook) -> list[str]:
    sheets = workbook.sheets_metadata
    return [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [_text(cell) for cell in cells]
        if any(text and not text.isspace() for text in texts):
            yield Row(f"row {number}", texts)


def _text(cell: Cell) -> str:
    match cell:
        case str():
            return _SPAN.sub(r"\1:\2", cell)
        case bool():
            return str(cell).lower()
        case float() if cell.is_integer():
            # Excel keeps every number so: 101.0 is what it shows as 101.
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case timedelta():
            hours, seconds = divmod(int(cell.total_seconds()), 3600)
            return f"{hours:02}:{seconds // 60:02}"
        case time():
            return f"{cell:%H:%M}"
        case date():
            return cell.isoformat()
    return str(cell)
