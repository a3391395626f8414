"""Rows of CSV (RFC 4180), whatever separates the fields."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from models.lists.formula import unguarded
from models.lists.table import Row, UnreadableList

NAMES: Final = {";": "semicolons", ",": "commas", "\t": "tabs"}
DELIMITERS: Final = tuple(NAMES)
"""Which are tried; any other has to be named in the file."""

_EXCEL_HINT: Final = "sep="
"""A first line that names the separator for Excel, which writes none itself."""


def hinted_delimiter(text: str) -> str | None:
    """Return the separator that the first line names, None where it names none."""
    first = text.split("\n", 1)[0].strip("\r")
    named = first.removeprefix(_EXCEL_HINT)
    return named if named != first and len(named) == 1 else None


def first_rows(text: str, delimiter: str, count: int) -> Sequence[Row]:
    """Return the first rows, as far as they can be read."""
    return list(islice(_rows(text, delimiter, strict=False), count))


def rows(text: str, delimiter: str) -> Iterator[Row]:
    """Yield the rows that are not empty, nor of nothing but separators.

    Raises:
        UnreadableList: a quotation mark is in the wrong place, or is not closed.
    """
    # strict: a quotation mark in the wrong place is a fault and not a guess.
    return _rows(text, delimiter, strict=True)


def _rows(text: str, delimiter: str, *, strict: bool) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    number = 1
    if hinted_delimiter(text) is not None:
        lines.readline()
        number = 2
    skipped = number - 1
    reader = csv.reader(lines, delimiter=delimiter, strict=strict)
    try:
        for cells in reader:
            if any(cell and not cell.isspace() for cell in cells):
                yield Row(f"line {number}", list(map(unguarded, cells)))
            number = reader.line_num + skipped + 1
    except csv.Error as error:
        if strict:
            raise UnreadableList(f"line {number} is not CSV: {error}") from error
