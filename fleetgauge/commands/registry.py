"""``fleetgauge registry``: the fleet list, which is every share's denominator."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.commands.attribute_options import with_attribute_options
from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import local_moment, parse_as_known_on, parse_date
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import opened, print_json
from fleetgauge.commands.registry_tables import (
    show_import,
    show_understood,
    tabulate_changes,
    tabulate_entries,
    tabulate_inbox,
)
from fleetgauge.settings import load_settings
from models.legible import plain
from models.registry import NOTHING
from models.vehicle import is_identifier
from storage.registry import inbox as registry_inbox
from storage.registry.export import write_csv, write_json
from storage.registry.file import Reading, RegistryFile, RegistryFileError, read_registry
from storage.registry.importing import FleetWouldShrink, ImportReport, import_registry
from storage.registry.inbox import UnregisteredVehicle
from storage.registry.listing import Selection, registry_changes, registry_entries
from storage.registry.names import known_names
from storage.writing.keys import known_kinds, learn_kinds

app = typer.Typer(
    help="The fleet list: which vehicles should be there, with the history of what was known.",
    no_args_is_help=True,
)

COMMAND = "registry"

Operator = Annotated[str | None, typer.Option(help="Only this operator's.")]
AsKnownOn = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_as_known_on,
        metavar="DATE|TIME",
        help="As the registry knew it at this time, or when this day ended.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(help="XLSX, ODS or CSV as spreadsheets save them, or a JSON array."),
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
            parser=parse_date,
            metavar="DATE",
            help="The day from which the list holds (default: today).",
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
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TITLE=COLUMN",
            help='What a column means: "Гос. номер=plate"; with nothing after = it is left out. '
            "May be given several times.",
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of a workbook (default: the one with the list)."),
    ] = None,
    accept_odd: Annotated[
        bool,
        typer.Option("--accept-odd", help="Import lines as they are that do not look like a bus."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; report what would change.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirm that more than 10 % of a fleet may be ended.")
    ] = False,
    claimed_at: Annotated[
        datetime | None,
        typer.Option(
            "--recorded-at",
            parser=local_moment,
            metavar="TIME",
            help="When this was known, for loading the lists of past years: the list holds from "
            "the day of this time. It is kept beside the time of the import; what was known on "
            "a date goes by the latter.",
        ),
    ] = None,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Make the fleet what a file says: all of it, or nothing where a line is bad.

    The columns are operator_id, vehicle_id (both required), plate, in_service_from,
    in_service_to (both days included), and the kinds of equipment: cctv, cashless, and those of
    FLEETGAUGE_EQUIPMENT. Every other one, such as route_id, depot, municipality, is an attribute:
    kept, exported, and there to select and to group by. The usual titles are known in English and
    in Russian; how the file was understood is printed before anything changes.

    The file is the whole list of the operators that occur in it. A vehicle that is not in it any
    more ends the day before; what has changed holds from today, so that a bus that moves stays
    at its old depot in last year's figure. Dates in the file are taken at their word. Nothing is
    overwritten: the fleet as it was known on a past date can always be asked for.
    """
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        reading = Reading(
            kinds=learn_kinds(connection, settings.equipment).names,
            columns=dict(_meanings(column or [])),
            sheet=sheet,
            accept_odd=accept_odd,
            **known_names(connection)._asdict(),
        )
        listed = _read(file, reading)
        if not as_json:
            show_understood(file, listed, reading.kinds)
        if not listed.entries and not operator:
            raise CommandError(f"{file}: lists no vehicles; to end a whole fleet pass --operator")
        run = partial(
            import_registry,
            connection,
            listed.entries,
            time_zone=settings.time_zone,
            changed_by=author or system_user(),
            source=os.fsencode(file.name).decode(errors="replace"),
            columns=listed.columns,
            operators=operator or None,
            repeated=listed.repeated,
            effective=effective,
            correct=correct,
            claimed_at=claimed_at,
            dry_run=dry_run,
        )
        try:
            report = run(yes=yes)
        except FleetWouldShrink as error:
            if as_json or not sys.stdin.isatty():
                raise
            if not typer.confirm(f"{error}\nImport anyway?", err=True):
                raise CommandError("nothing was imported") from error
            report = run(yes=True)
    if as_json:
        print_json(_document(report, listed))
    else:
        show_import(file, report)


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
        typer.Option(
            parser=parse_date,
            metavar="DATE",
            help="Only the fleet of this day (default: all that is known).",
        ),
    ] = None,
    as_known_on: AsKnownOn = None,
) -> None:
    """Write the registry as a file that `import` takes back, all unchanged.

    Without --on it has every period of every vehicle, also those that have ended.
    """
    with database(load_settings(), COMMAND) as connection:
        selection = Selection(operator, on=on, known_at=as_known_on)
        entries = registry_entries(connection, selection)
        kinds = known_kinds(connection).names
    chosen = format_ or (Format.JSON if file and file.suffix.lower() == ".json" else Format.CSV)
    write = write_json if chosen is Format.JSON else write_csv
    with opened(file or Path("-")) as target:
        write(entries, target, kinds)
    if file is not None and file != Path("-"):
        typer.echo(f"{len(entries):,} lines written to {file}")


