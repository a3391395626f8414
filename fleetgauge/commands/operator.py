"""``fleetgauge operator``: who runs the buses, and what an operator is called."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.local_times import LocalTimes
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.registry_tables import vehicles
from fleetgauge.setting_values import parse_time_zone
from fleetgauge.settings import load_settings
from models.legible import plain
from models.probe import OPERATOR as RESERVED
from models.vehicle import is_identifier
from reports.tables import console, table
from storage.operators import (
    Details,
    KnownOperator,
    Operator,
    list_operators,
    operator_history,
    rename_operator,
    set_operator,
)

app = typer.Typer(
    help="The operators: name, time zone, contact, and the id that their vehicles go by.",
    no_args_is_help=True,
)

COMMAND = "operator"


def _new_id(text: str) -> str:
    if not is_identifier(text):
        raise typer.BadParameter(f"{text!r} is not a valid id: 1 to 64 characters, none of / + #.")
    if text == RESERVED:
        raise typer.BadParameter(f"{text!r} is reserved for the self-probe.")
    return text


def _zone(text: str) -> str:
    try:
        return parse_time_zone(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


def _details(text: str) -> str:
    if text and not text.isprintable():
        raise typer.BadParameter(f"{text!r} has a character that cannot be seen.")
    return " ".join(text.split())


@app.command("list")
def list_(
    history: Annotated[
        bool, typer.Option("--history", help="What was known of them when, newest first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the operators: name, time zone, contact, fleet, and the ids that they had before."""
    settings = load_settings()
    now = datetime.now(UTC)
    with database(settings, COMMAND) as connection:
        known = operator_history(connection) if history else []
        operators = [] if history else list_operators(connection, now)
    if as_json:
        print_json([each._asdict() for each in known or operators])
    elif history:
        times = LocalTimes(settings.time_zone)
        columns = ("operator", "now", "name", "time zone", "contact", "author")
        rows = (_known(each, times) for each in known)
        console().print(table((times.heading("from"), *columns), rows))
    else:
        columns = ("operator", "name", "time zone", "contact", "fleet", "formerly")
        console().print(table(columns, map(_row, operators), right=("fleet",)))


@app.command("set")
def set_(
    operator: Annotated[str, typer.Argument(metavar="OPERATOR", help="Its id.")],
    name: Annotated[
        str | None,
        typer.Option(parser=_details, metavar="NAME", help="As reports call it; empty: its id."),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            "--time-zone",
            parser=_zone,
            metavar="ZONE",
            help="At whose midnight its service days begin (IANA). Days that are over stay.",
        ),
    ] = None,
    contact: Annotated[
        str | None,
        typer.Option(
            parser=_details, metavar="TEXT", help="Whom to ask: e-mail, telephone; empty: nobody."
        ),
    ] = None,
    author: Author = None,
) -> None:
    """Set an operator's name, time zone or contact; what was known before stays on record."""
    details = Details(name, time_zone, contact)
    if all(each is None for each in details):
        raise typer.BadParameter("--name, --time-zone or --contact: give at least one of them.")
    with database(load_settings(), COMMAND) as connection:
        set_operator(connection, operator, details, entered_by=author or system_user())
    named = {key: value for key, value in details._asdict().items() if value is not None}
    shown = ", ".join(
        f"{key.replace('_', ' ')} {value or '(none)'}" for key, value in named.items()
    )
    typer.echo(f"{plain(operator)}: {plain(shown)}")


@app.command()
def rename(
    operator: Annotated[str, typer.Argument(metavar="OLD", help="Its id.")],
    becomes: Annotated[
        str, typer.Argument(metavar="NEW", parser=_new_id, help="The id that it gets.")
    ],
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Give an operator another id; its vehicles, their history and all figures stay.

    What still arrives under the old id counts for it, also in fleet lists. Reports as known
    before now call it as it was called then.
    """
    if operator == becomes:
        raise typer.BadParameter("OLD and NEW are the same.")
    with database(load_settings(), COMMAND) as connection:
        renamed = rename_operator(connection, operator, becomes, renamed_by=author or system_user())
    if as_json:
        print_json({"operator_id": becomes, "formerly": operator, **renamed._asdict()})
        return
    typer.echo(
        f"{plain(operator)} is {plain(becomes)} from now on: {vehicles(renamed.vehicles)} with all "
        "history, its targets and service hours. Reports and lists that still name "
        f"{plain(operator)} count for it."
    )
    if renamed.set_aside:
        typer.echo(
            f"What was sent or listed as {plain(becomes)} until now was set aside as "
            f"{plain(renamed.set_aside)}, and counts in no share."
        )


def _row(operator: Operator) -> tuple[str, ...]:
    operator_id, name, time_zone, contact, vehicles, formerly = operator
    return tuple(
        plain(each)
        for each in (
            operator_id, name or "", time_zone, contact or "", f"{vehicles:,}", ", ".join(formerly)
        )
    )  # fmt: skip


def _known(known: KnownOperator, times: LocalTimes) -> tuple[str, ...]:
    values = (
        known.called, known.operator_id, known.name, known.time_zone, known.contact,
        known.entered_by,
    )  # fmt: skip
    return (times.minute(known.known_from), *(plain(each or "") for each in values))
