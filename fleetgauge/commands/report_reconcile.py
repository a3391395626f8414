"""``fleetgauge report reconcile``: an operator's list of tracked buses held against ours."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.commands.columns import column_meanings
from fleetgauge.commands.database import database_snapshot
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
from fleetgauge.commands.printing import AsJson
from fleetgauge.commands.report_file import content_of
from fleetgauge.list_file import MAX_BYTES, NAMED
from fleetgauge.settings import load_settings
from models.claim import COLUMNS, Claim, claim_of
from models.lists.header import Vocabulary
from models.lists.reading import read_list
from models.lists.table import Lines, UnreadableList
from reports.dialects import Dialect
from reports.documents import ReconcileDocument
from reports.kpi_document import report_document
from reports.reconcile_document import ClaimFile, match, reconcile_document
from reports.reconcile_paper import reconcile_paper
from storage.kpi.outside_fleet import outside_fleet


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
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TITLE=COLUMN",
            help='What a column means: "Борт №=vehicle_id". May be given several times.',
        ),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    table: TableName = None,
    dialect: DialectOption = Dialect.RFC4180,
    html: Html = None,
    xlsx: Xlsx = None,
    language: LanguageOption = None,
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
    content = content_of(claim)
    found = _claim(claim, content, operator or "", dict(column_meanings(column or [])))
    file = ClaimFile(claim.name, hashlib.sha256(content).hexdigest())
    document = _document(found, file, Request(on, None, as_known_on, {}, None, None, None))
    give(document, partial(reconcile_paper, document), form, chosen_language(language))


def _claim(path: Path, content: bytes, operator: str, given: Mapping[str, str]) -> Claim:
    if len(content) > MAX_BYTES:
        raise CommandError(f"{path}: larger than {MAX_BYTES // 1024**2} MiB")
    lines = _lines(path, content, given)
    titles: dict[str, set[str]] = {}
    for title, name in lines.understood.columns.items():
        titles.setdefault(name, set()).add(title)
    claim = claim_of(lines.lines, titles, operator)
    if claim.faults:
        _refuse(path, claim.faults)
    if not claim.lines:
        raise CommandError(f"{path}: lists no vehicles")
    return claim


def _lines(path: Path, content: bytes, given: Mapping[str, str]) -> Lines:
    # A list may name its vehicles by their plates alone.
    faults = []
    for required in ("vehicle_id", "plate"):
        vocabulary = Vocabulary([required], COLUMNS, given, "--column")
        try:
            return read_list(content, vocabulary, suffix=path.suffix)
        except UnreadableList as error:
            faults.append(str(error))
    raise CommandError(f"{path}: {faults[0]}")


def _refuse(path: Path, faults: Sequence[str]) -> None:
    more = [f"and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
    listed = "\n  ".join([*faults[:NAMED], *more])
    noun = "bad line" if len(faults) == 1 else "bad lines"
    raise CommandError(f"{path}: {len(faults)} {noun}\n  {listed}")


def _document(claim: Claim, file: ClaimFile, request: Request) -> ReconcileDocument:
    settings = load_settings()
    check_dates(settings, filter(None, (request.on, request.known_on)))
    with database_snapshot(settings, "report reconcile") as connection:
        made = kpi_report(connection, request)
        report = report_document(made)
        matched = match(report, claim.lines)
        outside = outside_fleet(
            connection, matched.strangers, request.on, made.kpi.rule, request.known_on
        )
    return reconcile_document(report, claim, matched, file, outside)