@app.command("list")
@with_attribute_options
def list_(
    operator: Operator = None,
    vehicle: Annotated[str | None, typer.Option(help="Only this vehicle.")] = None,
    attributes: Mapping[str, str] = NOTHING,
    on: Annotated[
        date | None,
        typer.Option(
            parser=parse_date, metavar="DATE", help="The fleet of this day (default: today)."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All periods, including past and future ones.")
    ] = False,
    as_known_on: AsKnownOn = None,
    as_json: AsJson = False,
) -> None:
    """List the fleet: the vehicles that are in service today."""
    if every and on:
        raise typer.BadParameter("--all and --on exclude each other.", param_hint="--all")
    now = None if every or on else datetime.now(UTC)
    selection = Selection(operator, vehicle, attributes, on, now, as_known_on)
    with database(load_settings(), COMMAND) as connection:
        entries = registry_entries(connection, selection)
        kinds = known_kinds(connection).names
    if as_json:
        write_json(entries, sys.stdout, kinds)
    else:
        tabulate_entries(entries, kinds)


@app.command()
def inbox(operator: Operator = None, as_json: AsJson = False) -> None:
    """List the vehicles that publish and are not registered: they count in no share."""
    with database(load_settings(), COMMAND) as connection:
        vehicles = registry_inbox.inbox(connection, datetime.now(UTC), operator)
    if as_json:
        print_json([_unregistered_document(vehicle) for vehicle in vehicles])
    else:
        tabulate_inbox(vehicles)


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
            parser=parse_date,
            metavar="DATE",
            help="The first day in service (default: the day of its first contact).",
        ),
    ] = None,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Take vehicles of the inbox into the registry."""
    operator_id, slash, vehicle_id = whom.partition("/")
    if not is_identifier(operator_id) or (slash and not is_identifier(vehicle_id)):
        raise typer.BadParameter(f"expected OPERATOR/VEHICLE or OPERATOR, got {whom!r}.")
    with database(load_settings(), COMMAND) as connection:
        accepted = registry_inbox.accept(
            connection,
            operator_id,
            vehicle_id or None,
            changed_by=author or system_user(),
            since=since,
        )
    if as_json:
        print_json([{**vehicle._asdict(), "in_service_from": day} for vehicle, day in accepted])
        return
    for vehicle, day in accepted:
        typer.echo(f"{plain(str(vehicle))} is in service from {day}")


@app.command()
def changes(
    limit: Annotated[int, typer.Option(min=1, max=10**6, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List who changed the registry when, and from what, newest first."""
    with database(load_settings(), COMMAND) as connection:
        found = registry_changes(connection, limit)
    if as_json:
        print_json([change._asdict() for change in found])
        return
    tabulate_changes(found)


def _meanings(columns: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in columns:
        # A title may hold the sign, a column's name does not.
        title, equals, name = text.rpartition("=")
        if not title.strip() or not equals:
            raise typer.BadParameter(f"expected TITLE=COLUMN, got {text!r}.", param_hint="--column")
        yield title, name


def _read(file: Path, reading: Reading) -> RegistryFile:
    try:
        return read_registry(file, reading)
    except RegistryFileError as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        raise


def _document(report: ImportReport, listed: RegistryFile) -> dict[str, object]:
    return report._asdict() | {
        "ended_vehicles": [vehicle._asdict() for vehicle in report.ended_vehicles],
        "effective": dict(report.effective),
        "understood": listed.understood._asdict(),
        "ignored": list(listed.ignored),
    }


def _unregistered_document(unregistered: UnregisteredVehicle) -> dict[str, object]:
    values = unregistered._asdict()
    return {**values.pop("vehicle")._asdict(), **values}
