"""A small CSV file: all of its lines read into one kind of thing, or every bad line named."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from fleetgauge.commands.errors import CommandError

T = TypeVar("T")

MAX_BYTES = 16 * 1024 * 1024
NAMED = 20
"""Bad lines that are told one by one; the others are counted."""


def read_lines(
    path: Path, required: Sequence[str], parse: Callable[[Mapping[str, str]], T]
) -> list[T]:
    """Return what the lines under the header state; comma or semicolon, UTF-8.

    Raises:
        CommandError: it cannot be read, a column is missing, or a line is bad.
    """
    text = _text(path)
    lines = list(_lines(path, text, required))
    parsed, faults = [], []
    for number, line in lines:
        try:
            parsed.append(parse(line))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        more = [f"and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
        told = "\n  ".join(faults[:NAMED] + more)
        noun = "bad line" if len(faults) == 1 else "bad lines"
        raise CommandError(f"{path}: {len(faults)} {noun}, nothing was imported\n  {told}")
    return parsed


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise CommandError(f"{path}: is larger than {MAX_BYTES // 1024**2} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: is not UTF-8; save it as UTF-8") from error


def _lines(
    path: Path, text: str, required: Sequence[str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    header = text.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check(path, columns, required)
        begins = reader.line_num + 1
        for row in reader:
            if any(field.strip() for field in row):
                yield begins, dict(zip(columns, row, strict=False))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CommandError(f"{path}: line {reader.line_num} is not CSV: {error}") from error


def _check(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in columns]
    if missing:
        raise CommandError(f"{path}: the header has no column {', '.join(missing)}")
