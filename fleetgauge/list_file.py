"""A small list in a file, such as targets: all of its lines parsed, or every bad line named."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from fleetgauge.commands.errors import CommandError
from models.lists.characters import normal
from models.lists.header import Vocabulary
from models.lists.operators import NONE_KNOWN, Operators
from models.lists.reading import read_list
from models.lists.table import Line, Lines, Understood, UnreadableList

T = TypeVar("T")

MAX_BYTES: Final = 16 * 1024 * 1024
NAMED: Final = 20
"""How many bad lines are named; the others are counted."""


class SmallList:
    """The lines of a list, each at its place."""

    def __init__(self, path: Path, understood: Understood, lines: Sequence[Line]) -> None:
        """Take the file's name for messages, how it was understood, and its lines."""
        self.understood = understood
        self._path = path
        self._lines = lines

    def texts(self, column: str) -> list[str]:
        """Return what the lines have in a column."""
        contents = (each.content for each in self._lines)
        return [_text(each.get(column)) for each in contents if not isinstance(each, str)]

    def parsed(
        self, parse: Callable[[Mapping[str, str]], T], operators: Operators = NONE_KNOWN
    ) -> list[T]:
        """Return what the lines say.

        Args:
            operators: by whose ids they go, whatever the lines call them.

        Raises:
            CommandError: a line is bad; all of them are named.
        """
        parsed, faults = [], []
        for line in self._lines:
            try:
                parsed.append(parse(_fields(line, operators)))
            except ValueError as error:
                faults.append(f"{line.place}: {error}")
        if faults:
            more = [f"and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
            listed = "\n  ".join(faults[:NAMED] + more)
            noun = "bad line" if len(faults) == 1 else "bad lines"
            raise CommandError(
                f"{self._path}: {len(faults)} {noun}, nothing was imported\n  {listed}"
            )
        return parsed


def read_small_list(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str] = (),
    *,
    instead: Sequence[Sequence[str]] = (),
    given: Mapping[str, str] | None = None,
    remembered: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> SmallList:
    """Return the lines under the header of a workbook or of CSV.

    Args:
        optional: columns that may be missing. Any other is an error: a misspelt one would be taken
            for one that is missing, and the line for more than its writer meant.
        instead: other columns that will do in place of the required ones.
        given: by title, the column that it means; an empty one leaves it out.
        remembered: the same of lists before; this one need not have all of these titles.
        sheet: of a workbook; None: the one that has the list.

    Raises:
        CommandError: it cannot be read, or its columns are others.
    """
    columns = list(dict.fromkeys((*required, *chain(*instead), *optional)))
    vocabularies = [
        Vocabulary(each, columns, given, "--column", remembered) for each in (required, *instead)
    ]
    try:
        lines = read_lines(path, list_content(path), vocabularies, sheet)
    except UnreadableList as error:
        what = f"{error}; the columns are {', '.join(columns)}"
        raise CommandError(f"{path}: nothing was imported: {what}") from error
    _check_columns(path, lines, vocabularies[0], columns)
    return SmallList(path, lines.understood, list(lines.lines))


def read_lines(
    path: Path, content: bytes, vocabularies: Sequence[Vocabulary], sheet: str | None
) -> Lines:
    """Return the lines of a list, by the first of the vocabularies of which it has the columns.

    Raises:
        UnreadableList: it fits none of them; it says what is wrong by the first.
    """
    fault: UnreadableList | None = None
    for vocabulary in vocabularies:
        try:
            return read_list(content, vocabulary, suffix=path.suffix, sheet=sheet)
        except UnreadableList as error:
            fault = fault or error
    raise fault or UnreadableList("is empty")


def list_content(path: Path) -> bytes:
    """Return the bytes of a list's file.

    Raises:
        CommandError: it cannot be read, or is larger than such a list.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise CommandError(f"{path}: larger than {MAX_BYTES // 1024**2} MiB")
    return content


def _check_columns(path: Path, lines: Lines, vocabulary: Vocabulary, known: Sequence[str]) -> None:
    columns = lines.understood.columns
    unknown = [
        repr(title[:80])
        for title, name in columns.items()
        if name not in known and vocabulary.column(title) != ""
    ]
    if unknown:
        raise CommandError(
            f"{path}: nothing was imported: the header has an unknown column "
            f"{', '.join(unknown)}; the columns are {', '.join(known)}; "
            '--column "TITLE=" leaves one out'
        )


def _fields(line: Line, operators: Operators) -> Mapping[str, str]:
    if isinstance(line.content, str):
        raise ValueError(line.content)
    fields = {name: _text(value) for name, value in line.content.items()}
    if operator := normal(fields.get("operator_id", "")):
        fields["operator_id"] = operators.meant(operator)
    return fields


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)
