"""What the commands about targets have in common: of which indicator, period and scope."""

from datetime import date
from typing import Annotated

import typer

from fleetgauge.commands.dates import parse_date
from fleetgauge.settings import Settings
from models.indicator import indicators_of
from models.target import Scope, parse_indicator, parse_ratio
from storage.connection import Connection
from storage.writing.keys import learn_kinds


def parsed_ratio(text: str) -> float:
    """Read a ratio, for typer."""
    try:
        return parse_ratio(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


OfIndicator = Annotated[
    str,
    typer.Argument(
        metavar="INDICATOR",
        help="trackable, trackable_on_route, openly_published, or a kind of equipment: cctv, …",
    ),
]
From = Annotated[
    date,
    typer.Option("--from", parser=parse_date, metavar="DATE", help="The period's first day."),
]
To = Annotated[
    date, typer.Option("--to", parser=parse_date, metavar="DATE", help="The period's last day.")
]
OfOperator = Annotated[
    str | None,
    typer.Option("--operator", metavar="ID", help="Limit to this operator (default: whole fleet)."),
]
OfMunicipality = Annotated[
    str | None,
    typer.Option(
        "--municipality",
        metavar="NAME",
        help="Limit to this municipality (default: whole fleet).",
    ),
]

OfVehicleType = Annotated[
    str | None,
    typer.Option("--vehicle-type", metavar="NAME", help="Limit to vehicles of this type."),
]
OfServiceKind = Annotated[
    str | None,
    typer.Option("--service-kind", metavar="NAME", help="Limit to this kind of service."),
]


def known_indicators(connection: Connection, settings: Settings) -> tuple[str, ...]:
    """Return the indicators that there are."""
    return indicators_of(learn_kinds(connection, settings.equipment))


def indicator_named(text: str, connection: Connection, settings: Settings) -> str:
    """Return the indicator that a text names.

    Raises:
        typer.BadParameter: there is none.
    """
    try:
        return parse_indicator(text, known_indicators(connection, settings))
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


def scope_of(
    operator: str | None,
    municipality: str | None,
    vehicle_type: str | None,
    service_kind: str | None,
) -> Scope:
    """Return whose figure is meant.

    Raises:
        typer.BadParameter: both are given.
    """
    if operator is not None and municipality is not None:
        raise typer.BadParameter("--operator and --municipality: give at most one of them.")
    return Scope(operator, municipality, vehicle_type, service_kind)
