"""Where tables are printed, and how: whole, whatever the width."""

import sys
from collections.abc import Collection, Iterable
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from models.legible import plain

FILE_WIDTH: Final = 100_000
"""Columns where stdout is not a terminal: a line of a table stays one line, for grep."""


def console(stream: TextIO | None = None) -> Console:
    """Return a stream that takes an identifier's brackets and colons for what they are."""
    stream = stream or sys.stdout
    width = None if stream.isatty() else FILE_WIDTH
    return Console(file=stream, markup=False, highlight=False, emoji=False, width=width)


def show(parts: Iterable[RenderableType], stream: TextIO | None = None) -> None:
    """Print parts one below the other; a line is not broken, whatever the width.

    Args:
        stream: where to; None: stdout.
    """
    out = console(stream)
    for part in parts:
        out.print(part, soft_wrap=isinstance(part, str))


def heading(title: str) -> Text:
    """Return the line above a table; rich's own titles are no wider than their table."""
    return Text(plain(title), style="italic")


def table(
    columns: Iterable[str], rows: Iterable[Iterable[str]], right: Collection[str] = ()
) -> Table:
    """Return a table that folds what is too wide and escapes invisible characters.

    Args:
        right: the columns of numbers.
    """
    made = Table(box=None)
    for name in columns:
        # Cut short, an id or a date would be a different one.
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(_cell, row))
    return made


def _cell(text: str) -> str:
    return "\n".join(map(plain, text.split("\n")))
