"""``fleetgauge routes``: the timetables that the map draws and the feeds go by."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import print_json
from fleetgauge.settings import load_settings
from models.gtfs.feed import Feed
from models.gtfs.reading import read_feed
from models.gtfs.table import MAX_FAULTS, BadFeed
from models.legible import plain
from reports.language import ENGLISH
from reports.tables import console, table
from storage.routes.importing import FleetRoute, end_feed, fleet_routes, import_feed, kept_feeds

app = typer.Typer(
    help="Timetables (GTFS): routes with their shapes and stops, for the map and the feeds.",
    no_args_is_help=True,
)

COMMAND = "routes"
NAMED = 10
"""How many routes are named; the others are counted."""

Operator = Annotated[
    str | None,
    typer.Option(
        "--operator",
        metavar="ID",
        help="Whose timetable alone it is (default: of every operator without its own).",
    ),
]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A GTFS zip.")],
    operator: Operator = None,
    author: Author = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of text.")
    ] = False,
) -> None:
    """Replace a timetable with that of a GTFS zip, or nothing where something in it is wrong.

    Routes are matched to what vehicles and the registry name by their route_id. What is replaced
    stays on record.
    """
    feed, digest = _read(file)
    who = author or system_user()
    with database(load_settings(), COMMAND) as connection:
        is_new = import_feed(
            connection,
            feed,
            operator_id=operator,
            imported_by=who,
            source=file.name,
            digest=digest,
        )
        named = fleet_routes(connection)
    if operator is not None:
        named = [each for each in named if each.operator_id == operator]
    if as_json:
        print_json(_document(feed, named, is_new=is_new))
    else:
        _print(file, feed, named, is_new=is_new)


@app.command("list")
def list_(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
) -> None:
    """List the timetables that are in use."""
    with database(load_settings(), COMMAND) as connection:
        feeds = kept_feeds(connection)
    if as_json:
        print_json({"feeds": [each._asdict() for each in feeds]})
        return
    if not feeds:
        typer.echo("no timetable was imported")
        return
    titles = ("operator", "imported", "by", "file", "routes", "shapes", "stops", "trips")
    rows = (
        (
            each.operator_id or "(all)",
            f"{each.known_from:%Y-%m-%d %H:%M}Z",
            each.imported_by,
            each.source,
            *map(ENGLISH.number, each[4:]),
        )
        for each in feeds
    )
    console().print(table(titles, rows))


@app.command("end")
def end(operator: Operator = None, author: Author = None) -> None:
    """Use a timetable no longer; it stays on record."""
    with database(load_settings(), COMMAND) as connection:
        was_there = end_feed(connection, operator, ended_by=author or system_user())
    whose = "of all operators" if operator is None else f"of operator {operator}"
    if not was_there:
        raise CommandError(f"there is no timetable {whose}")
    typer.echo(f"the timetable {whose} is no longer in use")


def _read(file: Path) -> tuple[Feed, bytes]:
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").digest()
            content.seek(0)
            return read_feed(content), digest
    except OSError as error:
        raise CommandError(f"{file}: cannot be read: {error.strerror or error}") from error
    except BadFeed as error:
        faults = [str(fault) for fault in error.faults]
        if len(faults) >= MAX_FAULTS:
            faults.append("and perhaps more: reading ended here")
        listed = "\n  ".join(faults)
        raise CommandError(f"{file}: nothing was imported\n  {listed}") from error


def _document(feed: Feed, named: Sequence[FleetRoute], *, is_new: bool) -> dict[str, Any]:
    return {
        "imported": is_new,
        "routes": len(feed.routes),
        "shapes": len(feed.shapes),
        "stops": len(feed.stops),
        "trips": len(feed.trips),
        "ignored": [str(each) for each in feed.ignored],
        "fleet_routes": [each._asdict() for each in named],
    }


def _print(file: Path, feed: Feed, named: Sequence[FleetRoute], *, is_new: bool) -> None:
    points = sum(len(shape.latitudes) for shape in feed.shapes.values())
    counts = (
        ENGLISH.plural("%(number)s route", "%(number)s routes", len(feed.routes)),
        ENGLISH.plural("%(number)s shape", "%(number)s shapes", len(feed.shapes)),
        ENGLISH.plural("%(number)s point", "%(number)s points", points),
        ENGLISH.plural("%(number)s stop", "%(number)s stops", len(feed.stops)),
        ENGLISH.plural("%(number)s trip", "%(number)s trips", len(feed.trips)),
    )
    typer.echo("{}: {}, {} ({}), {}, {}".format(plain(file.name), *counts))
    if not is_new:
        typer.echo("unchanged: this file is in use already")
    if feed.ignored:
        typer.echo(f"ignored values: {len(feed.ignored):,}, the first: {feed.ignored[0]}")
    if named:
        missing = sorted({each.route_id for each in named if not each.is_known})
        known = len({each.route_id for each in named if each.is_known})
        typer.echo(f"routes that the fleet names: {known:,} in the timetable, {len(missing):,} not")
        if missing:
            more = f", and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
            typer.echo(f"not in the timetable: {', '.join(map(plain, missing[:NAMED]))}{more}")
