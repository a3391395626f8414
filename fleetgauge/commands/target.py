"""``fleetgauge target``: the plan against which a report holds the figures."""

from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_date, parse_moment
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.list_options import (
    Columns,
    MappingFile,
    Profile,
    Sheet,
    show_small,
    titles,
)
from fleetgauge.commands.local_times import LocalTimes
from fleetgauge.commands.printing import print_json
from fleetgauge.commands.target_options import (
    From,
    OfIndicator,
    OfMunicipality,
    OfOperator,
    OfServiceKind,
    OfVehicleType,
    To,
    indicator_named,
    known_indicators,
    parsed_ratio,
    scope_of,
)
from fleetgauge.commands.target_statements import actual, milestone, note
from fleetgauge.commands.target_tables import target_tables, targets_document
from fleetgauge.list_file import read_small_list
from fleetgauge.settings import load_settings
from models.target import (
    BY_PERIOD,
    OPTIONAL,
    REQUIRED,
    Scope,
    Target,
    in_percent,
    overlapping,
    target_of,
)
from reports.tables import show
from storage.registry.names import known_operators
from storage.stated import stated_on
from storage.targets import list_targets, remove_target, set_targets

app = typer.Typer(
    help="The planned ratios, of the fleet or of a part of it, and what is stated beside the "
    "figures.",
    no_args_is_help=True,
)

app.command()(note)
app.command()(actual)
app.command()(milestone)

COMMAND = "target"
LIST = "targets"
"""Under which the titles of such lists are remembered."""


ClaimedAt = Annotated[
    datetime | None,
    typer.Option(
        "--recorded-at",
        parser=parse_moment,
        metavar="TIME",
        help="When it was planned, for entering the plans of past years. It is kept beside the "
        "time of entry; what was known on a date goes by the latter.",
    ),
]


@app.command("set")
def set_(
    indicator: OfIndicator,
    ratio: Annotated[
        float, typer.Argument(parser=parsed_ratio, metavar="RATIO", help="79.3% or 0.793.")
    ],
    begins: From,
    ends: To,
    operator: OfOperator = None,
    municipality: OfMunicipality = None,
    vehicle_type: OfVehicleType = None,
    service_kind: OfServiceKind = None,
    claimed_at: ClaimedAt = None,
    author: Author = None,
) -> None:
    """Set a target. Replaces older targets on the days they share; their other days stay."""
    scope = scope_of(operator, municipality, vehicle_type, service_kind)
    target = _target(indicator, begins, ends, ratio, scope)
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        target = target._replace(indicator=indicator_named(indicator, connection, settings))
        changed = set_targets(
            connection,
            [target],
            set_by=author or system_user(),
            source="command line",
            claimed_at=claimed_at,
        )
    typer.echo(f"{_described(target)}: {'set' if changed else 'unchanged'}")


@app.command("remove")
def remove(
    indicator: OfIndicator,
    begins: From,
    ends: To,
    operator: OfOperator = None,
    municipality: OfMunicipality = None,
    vehicle_type: OfVehicleType = None,
    service_kind: OfServiceKind = None,
    author: Author = None,
) -> None:
    """Leave a period without a target; that it had one stays on record."""
    scope = scope_of(operator, municipality, vehicle_type, service_kind)
    target = _target(indicator, begins, ends, 0.0, scope)
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        target = target._replace(indicator=indicator_named(indicator, connection, settings))
        if not remove_target(connection, target, removed_by=author or system_user()):
            raise CommandError(
                f"no target of the {target.scope} for {target.indicator} in that period"
            )
    typer.echo(f"{target.indicator} of the {target.scope}, {begins} to {ends}: no target")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="XLSX, ODS or CSV with the columns indicator, from and to or period (2024, "
            "Q4 2024, December 2024), ratio (79.3%, 0.793, or 79.3 where all are in per cent), "
            "and optionally operator_id, municipality, vehicle_type and service_kind."
        ),
    ],
    column: Columns = None,
    mapping: MappingFile = None,
    profile: Profile = None,
    sheet: Sheet = None,
    claimed_at: ClaimedAt = None,
    author: Author = None,
) -> None:
    """Set all targets of a file, or none where a line is bad."""
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        said = titles(connection, LIST, column, mapping, profile)
        listed = read_small_list(
            file,
            REQUIRED,
            OPTIONAL,
            instead=[BY_PERIOD],
            given=said.given,
            remembered=said.remembered,
            sheet=sheet,
        )
        show_small(file, listed)
        indicators = known_indicators(connection, settings)
        percent = in_percent(listed.texts("ratio"))
        parse = partial(target_of, indicators=indicators, percent=percent)
        targets = listed.parsed(parse, known_operators(connection))
        if pair := overlapping(targets):
            both = " and ".join(map(_described, pair))
            raise CommandError(f"{file}: nothing was imported: two lines overlap: {both}")
        changed = set_targets(
            connection,
            targets,
            set_by=author or system_user(),
            source=file.name,
            claimed_at=claimed_at,
        )
        said.remember(connection, LIST, author or system_user())
    typer.echo(f"{changed:,} targets set, {len(targets) - changed:,} unchanged")


@app.command("list")
def list_(
    on: Annotated[
        date | None,
        typer.Option("--on", parser=parse_date, metavar="DATE", help="Only those of this date."),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Include what was superseded or removed.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
) -> None:
    """List the targets, and what is stated beside them: reasons, milestones, official figures.

    With who entered each when, by the server's clock, and the date claimed for a target.
    """
    settings = load_settings()
    with database(settings, COMMAND) as connection:
        targets = list_targets(connection, on, history=history)
        stated = stated_on(connection, on, history=history)
    day = on or datetime.now(ZoneInfo(settings.time_zone)).date()
    if as_json:
        print_json(targets_document(targets, stated, day))
    else:
        show(target_tables(targets, stated, day, LocalTimes(settings.time_zone), history=history))


def _target(indicator: str, begins: date, ends: date, ratio: float, scope: Scope) -> Target:
    if begins > ends:
        raise typer.BadParameter(f"--from {begins} is after --to {ends}.")
    return Target(indicator, begins, ends, ratio, scope)


def _described(target: Target) -> str:
    period = f"{target.period_from} to {target.period_to}"
    return f"{target.indicator} of the {target.scope}, {period}, {target.ratio * 100:.2f} %"
