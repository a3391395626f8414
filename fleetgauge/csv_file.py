"""A small CSV file: all of its lines parsed, or every bad line named."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from fleetgauge.commands.errors import CommandError

T = TypeVar("T")

MAX_BYTES = 16 * 1024 * 1024
NAMED = 20
"""How many bad lines are named; the others are counted."""


def read_lines(
    path: Path,
    required: Sequence[str],
    parse: Callable[[Mapping[str, str]], T],
    optional: Sequence[str] = (),
) -> list[T]:
    """Return the parsed lines under the header; comma or semicolon, UTF-8.

    Args:
        optional: columns that may be missing. Any other is refused: a misspelt one would be taken
            for one that is missing, and the line for more than its writer meant.

    Raises:
        CommandError: it cannot be read, its columns are others, or a line is bad.
    """
    rows = _rows(path, _text(path))
    _, header = next(rows, (1, []))
    columns = _columns(path, header, required, optional)
    parsed, faults = [], []
    for number, row in rows:
        try:
            parsed.append(parse(_by_column(columns, row)))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        more = [f"and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
        listed = "\n  ".join(faults[:NAMED] + more)
        noun = "bad line" if len(faults) == 1 else "bad lines"
        raise CommandError(f"{path}: {len(faults)} {noun}, nothing was imported\n  {listed}")
    return parsed


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise CommandError(f"{path}: larger than {MAX_BYTES // 1024**2} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: not UTF-8; save it as UTF-8") from error


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    header = text.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        begins = 1
        for row in reader:
            if any(field.strip() for field in row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CommandError(f"{path}: line {reader.line_num} is not CSV: {error}") from error


def _columns(
    path: Path, header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    columns = [name.strip() for name in header]
    # Spreadsheets write empty columns after the last one.
    while columns and not columns[-1]:
        columns.pop()
    known = [*required, *optional]
    wrong = {
        "no column": [name for name in required if name not in columns],
        "a repeated column": [name for name in known if columns.count(name) > 1],
        "an unknown column": [repr(name[:80]) for name in columns if name not in known],
    }
    faults = [f"{what} {', '.join(names)}" for what, names in wrong.items() if names]
    if faults:
        raise CommandError(
            f"{path}: nothing was imported: the header has {', '.join(faults)}; "
            f"the columns are {', '.join(known)}"
        )
    return columns


def _by_column(columns: Sequence[str], row: Sequence[str]) -> Mapping[str, str]:
    if len(row) < len(columns):
        raise ValueError(f"{columns[len(row)]}: field missing (leave it empty, keep the separator)")
    beyond = [field for field in row[len(columns) :] if field.strip()]
    if beyond:
        raise ValueError(f"{beyond[0][:80]!r} is after the last column, {columns[-1]}")
    return dict(zip(columns, row, strict=False))
