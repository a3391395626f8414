"""The forms of a document that a command gives: tables, JSON, CSV, a page, a workbook."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from fleetgauge.commands.errors import CommandError
from reports.dialects import Dialect, csv_text, dialect_language
from reports.language import Language
from reports.paper import Paper, Section
from reports.paper_page import paper_page
from reports.paper_terminal import paper_terminal
from reports.paper_workbook import paper_workbook
from reports.tables import show

AsCsv = Annotated[
    bool, typer.Option("--csv", help="Print one of the tables as CSV; --table names it.")
]
TableName = Annotated[
    str | None, typer.Option("--table", metavar="NAME", help="Of --csv: which table.")
]
DialectOption = Annotated[
    Dialect,
    typer.Option(
        "--dialect",
        help="Of --csv: excel-ru has semicolons, decimal commas and Russian titles, as Excel "
        "opens it in Russia.",
    ),
]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write a page to print instead (- is stdout)."),
]
Xlsx = Annotated[
    Path | None,
    typer.Option("--xlsx", metavar="FILE", help="Write a workbook instead (- is stdout)."),
]


class Form(NamedTuple):
    """Which form is asked for; of all that is None, tables on the terminal."""

    as_json: bool
    as_csv: bool
    table: str | None
    dialect: Dialect
    html: Path | None
    xlsx: Path | None

    def check(self) -> None:
        """Pass if it is one form.

        Raises:
            typer.BadParameter: it is several.
        """
        given = [self.as_json, self.as_csv, self.html is not None, self.xlsx is not None]
        if given.count(True) > 1:
            raise typer.BadParameter("--json, --csv, --html and --xlsx: one of them at a time.")
        if not self.as_csv and (self.table is not None or self.dialect is not Dialect.RFC4180):
            raise typer.BadParameter("--table and --dialect go with --csv.")


def give(
    document: Mapping[str, Any],
    paper: Callable[[Language], Paper],
    form: Form,
    language: Language,
) -> None:
    """Print or write a document in the form asked for.

    Args:
        paper: returns the document as people read it.

    Raises:
        typer.BadParameter: it has no such table.
        CommandError: the file cannot be written.
    """
    if form.as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    elif form.as_csv:
        sections = paper(dialect_language(form.dialect)).sections
        print_table(sections, form.table or "", form.dialect)
    elif form.html is not None:
        write(form.html, paper_page(paper(language), language).encode())
    elif form.xlsx is not None:
        write(form.xlsx, paper_workbook(paper(language), language))
    else:
        show(paper_terminal(paper(language), language))


def print_table(sections: Iterable[Section], name: str, dialect: Dialect) -> None:
    """Print one table as CSV.

    Raises:
        typer.BadParameter: there is none of that name.
    """
    tables = {section.name: section.table for section in sections}
    if name not in tables:
        raise typer.BadParameter(
            f"{name!r} is not a table of it; there are: {', '.join(tables)}.", param_hint="--table"
        )
    # As bytes: stdout may have another encoding, or turn line ends into its own.
    typer.echo(csv_text(tables[name], dialect).encode(), nl=False)


def write(path: Path, content: bytes) -> None:
    """Write a file, or stdout for ``-``.

    Raises:
        CommandError: it cannot be written.
    """
    if str(path) == "-":
        typer.echo(content, nl=False)
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror or error}") from error
    typer.echo(f"written to {path}")
