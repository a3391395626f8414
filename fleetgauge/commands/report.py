"""``fleetgauge report``: the figures of a date, and the vehicles behind each."""

import io
import json
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any

import typer

from fleetgauge.commands.database import database_snapshot
from fleetgauge.commands.dates import parse_date
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.forms import DialectOption, Form, Html, Xlsx, print_table, write
from fleetgauge.commands.kpi_report import (
    AsKnownOn,
    OfOperator,
    Request,
    check_dates,
    check_known_on,
    kpi_report,
    request_of,
)
from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.moment import check_attribute, check_grouping
from fleetgauge.commands.report_diff import diff
from fleetgauge.commands.report_file import content_of, is_whole, read_report
from fleetgauge.commands.report_reconcile import reconcile
from fleetgauge.commands.report_rollup import rollup
from fleetgauge.settings import Settings, load_settings
from models.attribute import GROUPINGS
from models.only import Only, parse_only
from models.period import parse_period_rules, period_rules_text
from models.series import Every
from reports.dialects import Dialect, dialect_language
from reports.documents import KpiDocument
from reports.kpi_csv import write_csv
from reports.kpi_document import VERSION, report_document
from reports.kpi_page import kpi_page
from reports.kpi_terminal import kpi_terminal
from reports.kpi_workbook import kpi_sections, kpi_workbook
from reports.language import Language
from reports.signature import BadKey, is_signed_by, signed
from reports.tables import show

app = typer.Typer(invoke_without_command=True)
app.command()(diff)
app.command()(reconcile)
app.command()(rollup)

NOON = "12:00"


def _local_time(text: str) -> time:
    try:
        moment = time.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise typer.BadParameter(f"{text!r} is not a local time of day such as 08:30.")
    return moment


def _period_rules(texts: Sequence[str]) -> str:
    try:
        return period_rules_text(parse_period_rules(",".join(texts)))
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--period-rule") from error


def _only(texts: Sequence[str]) -> Only:
    try:
        return parse_only(texts)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--only") from error


