"""A small list in a file, such as targets: all of its lines parsed, or every bad line named."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from fleetgauge.commands.errors import CommandError
from models.lists.header import Vocabulary
from models.lists.reading import read_list
from models.lists.table import Line, Lines, UnreadableList

T = TypeVar("T")

MAX_BYTES: Final = 16 * 1024 * 1024
NAMED: Final = 20
"""How many bad lines are named; the others are counted."""


def read_lines(
    path: Path,
    required: Sequence[str],
    parse: Callable[[Mapping[str, str]], T],
    optional: Sequence[str] = (),
) -> list[T]:
    """Return the parsed lines under the header of a workbook or of CSV.

    Args:
        optional: columns that may be missing. Any other is an error: a misspelt one would be taken
            for one that is missing, and the line for more than its writer meant.

    Raises:
        CommandError: it cannot be read, its columns are others, or a line is bad.
    """
    columns = [*required, *optional]
    lines = _lines(path, Vocabulary(required, optional), columns)
    _check_columns(path, lines, columns)
    parsed, faults = [], []
    for line in lines.lines:
        try:
            parsed.append(parse(_fields(line)))
        except ValueError as error:
            faults.append(f"{line.place}: {error}")
    if faults:
        more = [f"and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
        listed = "\n  ".join(faults[:NAMED] + more)
        noun = "bad line" if len(faults) == 1 else "bad lines"
        raise CommandError(f"{path}: {len(faults)} {noun}, nothing was imported\n  {listed}")
    return parsed


def _lines(path: Path, vocabulary: Vocabulary, columns: Sequence[str]) -> Lines:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise CommandError(f"{path}: larger than {MAX_BYTES // 1024**2} MiB")
    try:
        return read_list(content, vocabulary, suffix=path.suffix)
    except UnreadableList as error:
        what = f"{error}; the columns are {', '.join(columns)}"
        raise CommandError(f"{path}: nothing was imported: {what}") from error


def _check_columns(path: Path, lines: Lines, known: Sequence[str]) -> None:
    columns = lines.understood.columns
    unknown = [repr(title[:80]) for title, name in columns.items() if name not in known]
    if unknown:
        raise CommandError(
            f"{path}: nothing was imported: the header has an unknown column "
            f"{', '.join(unknown)}; the columns are {', '.join(known)}"
        )


def _fields(line: Line) -> Mapping[str, str]:
    if isinstance(line.content, str):
        raise ValueError(line.content)
    return {name: _text(value) for name, value in line.content.items()}


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)
