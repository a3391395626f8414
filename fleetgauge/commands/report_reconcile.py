"""``fleetgauge report reconcile``: an operator's list of tracked buses held against ours."""

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database, database_snapshot
from fleetgauge.commands.dates import parse_date
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.forms import AsCsv, DialectOption, Form, Html, TableName, Xlsx, give
from fleetgauge.commands.kpi_report import (
    AsKnownOn,
    Request,
    check_dates,
    check_known_on,
    kpi_report,
)
from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.list_options import (
    Columns,
    MappingFile,
    Profile,
    Sheet,
    Titles,
    given_titles,
    show_understood,
    titles,
)
from fleetgauge.commands.printing import AsJson
from fleetgauge.list_file import NAMED, list_content, read_lines
from fleetgauge.settings import load_settings
from models.claim import COLUMNS, Claim, claim_of
from models.lists.header import Vocabulary
from models.lists.table import Lines, UnreadableList
from reports.dialects import Dialect
from reports.documents import ReconcileDocument
from reports.kpi_document import report_document
from reports.reconcile_document import ClaimFile, match, reconcile_document, with_operators
from reports.reconcile_paper import reconcile_paper
from storage.kpi.outside_fleet import outside_fleet
from storage.registry.names import known_operators

COMMAND = "report reconcile"
LIST = "claims"
"""Under which the titles of such lists are remembered."""
ENOUGH = (("vehicle_id",), ("plate",))
"""A list may name its vehicles by their plates alone."""


def reconcile(
    claim: Annotated[
        Path, typer.Option(metavar="FILE", help="The list: XLSX, ODS, CSV, or a JSON array.")
    ],
    on: Annotated[
        date, typer.Option(parser=parse_date, metavar="DATE", help="The date of the figures.")
    ],
    operator: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Whose list it is, if it does not say so itself."),
    ] = None,
    as_known_on: AsKnownOn = None,
    column: Columns = None,
    mapping: MappingFile = None,
    profile: Profile = None,
    sheet: Sheet = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    table: TableName = None,
    dialect: DialectOption = Dialect.RFC4180,
    html: Html = None,
    xlsx: Xlsx = None,
    language: LanguageOption = None,
    author: Author = None,
) -> None:
    """Hold a list of vehicles that an operator says are tracked against our data.

    Each is agreed, not trackable by our data, or not in the fleet; and those are listed that are
    trackable by our data and not in the claim: with their reason, minutes and last contact. The
    columns are operator_id (unless --operator is given), vehicle_id or plate, and optionally
    trackable (yes or no); the usual titles are known in English and in Russian.
    """
    form = Form(as_json, as_csv, table, dialect, html, xlsx)
    form.check()
    check_known_on(as_known_on, on)
    content = list_content(claim)
    said = _titles(column, mapping, profile)
    lines = _lines(claim, content, said, sheet)
    if not (as_json or as_csv):
        show_understood(claim, lines.understood, [])
    found = _claim(claim, lines, operator or "")
    if said.is_new:
        with database(load_settings(), COMMAND) as connection:
            said.remember(connection, LIST, author or system_user())
    file = ClaimFile(claim.name, hashlib.sha256(content).hexdigest())
    document = _document(found, file, Request(on, None, as_known_on, {}, (), None, None))
    give(document, partial(reconcile_paper, document), form, chosen_language(language))


def _titles(column: Sequence[str] | None, mapping: Path | None, profile: str | None) -> Titles:
    if profile is None:
        return Titles(given_titles(column, mapping))
    with database(load_settings(), COMMAND) as connection:
        return titles(connection, LIST, column, mapping, profile)


def _claim(path: Path, lines: Lines, operator: str) -> Claim:
    claim = claim_of(lines.lines, lines.understood.titles, operator)
    if claim.faults:
        _refuse(path, claim.faults)
    if not claim.lines:
        raise CommandError(f"{path}: lists no vehicles")
    return claim


def _lines(path: Path, content: bytes, said: Titles, sheet: str | None) -> Lines:
    vocabularies = [
        Vocabulary(required, COLUMNS, said.given, "--column", said.remembered)
        for required in ENOUGH
    ]
    try:
        return read_lines(path, content, vocabularies, sheet)
    except UnreadableList as error:
        raise CommandError(f"{path}: {error}") from error


def _refuse(path: Path, faults: Sequence[str]) -> None:
    more = [f"and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
    listed = "\n  ".join([*faults[:NAMED], *more])
    noun = "bad line" if len(faults) == 1 else "bad lines"
    raise CommandError(f"{path}: {len(faults)} {noun}\n  {listed}")


def _document(claim: Claim, file: ClaimFile, request: Request) -> ReconcileDocument:
    settings = load_settings()
    check_dates(settings, filter(None, (request.on, request.known_on)))
    with database_snapshot(settings, COMMAND) as connection:
        made = kpi_report(connection, request)
        report = report_document(made)
        former = known_operators(connection).former
        matched = match(report, with_operators(report, claim.lines, former))
        outside = outside_fleet(
            connection, matched.not_in_fleet, request.on, made.kpi.rule, request.known_on
        )
    return reconcile_document(report, claim, matched, file, outside)
