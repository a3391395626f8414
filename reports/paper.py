"""A document as people read it: a title, some lines, tables; every form is made of the same.

The cells are values, not texts, so that a workbook has real numbers and dates; ``shown`` writes
them as a language does.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from reports.language import Language


class Kind(Enum):
    """What a column holds."""

    TEXT = auto()
    LONG_TEXT = auto()
    NUMBER = auto()
    CHANGE = auto()
    """A whole number with its sign."""
    RATIO = auto()
    GROWTH = auto()
    """A ratio with its sign."""
    POINTS = auto()
    """Percentage points, as a figure is stated."""
    SHARE_OF_POINTS = auto()
    """Percentage points of a part, such as a reason's: with another digit."""
    VEHICLE_POINTS = auto()
    """Percentage points of one vehicle."""
    DATE = auto()
    """ISO 8601."""


DIGITS: Final = {Kind.POINTS: 1, Kind.SHARE_OF_POINTS: 2, Kind.VEHICLE_POINTS: 4}
"""After the decimal mark, of percentage points."""


class Column(NamedTuple):
    """A column of a table."""

    title: str
    kind: Kind = Kind.TEXT

    @property
    def is_text(self) -> bool:
        """Whether it is aligned as texts are."""
        return self.kind in (Kind.TEXT, Kind.LONG_TEXT)


class Table(NamedTuple):
    """A table; a cell holds a text, a number, an ISO 8601 date in a column of dates, or None."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


class Section(NamedTuple):
    """A table with its heading."""

    name: str
    """In no language: how a command names it."""
    title: str
    table: Table
    chart: Sequence[int] = ()
    """The columns that a chart shows, beside the first, which names its bars."""
    is_summary: bool = False
    """Whether it is short, and stands on the first sheet of a workbook."""
    has_total: bool = False
    """Whether the last row adds up the others."""

    @property
    def bars(self) -> int:
        """How many rows a chart shows."""
        return len(self.table.rows) - self.has_total if self.chart else 0


class Paper(NamedTuple):
    """A document as people read it."""

    title: str
    on: str
    """The ISO 8601 date that it is dated."""
    lines: Sequence[str]
    """What to know about it."""
    sections: Sequence[Section]
    digest: str
    """The SHA-256 of its data."""


def shown(language: Language, value: Any, kind: Kind) -> str:
    """Return a cell as the language writes it; of None nothing."""
    if value is None:
        return ""
    match kind:
        case Kind.NUMBER:
            return language.number(value)
        case Kind.CHANGE:
            return language.signed(value, 0)
        case Kind.RATIO:
            return language.percent(value)
        case Kind.GROWTH:
            return language.text("%(percent)s %%", percent=language.signed(value * 100, 1))
        case Kind.POINTS | Kind.SHARE_OF_POINTS | Kind.VEHICLE_POINTS:
            return language.signed(value, DIGITS[kind])
        case Kind.DATE:
            return language.date(value)
    return str(value)
