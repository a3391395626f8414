"""``fleetgauge target``: the plan against which a report holds the figures."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from fleetgauge.commands.dates import parse_date, parse_name, system_user
from fleetgauge.commands.errors import CommandError
from fleetgauge.list_file import read_lines
from fleetgauge.settings import load_settings
from models.indicator import Indicator
from models.target import (
    OPTIONAL,
    REQUIRED,
    Scope,
    Target,
    overlapping,
    parse_indicator,
    parse_ratio,
    target_of,
)
from reports.tables import console, heading, table
from storage.connection import Connection, connect
from storage.schema import check_schema
from storage.targets import KeptTarget, list_targets, remove_target, set_targets

app = typer.Typer(
    help="The planned ratios: of an indicator, in a period, of the fleet or of a part of it.",
    no_args_is_help=True,
)


def _indicator(text: str) -> Indicator:
    try:
        return parse_indicator(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


def _ratio(text: str) -> float:
    try:
        return parse_ratio(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


OfIndicator = Annotated[
    Indicator,
    typer.Argument(parser=_indicator, metavar="INDICATOR", help="trackable, cctv or cashless."),
]
From = Annotated[
    date,
    typer.Option("--from", parser=parse_date, metavar="DATE", help="The period's first day."),
]
To = Annotated[
    date, typer.Option("--to", parser=parse_date, metavar="DATE", help="The period's last day.")
]
OfOperator = Annotated[
    str | None, typer.Option("--operator", help="Of this operator's fleet; else of the whole.")
]
OfMunicipality = Annotated[
    str | None, typer.Option("--municipality", help="Of this municipality's; else of the whole.")
]
SetBy = Annotated[
    str | None,
    typer.Option(
        "--set-by",
        parser=parse_name,
        metavar="NAME",
        help="Who, for the record; else the system's user.",
    ),
]


@app.command("set")
def set_(
    indicator: OfIndicator,
    ratio: Annotated[float, typer.Argument(parser=_ratio, metavar="RATIO", help="79.3% or 0.793.")],
    begins: From,
    ends: To,
    operator: OfOperator = None,
    municipality: OfMunicipality = None,
    set_by: SetBy = None,
) -> None:
    """Set a target. What of an older one lies in the period is so no more; the rest of it stays."""
    target = _target(indicator, begins, ends, ratio, operator, municipality)
    with _database() as connection:
        changed = set_targets(
            connection, [target], set_by=set_by or system_user(), source="command line"
        )
    typer.echo(f"{_said(target)}: {'set' if changed else 'was so already'}")


@app.command("remove")
def remove(
    indicator: OfIndicator,
    begins: From,
    ends: To,
    operator: OfOperator = None,
    municipality: OfMunicipality = None,
) -> None:
    """Leave a period without a target; that it had one stays on record."""
    target = _target(indicator, begins, ends, 0.0, operator, municipality)
    with _database() as connection:
        if not remove_target(connection, target):
            raise CommandError(f"no target of the {target.scope} for {indicator} in that period")
    typer.echo(f"{indicator} of the {target.scope}, {begins} to {ends}: no target")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns indicator, from, to, ratio, and where they are wanted "
            "operator_id and municipality."
        ),
    ],
    set_by: SetBy = None,
) -> None:
    """Set all targets of a file, or none where a line is bad."""
    targets = read_lines(file, REQUIRED, target_of, OPTIONAL)
    if pair := overlapping(targets):
        told = " and ".join(map(_said, pair))
        raise CommandError(f"{file}: nothing was imported: two lines contradict each other: {told}")
    with _database() as connection:
        changed = set_targets(connection, targets, set_by=set_by or system_user(), source=file.name)
    typer.echo(f"{changed:,} targets set, {len(targets) - changed:,} were so already")


@app.command("list")
def list_(
    on: Annotated[
        date | None,
        typer.Option("--on", parser=parse_date, metavar="DATE", help="Only those of this date."),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Those that are no longer so, too.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
) -> None:
    """List the targets, who set them and when."""
    with _database() as connection:
        targets = list_targets(connection, on, history=history)
    if as_json:
        typer.echo(json.dumps([_document(each) for each in targets], ensure_ascii=False))
    else:
        out = console()
        out.print(heading(f"targets: {len(targets):,}"))
        out.print(_table(targets))


@contextmanager
def _database() -> Iterator[Connection]:
    url = load_settings().database_url.get_secret_value()
    check_schema(url)
    with connect(url, "fleetgauge target", autocommit=True) as connection:
        yield connection


def _target(
    indicator: Indicator,
    begins: date,
    ends: date,
    ratio: float,
    operator: str | None,
    municipality: str | None,
) -> Target:
    if begins > ends:
        raise typer.BadParameter(f"--from {begins} is after --to {ends}.")
    if operator is not None and municipality is not None:
        raise typer.BadParameter("--operator and --municipality: one of the two at the most.")
    return Target(indicator, begins, ends, ratio, Scope(operator, municipality))


def _said(target: Target) -> str:
    period = f"{target.period_from} to {target.period_to}"
    return f"{target.indicator} of the {target.scope}, {period}, {target.ratio * 100:.2f} %"


def _document(kept: KeptTarget) -> dict[str, Any]:
    target = kept.target
    return {
        "indicator": target.indicator,
        "from": target.period_from.isoformat(),
        "to": target.period_to.isoformat(),
        "ratio": target.ratio,
        **target.scope._asdict(),
        "set_by": kept.set_by,
        "source": kept.source,
        "known_from": kept.known_from.isoformat(),
        "known_to": kept.known_to and kept.known_to.isoformat(),
    }


def _table(targets: Sequence[KeptTarget]) -> Table:
    planned = ("indicator", "of", "period", "plan")
    columns = (*planned, "set by", "source", "known from (UTC)", "known to (UTC)")
    # Without --history the last column is empty: it would only take the others' room.
    told = len(columns) - (not any(each.known_to for each in targets))
    rows = (_row(each)[:told] for each in targets)
    return table(columns[:told], rows, right=("plan",))


def _row(kept: KeptTarget) -> tuple[str, ...]:
    target = kept.target
    return (
        target.indicator.value,
        str(target.scope),
        f"{target.period_from} to {target.period_to}",
        f"{target.ratio * 100:.2f} %",
        kept.set_by,
        kept.source,
        _second(kept.known_from),
        _second(kept.known_to) if kept.known_to else "",
    )


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
