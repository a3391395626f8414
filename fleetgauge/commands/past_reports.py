"""Which past reports a change of the registry alters: said, and confirmed, before it is made."""

import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Final

import typer

from fleetgauge.commands.errors import CommandError
from fleetgauge.figure_rules import figure_rules
from models.kpi import KpiOfDate
from models.legible import plain
from storage.connection import Connection
from storage.kpi.kpi import kpi_of_date
from storage.registry.alterations import Alteration, KpiOf, Part, PastWouldChange, alterations

NAMED: Final = 40
"""How many altered figures are printed for people; --json has all."""

Yes = Annotated[
    bool, typer.Option("--yes", help="Confirm that figures of past reports may change.")
]


def kpi_by(connection: Connection) -> KpiOf:
    """Return how the KPI of a date is computed: by the rule that was in force on it."""

    def kpi_of(day: date) -> KpiOfDate:
        return kpi_of_date(connection, day, figure_rules(connection, day, None, {}).kpi)

    return kpi_of


def confirm_past(
    connection: Connection, make: Callable[[], object], *, yes: bool
) -> Sequence[Alteration]:
    """Say what a change would alter, and return that once it is confirmed.

    Raises:
        PastWouldChange: nobody can be asked.
        CommandError: the answer is no.
    """
    altered = alterations(connection, kpi_by(connection), make)
    if altered and not yes:
        confirm(PastWouldChange(altered))
    elif altered:
        show_altered(altered)
    return altered


def confirm(error: PastWouldChange) -> None:
    """Show what would change, and ask.

    Raises:
        PastWouldChange: nobody can be asked.
        CommandError: the answer is no.
    """
    show_altered(error.alterations)
    if not sys.stdin.isatty():
        raise error
    if not typer.confirm("Change these past reports?", err=True):
        raise CommandError("nothing was changed")


def show_altered(altered: Sequence[Alteration]) -> None:
    """Print on stderr the figures of past reports that a change makes others."""
    if not altered:
        return
    typer.echo("past reports that change:", err=True)
    rows = [
        (
            each.on.isoformat(),
            plain(str(each.scope)),
            each.indicator,
            _share(each.before),
            _share(each.after),
            _points(each),
        )
        for each in altered[:NAMED]
    ]
    rows.insert(0, ("date", "of", "indicator", "before", "after", "points"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(f"  {'  '.join(cells).rstrip()}", err=True)
    if len(altered) > NAMED:
        typer.echo(f"  and {len(altered) - NAMED:,} more", err=True)


def altered_document(altered: Sequence[Alteration]) -> list[dict[str, object]]:
    """Return the same for scripts."""
    return [
        {
            "on": each.on,
            **each.scope._asdict(),
            "indicator": each.indicator,
            "before": each.before._asdict(),
            "after": each.after._asdict(),
        }
        for each in altered
    ]


def _share(part: Part) -> str:
    counts = f"{part.numerator:,} of {part.vehicles:,}"
    return f"{part.numerator / part.vehicles:.2%} ({counts})" if part.vehicles else counts


def _points(alteration: Alteration) -> str:
    before, after = alteration.before, alteration.after
    if not (before.vehicles and after.vehicles):
        return ""
    difference = after.numerator / after.vehicles - before.numerator / before.vehicles
    return f"{difference * 100:+.2f}".replace("-", "\N{MINUS SIGN}")
