"""A document as tables for a terminal."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table as RichTable

from reports.language import Language
from reports.paper import Paper, Table, shown
from reports.tables import heading, table
from reports.words import sentence


def paper_terminal(paper: Paper, language: Language) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom; an empty table has its heading alone."""
    yield paper.title
    yield from paper.lines
    for section in paper.sections:
        yield heading(sentence(section.title))
        if section.table.rows:
            yield rich_table(section.table, language)
    yield f"SHA-256 {paper.digest}"


def rich_table(made: Table, language: Language) -> RichTable:
    """Return a table for the terminal."""
    columns, rows = made
    written = (
        [shown(language, cell, column.kind) for cell, column in zip(row, columns, strict=True)]
        for row in rows
    )
    right = [column.title for column in columns if not column.is_text]
    return table([column.title for column in columns], written, right=right)
