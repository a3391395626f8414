"""``fleetgauge registry import``: the fleet as a list has it."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_change_day, parse_moment
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.list_options import Columns, MappingFile, Profile, Sheet, titles
from fleetgauge.commands.past_reports import altered_document, confirm, kpi_by, show_altered
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.registry_differences import difference_document, write_differences
from fleetgauge.commands.registry_tables import (
    show_import,
    show_read,
    tabulate_differences,
)
from fleetgauge.settings import load_settings
from storage.registry.alterations import PastWouldChange
from storage.registry.file import Reading, RegistryFile, RegistryFileError, read_registry
from storage.registry.importing import FleetWouldShrink, ImportReport, import_registry
from storage.registry.names import known_names, operators_with_fleet
from storage.writing.keys import learn_kinds

COMMAND = "registry import"
LIST = "fleet"
"""Under which the titles of such lists are remembered."""


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
    whole_registry: Annotated[
        bool,
        typer.Option(
            "--whole-registry",
            help="It lists the fleets of all operators: those that do not occur lose theirs.",
        ),
    ] = False,
    partial_: Annotated[
        bool,
        typer.Option("--partial", help="Change only the vehicles that are listed; end no others."),
    ] = False,
    effective: Annotated[
        date | None,
        typer.Option(
            parser=parse_change_day,
            metavar="DATE",
            help="The first day on which the list holds (default: today).",
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
    column: Columns = None,
    mapping: MappingFile = None,
    profile: Profile = None,
    sheet: Sheet = None,
    accept_odd: Annotated[
        bool,
        typer.Option("--accept-odd", help="Import lines as they are that do not look like a bus."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; report what would change.")
    ] = False,
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="With --dry-run: print what would change as CSV, nothing else."),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Confirm that more than 10 % of a fleet may be ended, and that figures of past "
            "reports may change.",
        ),
    ] = False,
    claimed_at: Annotated[
        datetime | None,
        typer.Option(
            "--recorded-at",
            parser=parse_moment,
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

    The file is the whole list of the operators that occur in it, unless --partial is given. A
    vehicle that is not in it any more ends the day before; what has changed holds from today, so
    that a bus that moves stays at its old depot in last year's figure. Dates in the file are
    taken as they are. Nothing is overwritten: the fleet as it was known on a past date can
    always be asked for.
    """
    if whole_registry and (partial_ or operator):
        raise typer.BadParameter(
            "excludes --partial and --operator.", param_hint="--whole-registry"
        )
    if as_csv and (as_json or not dry_run):
        raise typer.BadParameter("goes with --dry-run, without --json.", param_hint="--csv")
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        said = titles(connection, LIST, column, mapping, profile)
        reading = Reading(
            kinds=learn_kinds(connection, settings.equipment).names,
            columns=said.given,
            remembered=said.remembered,
            sheet=sheet,
            accept_odd=accept_odd,
            **known_names(connection)._asdict(),
        )
        listed = _read(file, reading)
        if not as_json:
            show_read(file, listed, reading.kinds)
        operators = set(operator or ())
        if whole_registry:
            day = effective or datetime.now(UTC).date()
            operators.update(operators_with_fleet(connection, day))
            operators.update(entry.vehicle.operator_id for entry in listed.entries)
        if not listed.entries and not operators:
            raise CommandError(f"{file}: lists no vehicles; to end a whole fleet pass --operator")
        report = _confirmed(
            partial(
                import_registry,
                connection,
                listed.entries,
                time_zone=settings.time_zone,
                changed_by=author or system_user(),
                source=os.fsencode(file.name).decode(errors="replace"),
                columns=listed.columns,
                operators=operators or None,
                repeated=listed.repeated,
                effective=effective,
                correct=correct,
                partial=partial_,
                claimed_at=claimed_at,
                kpi_of=kpi_by(connection),
                dry_run=dry_run,
            ),
            yes=yes,
            may_ask=not (as_json or as_csv) and sys.stdin.isatty(),
        )
        if not dry_run:
            said.remember(connection, LIST, author or system_user())
    if as_json:
        print_json(_document(report, listed))
    elif as_csv:
        write_differences(report.differences)
    else:
        show_import(file.name, report)
        tabulate_differences(report.differences)
    if yes or dry_run:
        show_altered(report.alterations)


def _confirmed(run: Callable[..., ImportReport], *, yes: bool, may_ask: bool) -> ImportReport:
    shrinks, alters = yes, yes
    while True:
        try:
            return run(yes=shrinks, past_confirmed=alters)
        except FleetWouldShrink as error:
            if not may_ask:
                raise
            if not typer.confirm(f"{error}\nImport anyway?", err=True):
                raise CommandError("nothing was imported") from error
            shrinks = True
        except PastWouldChange as error:
            confirm(error)
            alters = True


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
        "differences": [difference_document(each) for each in report.differences],
        "alterations": altered_document(report.alterations),
        "understood": listed.understood._asdict(),
        "ignored": list(listed.ignored),
        "renamed": dict(listed.renamed),
    }
