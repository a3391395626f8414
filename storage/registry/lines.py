"""The lines of a registry file, whichever its format, not yet judged."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """One line, or one element of the array."""

    place: str
    content: Mapping[str, object] | str
    """Its columns; a text says what is wrong with the line as a whole."""


class Lines(NamedTuple):
    """All lines, and the columns that occur in them, in the file's order."""

    columns: Sequence[str]
    lines: Sequence[Line]


class UnreadableLines(Exception):
    """The text as a whole is not of its format; says why."""
