"""``fleetgauge report``: the figures of a date, and the vehicles behind each."""

import io
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer
from storage.fix_ages import fix_ages

from fleetgauge.commands.dates import parse_date
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.settings import Settings, load_settings
from models.indicator import Grouping
from models.kpi import KpiOfDate, KpiRule, year_before
from models.sensitivity import WINDOWS, sensitivity
from models.uptime import Span, downtime_days
from reports.documents import KpiDocument
from reports.kpi_csv import write_csv
from reports.kpi_document import Downtime, KpiReport, Records, SensitivityAt, report_document
from reports.kpi_page import kpi_page
from reports.kpi_terminal import kpi_terminal
from reports.kpi_workbook import kpi_workbook
from reports.language import ENGLISH, Language
from reports.tables import show
from reports.words import not_recorded
from storage.connection import Connection
from storage.kpi import kpi_of_date, operator_time_zones, stored_days
from storage.schema import check_schema
from storage.snapshot import snapshot
from storage.targets import targets_on
from storage.worker_uptime import heard, recorded_from

NOON = "12:00"


def _local_time(text: str) -> time:
    try:
        moment = time.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise typer.BadParameter(f"{text!r} is not a local time of day such as 08:30.")
    return moment


class Asked(NamedTuple):
    """What the report is to be of."""

    on: date
    compare: date | None
    known_on: date | None
    rule: KpiRule
    by: Grouping | None
    operator: str | None
    at: time | None
    """At which local time the windows of the sensitivity end; None: not asked for."""


def report(
    on: Annotated[
        date,
        typer.Option("--on", parser=parse_date, metavar="DATE", help="The date of the figures."),
    ],
    compare: Annotated[
        date | None,
        typer.Option(
            parser=parse_date,
            metavar="DATE",
            help="The date to compare with; by default the same a year before.",
        ),
    ] = None,
    by: Annotated[
        Grouping | None, typer.Option("--by", help="Tell of each group of the fleet, too.")
    ] = None,
    operator: Annotated[
        str | None, typer.Option(metavar="ID", help="Of this operator's fleet alone.")
    ] = None,
    as_known_on: Annotated[
        date | None,
        typer.Option(
            parser=parse_date,
            metavar="DATE",
            help="With what was known when this day ended; by default all that is known now.",
        ),
    ] = None,
    minimum_minutes: Annotated[
        int,
        typer.Option(min=1, max=1440, help="Distinct minutes with a fix that make a tracked day."),
    ] = KpiRule().minimum_minutes,
    trailing_days: Annotated[
        int,
        typer.Option(min=1, max=366, help="Days up to the date among which one is looked for."),
    ] = KpiRule().trailing_days,
    with_sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Tell how much the share depends on the rule.")
    ] = False,
    at: Annotated[
        time,
        typer.Option(
            parser=_local_time,
            metavar="HH:MM",
            help="The local time at which the windows of --sensitivity end.",
        ),
    ] = NOON,  # type: ignore[assignment]  # typer parses it
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV: a row a figure, then a row a vehicle.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page to print instead (- is stdout)."),
    ] = None,
    xlsx: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a workbook instead (- is stdout)."),
    ] = None,
    language: LanguageOption = None,
) -> None:
    """Report the KPIs of a date: plan, actual, difference, and the vehicles behind each figure.

    Trackable is a vehicle of the date's fleet with fixes in at least --minimum-minutes distinct
    minutes of one of the --trailing-days days up to the date. Equipment is counted as of the end
    of that local day. The same database, date and --as-known-on give the same bytes.
    """
    if [as_json, as_csv, html is not None, xlsx is not None].count(True) > 1:
        raise typer.BadParameter("--json, --csv, --html and --xlsx: one of them at a time.")
    if as_known_on is not None and as_known_on < on:
        raise typer.BadParameter(f"on {as_known_on} nothing was known yet of {on}'s end.")
    rule = KpiRule(minimum_minutes, trailing_days)
    asked = Asked(on, compare, as_known_on, rule, by, operator, at if with_sensitivity else None)
    document = _document(load_settings(), asked)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    elif as_csv:
        table = io.StringIO()
        write_csv(document, table)
        typer.echo(table.getvalue(), nl=False)
    else:
        _print(document, chosen_language(language), html=html, xlsx=xlsx)


