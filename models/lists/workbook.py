"""Rows of a workbook as Excel and LibreOffice save them: XLSX, ODS, and the older XLS."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from models.lists.table import Row, Table, UnreadableList

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

MAX_UNPACKED: Final = 1024**3
"""Bytes; a list of a million vehicles has a third of it. What is larger is packed to do harm."""

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
    _check_size(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            return [
                Table(form(name), list(_rows(workbook.get_sheet_by_name(name))))
                for name in _visible(workbook)
            ]
    except CalamineError as error:
        raise UnreadableList(f"is not a workbook that can be read: {error}") from error


def _check_size(content: bytes) -> None:
    if not content.startswith(_ZIP):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableList(f"is not a workbook that can be read: {error}") from error
    if size > MAX_UNPACKED:
        raise UnreadableList(f"is larger than {MAX_UNPACKED // 1024**2} MiB when unpacked")


def _visible(workbook: CalamineWorkbook) -> list[str]:
    sheets = workbook.sheets_metadata
    return [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    for number, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1):
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
