"""A registry file's lines from CSV (RFC 4180), separated by commas or semicolons."""

import csv
import io
from collections.abc import Iterator, Sequence

from models.registry import REQUIRED
from storage.registry.lines import Line, Lines, UnreadableLines


def csv_lines(text: str) -> Lines:
    """Return the lines under the header; what separates them is seen in the header.

    Empty lines, and lines of nothing but separators as spreadsheets leave them, are passed over.

    Raises:
        UnreadableLines: the header is not one, or a quotation mark is not closed.
    """
    rows = _numbered(text)
    _, header = next(rows, (0, []))
    columns = [name.strip() for name in header]
    _check(columns)
    return Lines(columns, [_line(columns, number, row) for number, row in rows])


def _delimiter(text: str) -> str:
    header = text.lstrip().split("\n", 1)[0]
    return ";" if header.count(";") > header.count(",") else ","


def _numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    # strict: a quotation mark in the wrong place is a fault and not a guess.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 1
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableLines(f"line {number} is not CSV: {error}") from error


def _check(columns: Sequence[str]) -> None:
    for name in REQUIRED:
        if name not in columns:
            found = ", ".join(repr(column) for column in columns)[:200]
            raise UnreadableLines(f"the header has no column {name}; it has: {found}")
    for name in columns:
        if name and columns.count(name) > 1:
            raise UnreadableLines(f"the header has the column {name[:80]!r} twice")


def _line(columns: Sequence[str], number: int, row: Sequence[str]) -> Line:
    place = f"line {number}"
    if len(row) != len(columns):
        return Line(place, f"has {len(row)} fields, the header has {len(columns)}")
    return Line(place, dict(zip(columns, row, strict=True)))