def _document(settings: Settings, asked: Asked) -> KpiDocument:
    today = datetime.now(ZoneInfo(settings.time_zone)).date()
    for day in (asked.on, asked.known_on):
        if day is not None and day > today:
            raise CommandError(f"{day} is in the future")
        if day == today:
            typer.echo(f"fleetgauge: {day} is not over yet: the figures can change", err=True)
    url = settings.database_url.get_secret_value()
    check_schema(url)
    with snapshot(url, "fleetgauge report") as connection:
        return report_document(_report(connection, settings, asked))


def _report(connection: Connection, settings: Settings, asked: Asked) -> KpiReport:
    stored = stored_days(connection, asked.known_on)
    if stored is None:
        raise CommandError(f"nothing is known of {asked.on}: nothing is recorded")
    records = Records(*stored)
    _check_recorded(asked.on, records)
    _check_operator(connection, asked.operator)
    kpi = _kpi(connection, asked, asked.on)
    if not kpi.vehicles:
        whose = f"of operator {asked.operator} " if asked.operator else ""
        known = f", as known on {asked.known_on}" if asked.known_on else ""
        raise CommandError(
            f"the fleet {whose}on {asked.on} is empty{known}: the registry has no vehicle in "
            "service then, so no ratio can be given"
        )
    if asked.compare is not None:
        _check_recorded(asked.compare, records)
    compare_on = asked.compare or year_before(asked.on)
    compared = _kpi(connection, asked, compare_on) if compare_on in records else None
    if compared and not compared.vehicles:
        compared = None
    return KpiReport(
        kpi,
        compare_on,
        compared,
        targets_on(connection, asked.on, _end(asked.known_on, settings)),
        _downtime(connection, settings, asked, compare_on if compared else None),
        records,
        asked.by,
        asked.operator,
        settings.min_group_size,
        _sensitivity(connection, asked, kpi),
    )


def _check_recorded(day: date, records: Records) -> None:
    if day not in records:
        raise CommandError(not_recorded(ENGLISH, day.isoformat(), records.interval))


def _check_operator(connection: Connection, operator: str | None) -> None:
    if operator is None:
        return
    known = operator_time_zones(connection)
    if operator not in known:
        names = ", ".join(list(known)[:20]) or "none"
        raise CommandError(f"there is no operator {operator}; known are: {names}")


def _kpi(connection: Connection, asked: Asked, on: date) -> KpiOfDate:
    kpi = kpi_of_date(connection, on, asked.rule, asked.known_on)
    return kpi if asked.operator is None else kpi.of_operator(asked.operator)


def _downtime(
    connection: Connection, settings: Settings, asked: Asked, compare_on: date | None
) -> Downtime:
    zone = ZoneInfo(settings.time_zone)
    days = [
        day - timedelta(days=back)
        for day in sorted({asked.on, compare_on or asked.on})
        for back in reversed(range(asked.rule.trailing_days))
    ]
    until = min(datetime.now(UTC), _end(asked.known_on or max(days), settings) or _NEVER)
    first = recorded_from(connection, until)
    spans = [] if first is None else heard(connection, Span(first, until))
    return Downtime(
        settings.deaf_limit,
        first and first.astimezone(zone).date(),
        downtime_days(spans, days, zone, until, settings.deaf_limit),
    )


_NEVER = datetime.max.replace(tzinfo=UTC)


def _end(day: date | None, settings: Settings) -> datetime | None:
    if day is None:
        return None
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(settings.time_zone))
    return midnight.astimezone(UTC)


def _sensitivity(connection: Connection, asked: Asked, kpi: KpiOfDate) -> SensitivityAt | None:
    if asked.at is None:
        return None
    ages = fix_ages(connection, asked.on, asked.at, max(WINDOWS), asked.known_on, asked.operator)
    return SensitivityAt(asked.at, sensitivity(kpi.vehicles, ages))


def _print(
    document: KpiDocument, language: Language, *, html: Path | None, xlsx: Path | None
) -> None:
    if html is not None:
        _write(html, kpi_page(document, language).encode())
    elif xlsx is not None:
        _write(xlsx, kpi_workbook(document, language))
    else:
        show(kpi_terminal(document, language))


def _write(path: Path, content: bytes) -> None:
    if str(path) == "-":
        typer.echo(content, nl=False)
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror or error}") from error
    typer.echo(f"written to {path}")
