"""``fleetgauge report rollup``: several authorities' reports of one date, added up."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.forms import AsCsv, DialectOption, Form, Html, TableName, Xlsx, give
from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.printing import AsJson
from fleetgauge.commands.report_file import whole_report
from reports.dialects import Dialect
from reports.rollup_document import NamedReport, Unlike, rollup_document
from reports.rollup_paper import rollup_paper


def rollup(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Reports of `report --json`; each is called by its file's name."
        ),
    ],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    table: TableName = None,
    dialect: DialectOption = Dialect.RFC4180,
    html: Html = None,
    xlsx: Xlsx = None,
    language: LanguageOption = None,
) -> None:
    """Add up the reports of several authorities, of one date and by one rule.

    Vehicles are added, never shares. A vehicle that is in two reports is an error. No database is
    needed.
    """
    form = Form(as_json, as_csv, table, dialect, html, xlsx)
    form.check()
    reports = [NamedReport(file.stem, whole_report(file)) for file in files]
    if len({report.name for report in reports}) < len(reports):
        raise typer.BadParameter("two files have the same name.", param_hint="FILE…")
    try:
        document = rollup_document(reports)
    except Unlike as error:
        raise CommandError(f"the reports cannot be added up: {error}") from error
    give(document, partial(rollup_paper, document), form, chosen_language(language))
