"""``fleetgauge registry``: the fleet list, which is every share's denominator."""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fleetgauge.commands.attribute_options import with_attribute_options
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_as_known_on, parse_date
from fleetgauge.commands.local_times import LocalTimes
from fleetgauge.commands.printing import AsJson, opened, print_json
from fleetgauge.commands.registry_editing import end, match, set_, undo
from fleetgauge.commands.registry_import import import_
from fleetgauge.commands.registry_inbox import accept, dismiss, inbox
from fleetgauge.commands.registry_tables import (
    tabulate_changes,
    tabulate_entries,
    tabulate_profiles,
)
from fleetgauge.settings import load_settings
from models.registry import NOTHING
from storage.list_profiles import list_profiles
from storage.registry.export import write_csv, write_json
from storage.registry.listing import Selection, registry_changes, registry_entries
from storage.writing.keys import known_kinds

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
app.command("import")(import_)
app.command("set")(set_)
app.command()(end)
app.command()(undo)
app.command()(match)
app.command()(inbox)
app.command()(accept)
app.command()(dismiss)


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
def changes(
    limit: Annotated[int, typer.Option(min=1, max=10**6, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List who changed the registry when, and from what, newest first."""
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        found = registry_changes(connection, limit)
    if as_json:
        print_json([change._asdict() for change in found])
        return
    tabulate_changes(found, LocalTimes(settings.time_zone))


@app.command()
def profiles(
    history: Annotated[
        bool, typer.Option("--history", help="Those that were replaced, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what `--profile` of the imports remembers: what the titles of lists mean."""
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        found = list_profiles(connection, history=history)
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        tabulate_profiles(found, LocalTimes(settings.time_zone), history=history)
