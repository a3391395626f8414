"""``fleetgauge registry``: the fleet list, which is every share's denominator."""

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from fleetgauge.commands.dates import local_moment, parse_name
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.registry_tables import (
    tabulate_changes,
    tabulate_entries,
    tabulate_strangers,
    tell_import,
)
from fleetgauge.settings import Settings, load_settings
from models.legible import plain
from models.vehicle import is_identifier
from storage import registry_inbox
from storage.connection import Connection, connect
from storage.registry_export import write_csv, write_json
from storage.registry_file import RegistryFile, RegistryFileError, read_registry
from storage.registry_import import FleetWouldShrink, ImportReport, import_registry
from storage.registry_inbox import Stranger
from storage.registry_list import Selection, registry_changes, registry_entries
from storage.schema import check_schema

app = typer.Typer(
    help="The fleet list: which vehicles should be there, with the history of what was known.",
    no_args_is_help=True,
)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a date such as 2026-03-01, got {text!r}.") from None


def _known_on(text: str) -> datetime:
    moment = local_moment(text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return moment
    # Known on a day is what was known when it ended; the registry counts in microseconds.
    try:
        after = datetime.combine(day + timedelta(days=1), time(), moment.tzinfo)
        return after.astimezone(UTC) - timedelta(microseconds=1)
    except OverflowError:
        raise typer.BadParameter(f"{text!r} is outside the years 1 to 9999.") from None


Operator = Annotated[str | None, typer.Option(help="Only this operator's.")]
Depot = Annotated[str | None, typer.Option(help="Only those of this depot.")]
Route = Annotated[str | None, typer.Option(help="Only those of this route.")]
Municipality = Annotated[str | None, typer.Option(help="Only those of this municipality.")]
AsKnownOn = Annotated[
    datetime | None,
    typer.Option(
        parser=_known_on,
        metavar="DATE|TIME",
        help="As the registry knew it at this time, or when this day ended.",
    ),
]
ChangedBy = Annotated[
    str | None,
    typer.Option(
        "--by",
        parser=parse_name,
        metavar="NAME",
        help="Who, for the record; else the system's user.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(help="CSV (comma or semicolon, UTF-8) or JSON (an array of objects)."),
    ],
    operator: Annotated[
        list[str] | None,
        typer.Option(
            help="Whose whole list this is, if not of the operators that occur in it. "
            "May be given several times."
        ),
    ] = None,
    effective: Annotated[
        date | None,
        typer.Option(
            parser=_day, metavar="DATE", help="The day from which the list holds; else today."
        ),
    ] = None,
    correct: Annotated[
        bool,
        typer.Option(
            "--correct",
            help="What differs was wrong all along: it holds from the first day of the present "
            "period, not from today.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; tell what would change.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Even if more than 10 % of a fleet would be ended.")
    ] = False,
    recorded_at: Annotated[
        datetime | None,
        typer.Option(
            parser=local_moment,
            metavar="TIME",
            help="When the registry learnt it, for loading the lists of past years one after "
            "the other; else now.",
        ),
    ] = None,
    changed_by: ChangedBy = None,
    as_json: AsJson = False,
) -> None:
    """Make the fleet what a file says: all of it, or nothing where a line is bad.

    The columns are operator_id, vehicle_id (both required), plate, route_id, depot,
    municipality, in_service_from, in_service_to (YYYY-MM-DD, both days included), cctv, cashless
    (true, false, yes, no, 1, 0). Others are ignored, and named.

    The file is the whole list of the operators that occur in it. A vehicle that is not in it any
    more ends the day before; what has changed holds from today, so that a bus that moves stays
    at its old depot in last year's figure. Dates in the file are taken at their word. Nothing is
    overwritten: the fleet as it was known on a past date can always be asked for.
    """
    listed = _read(file)
    if not listed.entries and not operator:
        raise CommandError(f"{file}: names no vehicle; to end a whole fleet say --operator")
    with _database() as (settings, connection):
        run = partial(
            import_registry,
            connection,
            listed.entries,
            time_zone=settings.time_zone,
            changed_by=changed_by or _system_user(),
            source=os.fsencode(file.name).decode(errors="replace"),
            columns=listed.columns,
            operators=operator or None,
            repeated=listed.repeated,
            effective=effective,
            correct=correct,
            recorded_at=recorded_at,
            dry_run=dry_run,
        )
        try:
            report = run(yes=yes)
        except FleetWouldShrink as refusal:
            if as_json or not sys.stdin.isatty():
                raise
            if not typer.confirm(f"{refusal}. Is it?", err=True):
                raise CommandError("nothing was imported") from refusal
            report = run(yes=True)
    if as_json:
        _print(_document(report, listed))
    else:
        tell_import(file, report, listed)


class Format(StrEnum):
    """The formats of an export."""

    CSV = "csv"
    JSON = "json"


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; none, or -: standard output.")
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Else what the file's name says, or CSV.")
    ] = None,
    operator: Operator = None,
    on: Annotated[
        date | None,
        typer.Option(parser=_day, metavar="DATE", help="Only the fleet of this day; else all."),
    ] = None,
    as_known_on: AsKnownOn = None,
) -> None:
    """Write the registry as a file that `import` takes back, all unchanged.

    Without --on it has every period of every vehicle, also those that have ended.
    """
    with _database() as (_, connection):
        selection = Selection(operator, on=on, known_at=as_known_on)
        entries = registry_entries(connection, selection)
    chosen = format_ or (Format.JSON if file and file.suffix.lower() == ".json" else Format.CSV)
    write = write_json if chosen is Format.JSON else write_csv
    if file is None or file == Path("-"):
        write(entries, sys.stdout)
        return
    try:
        with file.open("w", encoding="utf-8", newline="") as target:
            write(entries, target)
    except OSError as error:
        raise CommandError(f"{file}: cannot be written: {error.strerror}") from error
    typer.echo(f"{len(entries):,} lines written to {file}")


