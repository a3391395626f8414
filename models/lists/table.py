"""A list's rows as its file has them, and its lines under known columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """The cells of one row, as texts."""

    place: str
    """``line 3`` or ``row 3``, counted from 1."""
    cells: Sequence[str]


class Table(NamedTuple):
    """All rows of a file, or of one of its sheets, that are not empty."""

    form: str
    """What the file is, in words: ``CSV in UTF-8, separated by semicolons``."""
    rows: Sequence[Row]


class Line(NamedTuple):
    """One line of a list, or one element of an array."""

    place: str
    content: Mapping[str, object] | str
    """Its columns; a text says what is wrong with the line as a whole."""


class Understood(NamedTuple):
    """How a file was understood, for its reader to check."""

    form: str
    header: str
    """The place of the header."""
    columns: Mapping[str, str]
    """By title, the column that it means; an empty one is left out."""

    @property
    def titles(self) -> Mapping[str, set[str]]:
        """By column, the titles that mean it."""
        found: dict[str, set[str]] = {}
        for title, column in self.columns.items():
            found.setdefault(column, set()).add(title)
        return found


class Lines(NamedTuple):
    """The lines of a list, not yet judged; they can be had once."""

    understood: Understood
    lines: Iterable[Line]


class UnreadableList(Exception):
    """The file as a whole cannot be read as a list; says why, and what to do."""
