"""What every benchmark is, and how it shows its figures."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Protocol

from rich.table import Table

Progress = Callable[[str], None]


class Benchmark(Protocol):
    """A benchmark: measures, and returns its figures."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, telling each step; starts and ends its own servers."""


def figures(title: str, *columns: str) -> Table:
    """Make a table whose first column names, and whose others are numbers."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def median_and_spread(values: Sequence[float], form: str) -> str:
    """Write the median, and what it varies between."""
    low, high = min(values), max(values)
    return f"{median(values):{form}}  ({low:{form}} – {high:{form}})"
