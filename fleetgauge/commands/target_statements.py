"""``fleetgauge target note``, ``actual``, ``milestone``: what people state beside the figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_date
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.target_options import (
    From,
    OfIndicator,
    OfMunicipality,
    OfOperator,
    OfServiceKind,
    OfVehicleType,
    To,
    indicator_named,
    parsed_ratio,
    scope_of,
)
from fleetgauge.settings import load_settings
from models.stated import Milestone, Note, OfficialFigure
from storage.connection import Connection
from storage.stated import set_milestone, set_note, set_official

Remove = Annotated[bool, typer.Option("--remove", help="Take it back; it stays on record.")]


@contextmanager
def _of(indicator: str) -> Iterator[tuple[Connection, str]]:
    settings = load_settings()
    with database(settings, "target") as connection:
        yield connection, indicator_named(indicator, connection, settings)


def note(
    indicator: OfIndicator,
    text: Annotated[str, typer.Argument(help="The reason, in words.")],
    begins: From,
    ends: To,
    operator: OfOperator = None,
    municipality: OfMunicipality = None,
    vehicle_type: OfVehicleType = None,
    service_kind: OfServiceKind = None,
    remove: Remove = False,
    author: Author = None,
) -> None:
    """State why an indicator deviates from its plan; reports of the period's dates print it."""
    if begins > ends:
        raise typer.BadParameter(f"--from {begins} is after --to {ends}.")
    if not text.strip() and not remove:
        raise typer.BadParameter("the reason is empty; --remove takes one back.")
    scope = scope_of(operator, municipality, vehicle_type, service_kind)
    with _of(indicator) as (connection, name):
        stated = Note(name, begins, ends, "" if remove else text.strip(), scope)
        before = set_note(connection, stated, author or system_user())
    if remove and not before:
        raise CommandError(f"no note on {name} of the {scope} for that period")
    done = "removed" if remove else "replaced" if before else "noted"
    typer.echo(f"{name} of the {scope}, {begins} to {ends}: {done}")


def actual(
    indicator: OfIndicator,
    ratio: Annotated[
        float, typer.Argument(parser=parsed_ratio, metavar="RATIO", help="34.8% or 0.348.")
    ],
    on: Annotated[
        date, typer.Option("--on", parser=parse_date, metavar="DATE", help="The figure's date.")
    ],
    source: Annotated[
        str, typer.Option("--source", metavar="TEXT", help="Where it was published.")
    ],
    vehicles: Annotated[
        int | None, typer.Option(min=0, help="How many vehicles counted, where that is known.")
    ] = None,
    fleet: Annotated[
        int | None, typer.Option("--of", min=1, help="Of how many, where that is known.")
    ] = None,
    operator: OfOperator = None,
    municipality: OfMunicipality = None,
    vehicle_type: OfVehicleType = None,
    service_kind: OfServiceKind = None,
    remove: Remove = False,
    author: Author = None,
) -> None:
    """Enter an official figure of a date before anything was recorded here.

    Reports show it as such, with its source; it is in no figure that is computed, and nothing is
    compared with it.
    """
    if not source.strip():
        raise typer.BadParameter("is empty.", param_hint="--source")
    if (vehicles is None) != (fleet is None) or (vehicles or 0) > (fleet or 0):
        raise typer.BadParameter("--vehicles and --of: both, the first no more than the second.")
    scope = scope_of(operator, municipality, vehicle_type, service_kind)
    with _of(indicator) as (connection, name):
        figure = OfficialFigure(name, on, ratio, vehicles, fleet, source.strip(), scope)
        before = set_official(connection, figure, author or system_user(), remove=remove)
    if remove and not before:
        raise CommandError(f"no official figure for {name} of the {scope} on {on}")
    done = "removed" if remove else "replaced" if before else "entered"
    typer.echo(f"{name} of the {scope} on {on}, official {ratio * 100:.2f} %: {done}")


def milestone(
    name: Annotated[str, typer.Argument(help="What is to be reached.")],
    due: Annotated[date, typer.Option("--due", parser=parse_date, metavar="DATE", help="By when.")],
    done: Annotated[
        date | None,
        typer.Option("--done", parser=parse_date, metavar="DATE", help="Since when it is."),
    ] = None,
    remove: Remove = False,
    author: Author = None,
) -> None:
    """Set a milestone by its name: due when, and reached when; reports print its state."""
    if not name.strip() or not name.isprintable():
        raise typer.BadParameter(f"{name!r} is not a valid name.")
    stated = Milestone(name.strip(), due, done)
    with database(load_settings(), "target") as connection:
        before = set_milestone(connection, stated, author or system_user(), remove=remove)
    if remove and not before:
        raise CommandError(f"no milestone {name!r}")
    outcome = "removed" if remove else "replaced" if before else "set"
    typer.echo(f"{stated.name}, due {due}{f', done {done}' if done else ''}: {outcome}")
