"""``fleetgauge service-hours``: when the operators' buses are expected out."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.list_options import (
    Columns,
    MappingFile,
    Profile,
    Sheet,
    show_small,
    titles,
)
from fleetgauge.commands.printing import print_json
from fleetgauge.list_file import SmallList, read_small_list
from fleetgauge.settings import load_settings
from models.lists.operators import Operators
from models.service_hours import (
    HOLIDAY_COLUMNS,
    HOLIDAY_OPTIONAL,
    HOURS_COLUMNS,
    WEEKDAYS,
    Holiday,
    ServiceHours,
    clock,
    holiday_of,
    hours_of,
    overlap,
)
from reports.tables import console, heading, table
from storage.registry.names import known_operators
from storage.service_hours import (
    holidays,
    import_holidays,
    import_hours,
    operators_in_service,
    service_hours,
)

app = typer.Typer(
    help="When the operators' buses are expected out: silence at night is no incident.",
    no_args_is_help=True,
)

COMMAND = "service-hours"
LIST = "service hours"
"""Under which the titles of such lists are remembered."""
DAYS = (*WEEKDAYS, "holiday")


@app.command("import")
def import_(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="XLSX, ODS or CSV with the columns operator_id, days (mon-fri, sat, holiday), "
            "from, to (05:30, 01:30 of the day after). Other operators keep theirs."
        ),
    ] = None,
    holidays_file: Annotated[
        Path | None,
        typer.Option(
            "--holidays",
            metavar="FILE",
            help="XLSX, ODS or CSV with the column date, and optionally operator_id and name: all "
            "the holidays there are.",
        ),
    ] = None,
    column: Columns = None,
    mapping: MappingFile = None,
    profile: Profile = None,
    sheet: Sheet = None,
    author: Author = None,
) -> None:
    """Replace the hours of the operators that occur in a file, or nothing where a line is bad.

    On a holiday the hours of ``holiday`` hold, or else those of Sunday. What is replaced stays on
    record, and holds for the time before.
    """
    if file is None and holidays_file is None:
        raise typer.BadParameter("a FILE of hours, --holidays FILE, or both are needed.")
    who = author or system_user()
    with database(load_settings(), COMMAND) as connection, connection.transaction():
        said = titles(connection, LIST, column, mapping, profile)
        known = known_operators(connection)
        # Of two files each may have titles that the other has not.
        both = file is not None and holidays_file is not None
        read = partial(
            read_small_list,
            given={} if both else said.given,
            remembered={**said.remembered, **said.given},
            sheet=sheet,
        )
        if file:
            operators = import_hours(connection, _hours(file, read, known), entered_by=who)
        if holidays_file:
            listed = read(holidays_file, HOLIDAY_COLUMNS, HOLIDAY_OPTIONAL)
            show_small(holidays_file, listed)
            days = listed.parsed(holiday_of, known)
            import_holidays(connection, days, entered_by=who)
        said.remember(connection, LIST, who)
    if file:
        typer.echo(f"service hours of {operators:,} operators")
    if holidays_file:
        typer.echo(f"holidays: {len(days):,}")


@app.command("list")
def list_(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
) -> None:
    """List the hours and the holidays, and who is in service now."""
    with database(load_settings(), COMMAND) as connection:
        hours, days = service_hours(connection), holidays(connection)
        in_service = operators_in_service(connection, datetime.now(UTC))
    if as_json:
        print_json(
            {
                "hours": [_document(each) for each in hours],
                "holidays": [each._asdict() for each in days],
                "in_service": in_service,
            }
        )
        return
    out = console()
    out.print(heading("service hours, local time"))
    out.print(_hours_table(hours, in_service))
    if days:
        out.print(heading("holidays"))
        out.print(_holiday_table(days))
    without = [name for name, known in in_service.items() if known is None]
    if without:
        out.print(f"service hours unknown: {', '.join(without)}")


def _hours(file: Path, read: Callable[..., SmallList], operators: Operators) -> list[ServiceHours]:
    listed = read(file, HOURS_COLUMNS)
    show_small(file, listed)
    hours = list(chain.from_iterable(listed.parsed(hours_of, operators)))
    if pair := overlap(hours):
        both = " and ".join(_span(each) for each in pair)
        one = pair[0]
        raise CommandError(
            f"{file}: nothing was imported: two spans of {one.operator_id} on "
            f"{DAYS[one.day_kind - 1]} overlap: {both}"
        )
    return hours


def _span(hours: ServiceHours) -> str:
    return f"{clock(hours.from_minute)}–{clock(hours.to_minute)}"


def _document(hours: ServiceHours) -> dict[str, str]:
    return {
        "operator_id": hours.operator_id,
        "day": DAYS[hours.day_kind - 1],
        "from": clock(hours.from_minute),
        "to": clock(hours.to_minute),
    }


def _hours_table(hours: Sequence[ServiceHours], in_service: dict[str, bool | None]) -> Table:
    by_operator: dict[str, list[ServiceHours]] = {}
    for each in hours:
        by_operator.setdefault(each.operator_id, []).append(each)
    rows = (
        (
            operator,
            *(_spans(own, kind) for kind in range(1, len(DAYS) + 1)),
            "in service" if in_service.get(operator) else "–",
        )
        for operator, own in by_operator.items()
    )
    return table(("operator", *DAYS, "now"), rows)


def _spans(hours: Sequence[ServiceHours], kind: int) -> str:
    return "\n".join(_span(each) for each in hours if each.day_kind == kind) or "–"


def _holiday_table(days: Sequence[Holiday]) -> Table:
    rows = ((each.day.isoformat(), each.operator_id or "(all)", each.name or "") for each in days)
    return table(("date", "operator", "name"), rows)
