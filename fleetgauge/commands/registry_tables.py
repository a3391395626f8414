"""What ``fleetgauge registry`` prints for people."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

from models.legible import plain
from models.registry import COLUMNS, RegistryEntry, line_of
from reports.tables import console, table
from storage.registry_file import RegistryFile
from storage.registry_import import ImportReport
from storage.registry_inbox import Stranger
from storage.registry_list import RegistryChange

NAMED_ENDED = 20
"""How many of the vehicles that an import ends are named on a terminal; --json names all."""

FOLDED_ROWS = 1_000
"""Rows up to which a table is fitted to the terminal; rich takes a minute for 100,000."""


def tell_import(file: Path, report: ImportReport, listed: RegistryFile) -> None:
    """Say what an import did, or would do, and what is worth a second look."""
    would = "would be " if report.dry_run else ""
    typer.echo(
        f"{file.name}: {report.added:,} vehicles {would}added, {report.changed:,} changed, "
        f"{report.ended:,} ended, {report.unchanged:,} unchanged"
    )
    for line in _remarks(report, listed):
        typer.echo(f"  {line}")


def tabulate_entries(entries: Sequence[RegistryEntry]) -> None:
    """Print registry entries, leaving out the columns of which none has a value."""
    rows = [line_of(entry) for entry in entries]
    # Most lists leave some columns empty throughout: these would only take the others' room.
    told = [name for name in COLUMNS if any(row[name] is not None for row in rows)]
    _tabulate(
        told,
        [[_cell(row[name]) for name in told] for row in rows],
        "no vehicle of the registry is so",
    )


def tabulate_strangers(strangers: Sequence[Stranger]) -> None:
    """Print the inbox."""
    _tabulate(
        ("operator", "vehicle", "first contact (UTC)", "last contact (UTC)", "fixes", "last fix"),
        [
            (
                *stranger.vehicle,
                _minute(stranger.first_contact_at),
                _minute(stranger.contact_at),
                f"{stranger.fixes:,}",
                _position(stranger),
            )
            for stranger in strangers
        ],
        "every vehicle that publishes is registered",
    )


def tabulate_changes(changes: Sequence[RegistryChange]) -> None:
    """Print who changed the registry when, and from what."""
    _tabulate(
        ("change", "when (UTC)", "by", "from", "entries opened", "closed"),
        [
            (number, _minute(at), by, source, f"{opened:,}", f"{closed:,}")
            for number, at, by, source, opened, closed in changes
        ],
        "the registry has never been changed",
    )


def _remarks(report: ImportReport, listed: RegistryFile) -> Iterator[str]:
    days = sorted({day for _, day in report.effective})
    if days and (report.added or report.changed or report.ended):
        yield f"effective: {days[0]}" if len(days) == 1 else f"effective: {days[0]} to {days[-1]}"
    if listed.ignored:
        yield f"ignored: {', '.join(plain(column) for column in listed.ignored)}"
    if report.repeated:
        yield f"repeated: {report.repeated:,} lines say what another line says"
    if report.since_ever:
        yield f"since ever: {report.since_ever:,} of the added, for want of a first day"
    if report.retroactive:
        yield f"past changed: {report.retroactive:,} vehicles, by the dates given or a correction"
    if report.left_alone:
        yield (
            f"past left alone: {report.left_alone:,} vehicles have other attributes in the file "
            "for days gone by; --correct takes them"
        )
    named = [plain(str(vehicle)) for vehicle in report.ended_vehicles[:NAMED_ENDED]]
    if named:
        more = len(report.ended_vehicles) - len(named)
        yield f"ended: {', '.join(named)}{f' and {more:,} more' if more else ''}"


def _cell(value: str | bool | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
    return value


def _position(stranger: Stranger) -> str:
    if stranger.fix_at is None:
        return ""
    where = f"{stranger.latitude:.5f}, {stranger.longitude:.5f}"
    return f"{where} at {_minute(stranger.fix_at)}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _tabulate(columns: Iterable[str], rows: Iterable[Iterable[object]], nothing: str) -> None:
    cells = [[plain(str(cell)) for cell in row] for row in rows]
    if not cells:
        typer.echo(nothing)
    elif sys.stdout.isatty() and len(cells) <= FOLDED_ROWS:
        console().print(table(columns, cells))
    else:
        _align([list(columns), *cells])


def _align(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{line.rstrip()}\n")
