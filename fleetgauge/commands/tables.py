"""Where tables are printed."""

import sys
from typing import Final

from rich.console import Console

FILE_WIDTH: Final = 160
"""Columns for what is no terminal: a line of a table stays one line, for grep."""


def console() -> Console:
    """Return stdout, which takes an identifier's brackets for what they are."""
    width = None if sys.stdout.isatty() else FILE_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)