@app.command("list")
def list_(
    operator: Operator = None,
    vehicle: Annotated[str | None, typer.Option(help="Only this vehicle.")] = None,
    depot: Depot = None,
    route: Route = None,
    municipality: Municipality = None,
    on: Annotated[
        date | None,
        typer.Option(parser=_day, metavar="DATE", help="The fleet of this day; else today's."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All periods, also those past and those to come.")
    ] = False,
    as_known_on: AsKnownOn = None,
    as_json: AsJson = False,
) -> None:
    """List the fleet: the vehicles that are in service today."""
    if every and on:
        raise typer.BadParameter("--all and --on exclude each other.", param_hint="--all")
    now = None if every or on else datetime.now(UTC)
    selection = Selection(operator, vehicle, route, depot, municipality, on, now, as_known_on)
    with _database() as (_, connection):
        entries = registry_entries(connection, selection)
    if as_json:
        write_json(entries, sys.stdout)
    else:
        tabulate_entries(entries)


@app.command()
def inbox(operator: Operator = None, as_json: AsJson = False) -> None:
    """List the vehicles that publish and are not registered: they count in no share."""
    with _database() as (_, connection):
        strangers = registry_inbox.inbox(connection, datetime.now(UTC), operator)
    if as_json:
        _print([_stranger_document(stranger) for stranger in strangers])
    else:
        tabulate_strangers(strangers)


@app.command()
def accept(
    whom: Annotated[
        str,
        typer.Argument(
            metavar="OPERATOR/VEHICLE|OPERATOR", help="One vehicle, or all of an operator."
        ),
    ],
    since: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=_day,
            metavar="DATE",
            help="The first day in service; else the day of its first contact.",
        ),
    ] = None,
    changed_by: ChangedBy = None,
    as_json: AsJson = False,
) -> None:
    """Take vehicles of the inbox into the registry."""
    operator_id, slash, vehicle_id = whom.partition("/")
    if not is_identifier(operator_id) or (slash and not is_identifier(vehicle_id)):
        raise typer.BadParameter(f"expected OPERATOR/VEHICLE or OPERATOR, got {whom!r}.")
    with _database() as (_, connection):
        accepted = registry_inbox.accept(
            connection,
            operator_id,
            vehicle_id or None,
            changed_by=changed_by or _system_user(),
            since=since,
        )
    if as_json:
        _print([{**vehicle._asdict(), "in_service_from": day} for vehicle, day in accepted])
        return
    for vehicle, day in accepted:
        typer.echo(f"{plain(str(vehicle))} is in service from {day}")


@app.command()
def changes(
    limit: Annotated[int, typer.Option(min=1, max=10**6, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List who changed the registry when, and from what, newest first."""
    with _database() as (_, connection):
        found = registry_changes(connection, limit)
    if as_json:
        _print([change._asdict() for change in found])
        return
    tabulate_changes(found)


@contextmanager
def _database() -> Iterator[tuple[Settings, Connection]]:
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    check_schema(url)
    with connect(url, "fleetgauge registry", autocommit=True) as connection:
        yield settings, connection


def _read(file: Path) -> RegistryFile:
    try:
        return read_registry(file)
    except RegistryFileError as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        raise CommandError(str(error)) from error


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container's user often has a number and no name.
        return f"uid {os.getuid()}"


def _document(report: ImportReport, listed: RegistryFile) -> dict[str, object]:
    return report._asdict() | {
        "ended_vehicles": [vehicle._asdict() for vehicle in report.ended_vehicles],
        "effective": dict(report.effective),
        "ignored": list(listed.ignored),
    }


def _stranger_document(stranger: Stranger) -> dict[str, object]:
    vehicle, *rest = stranger
    return vehicle._asdict() | dict(zip(Stranger._fields[1:], rest, strict=True))


def _print(document: object) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, default=_iso)
    sys.stdout.write("\n")


def _iso(value: Any) -> str:
    return str(value.isoformat())