@app.callback()
def report(
    context: typer.Context,
    on: Annotated[
        date | None,
        typer.Option("--on", parser=parse_date, metavar="DATE", help="The date of the figures."),
    ] = None,
    compare: Annotated[
        date | None,
        typer.Option(
            parser=parse_date,
            metavar="DATE",
            help="The date to compare with; by default the same a year before.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(GROUPINGS),
            help="List each group of the fleet, too; any other column of the fleet list is taken. "
            "May be given several times.",
        ),
    ] = None,
    operator: OfOperator = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Limit the fleet to vehicles with this value in a column of the fleet list: "
            "service_kind=urban. Of one column several values are taken, of several all.",
        ),
    ] = None,
    as_known_on: AsKnownOn = None,
    minimum_minutes: Annotated[
        int | None,
        typer.Option(min=1, max=1440, help="Distinct minutes with a fix that make a tracked day."),
    ] = None,
    trailing_days: Annotated[
        int | None,
        typer.Option(min=1, max=366, help="Days up to the date among which one is looked for."),
    ] = None,
    live_minutes: Annotated[
        int | None,
        typer.Option(min=0, max=1440, help="Minutes of it that were received within 15 minutes."),
    ] = None,
    period_rule: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INDICATOR=RULE",
            help="What is given of an indicator: end (of the date), or mean or minimum of its "
            "month, quarter or year: trackable=mean:month. May be given several times.",
        ),
    ] = None,
    with_sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Show how much the share depends on the rule.")
    ] = False,
    at: Annotated[
        time,
        typer.Option(
            parser=_local_time,
            metavar="HH:MM",
            help="The local time at which the windows of --sensitivity end.",
        ),
    ] = NOON,  # type: ignore[assignment]  # typer parses it
    months: Annotated[
        int | None,
        typer.Option(min=1, max=240, help="Add a series of dates within so many months up to it."),
    ] = None,
    every: Annotated[
        Every, typer.Option(help="Of --months: how far its dates lie apart.")
    ] = Every.MONTH,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV: one row per figure, then one per vehicle.")
    ] = False,
    table: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of --csv: one table instead, such as vehicles."),
    ] = None,
    dialect: DialectOption = Dialect.RFC4180,
    html: Html = None,
    xlsx: Xlsx = None,
    sign: Annotated[
        Path | None,
        typer.Option(metavar="KEYFILE", help="Sign the JSON: an Ed25519 private key, PEM."),
    ] = None,
    language: LanguageOption = None,
) -> None:
    """Report the KPIs of a date: plan, actual, difference, and the vehicles behind each figure.

    Trackable is a vehicle of the date's fleet with fixes in enough distinct minutes of one of the
    days up to the date; equipment is counted as of the end of that local day. The rule is the one
    that was set on the date, unless --minimum-minutes, --trailing-days, --live-minutes or
    --period-rule is given.
    The same database, date and --as-known-on give the same bytes.
    """
    if context.invoked_subcommand:
        return
    if on is None:
        raise typer.BadParameter("--on DATE is needed.")
    form = Form(as_json, as_csv, table, dialect, html, xlsx)
    form.check()
    if table is None and dialect is not Dialect.RFC4180:
        raise typer.BadParameter("needs --table.", param_hint="--dialect")
    if sign is not None and not as_json:
        raise typer.BadParameter("--sign needs --json: only that holds all the data.")
    check_known_on(as_known_on, max(on, compare or on))
    given = {
        "tracked_minutes": minimum_minutes,
        "trailing_days": trailing_days,
        "live_minutes": live_minutes,
    }
    overridden = {name: str(value) for name, value in given.items() if value is not None}
    if period_rule is not None:
        overridden["period_rules"] = _period_rules(period_rule)
    request = Request(
        on,
        compare,
        as_known_on,
        overridden,
        tuple(dict.fromkeys(by or ())),
        operator,
        at if with_sensitivity else None,
        months,
        every,
        _only(only or []),
    )
    document = _document(load_settings(), request)
    if sign is not None:
        document = _signed(document, sign)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    elif table is not None:
        print_table(kpi_sections(document, dialect_language(dialect)), table, dialect)
    elif as_csv:
        rows = io.StringIO()
        write_csv(document, rows)
        typer.echo(rows.getvalue(), nl=False)
    else:
        _print(document, chosen_language(language), html=html, xlsx=xlsx)


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(help="A report as --json printed it.", exists=True, dir_okay=False)
    ],
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Check its signature, too: an Ed25519 public key, PEM."),
    ] = None,
) -> None:
    """Check whether a report is unaltered, and whether the database still gives it.

    It is whole if its SHA-256 is that of its data, and with --key if it is signed by the holder of
    the key. Exit 1 if anything is not so. What is only as known now changes with what is recorded;
    --as-known-on makes a report that does not.
    """
    document = read_report(file)
    if not is_whole(document):
        raise CommandError(f"{file}: altered: its data have another SHA-256 than it says")
    if key is not None and not _is_signed(document, key):
        raise CommandError(f"{file}: not signed by the holder of {key}")
    if document.get("version") != VERSION:
        raise CommandError(
            f"{file}: whole, but of another version of the layout: the database was not asked"
        )
    try:
        request = request_of(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CommandError(f"{file}: does not say what it is a report of: {error!r}") from error
    now = _document(load_settings(), request)
    if now["sha256"] != document["sha256"]:
        differing = [name for name in {**now, **document} if now.get(name) != document.get(name)]
        names = ", ".join(name for name in differing if name != "sha256")
        raise CommandError(f"{file}: whole, but the database gives another report now: {names}")
    typer.echo(f"{file}: whole, and the database gives the same report: {now['sha256']}")


def _document(settings: Settings, request: Request) -> KpiDocument:
    check_dates(settings, filter(None, (request.on, request.known_on)))
    with database_snapshot(settings, "report") as connection:
        for by in request.by:
            check_grouping(connection, by)
        for name in request.only:
            check_attribute(connection, name, "--only")
        return report_document(kpi_report(connection, request))


def _signed(document: KpiDocument, key: Path) -> KpiDocument:
    try:
        return signed(document, content_of(key))
    except BadKey as error:
        raise CommandError(f"{key}: {error}") from error


def _is_signed(document: dict[str, Any], key: Path) -> bool:
    try:
        return is_signed_by(document, content_of(key))
    except BadKey as error:
        raise CommandError(f"{key}: {error}") from error


def _print(
    document: KpiDocument, language: Language, *, html: Path | None, xlsx: Path | None
) -> None:
    if html is not None:
        write(html, kpi_page(document, language).encode())
    elif xlsx is not None:
        write(xlsx, kpi_workbook(document, language))
    else:
        show(kpi_terminal(document, language))
