"""What ``fleetgauge registry`` prints for people."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import typer

from fleetgauge.commands.list_options import show_understood
from fleetgauge.commands.local_times import LocalTimes
from models.legible import plain
from models.lists.characters import letters
from models.registry import RegistryEntry, columns_of, line_of
from models.vehicle import VehicleId
from reports.tables import console, table
from storage.list_profiles import ListProfile
from storage.registry.differences import Difference
from storage.registry.file import RegistryFile
from storage.registry.importing import ImportReport
from storage.registry.inbox import Dismissed, UnregisteredVehicle
from storage.registry.listing import RegistryChange

NAMED_ENDED = 20
"""How many of the vehicles that an import ends are named on a terminal; --json names all."""

NAMED_DIFFERENCES = 200
"""How many lines of what would change are printed for people; --csv and --json have all."""

FOLDED_ROWS = 1_000
"""Rows up to which a table is fitted to the terminal; rich takes a minute for 100,000."""


def show_read(file: Path, listed: RegistryFile, kinds: Sequence[str]) -> None:
    """Print on stderr how a fleet list was understood."""
    attributes = sorted(listed.columns.difference(columns_of([], kinds)))
    renamed = [f"{old} → {new}" for old, new in listed.renamed.items()]
    others = [
        ("kept as attributes", ", ".join(attributes)),
        ("left out", ", ".join(listed.ignored)),
        ("operators read as", ", ".join(renamed)),
    ]
    show_understood(file, listed.understood, others)


def show_import(source: str, report: ImportReport) -> None:
    """Print what a change did, or would do, and what is worth a second look."""
    would = "would be " if report.dry_run else ""
    typer.echo(
        f"{source}: {vehicles(report.added)} {would}added, {report.changed:,} changed, "
        f"{report.ended:,} ended, {report.unchanged:,} unchanged"
    )
    for line in _remarks(report):
        typer.echo(f"  {line}")


def tabulate_differences(differences: Sequence[Difference]) -> None:
    """Print what would change, up to a number of lines."""
    if differences:
        _tabulate(
            ("operator", "vehicle", "change", "from", "to", "column", "before", "after"),
            [
                (
                    *each.vehicle,
                    each.what,
                    each.begins or "",
                    each.ends or "",
                    each.column,
                    _cell(each.before),
                    _cell(each.after),
                )
                for each in differences[:NAMED_DIFFERENCES]
            ],
            "",
        )
    more = len(differences) - NAMED_DIFFERENCES
    if more > 0:
        typer.echo(f"and {more:,} more; --csv prints all of them")


def tabulate_entries(entries: Sequence[RegistryEntry], kinds: Sequence[str]) -> None:
    """Print registry entries, leaving out the columns of which none has a value."""
    lines = [line_of(entry) for entry in entries]
    # Most lists leave some columns empty throughout: these would only take the others' room.
    filled = {name for line in lines for name in line}
    columns = [name for name in columns_of(entries, kinds) if name in filled]
    rows = [[_cell(line.get(name)) for name in columns] for line in lines]
    _tabulate(columns, rows, "no vehicles match")


def tabulate_inbox(
    vehicles: Sequence[UnregisteredVehicle],
    alike: Mapping[VehicleId, VehicleId],
    times: LocalTimes,
) -> None:
    """Print the inbox, and which vehicle of the fleet one looks like."""
    columns = ["operator", "vehicle"]
    columns += [times.heading(f"{which} contact") for which in ("first", "last")]
    columns += ["minutes with a fix", "last fix"]
    rows = [
        [
            *each.vehicle,
            times.minute(each.first_contact_at, each.vehicle.operator_id),
            times.minute(each.contact_at, each.vehicle.operator_id),
            f"{each.fix_minutes:,}",
            _position(each, times),
        ]
        for each in vehicles
    ]
    if any(each.vehicle in alike for each in vehicles):
        columns.append("looks like, registered")
        for row, each in zip(rows, vehicles, strict=True):
            row.append(_looks_like(alike.get(each.vehicle)))
    _tabulate(columns, rows, "every vehicle that publishes is registered")


def tabulate_dismissed(vehicles: Sequence[Dismissed], times: LocalTimes) -> None:
    """Print who was taken out of the inbox."""
    columns = ["operator", "vehicle", times.heading("dismissed"), "author", "reason"]
    _tabulate(
        [*columns, times.heading("last contact")],
        [
            (
                *each.vehicle,
                times.minute(each.dismissed_at, each.vehicle.operator_id),
                each.dismissed_by,
                each.reason or "",
                times.minute(each.contact_at, each.vehicle.operator_id),
            )
            for each in vehicles
        ],
        "no vehicles are dismissed",
    )


def tabulate_changes(changes: Sequence[RegistryChange], times: LocalTimes) -> None:
    """Print who changed the registry when, and from what."""
    entered = (times.heading("entered"), times.heading("claimed"))
    _tabulate(
        ("change", *entered, "author", "from", "opened", "closed"),
        [
            (
                change.change_id,
                times.minute(change.entered_at),
                times.minute(change.claimed_at),
                change.changed_by,
                change.source,
                f"{change.opened:,}",
                f"{change.closed:,}",
            )
            for change in changes
        ],
        "the registry has never been changed",
    )


def tabulate_profiles(profiles: Sequence[ListProfile], times: LocalTimes, *, history: bool) -> None:
    """Print what titles mean, by the name under which that is remembered."""
    ended = (times.heading("until"), "ended by") if history else ()
    columns = ("list", "profile", "columns", times.heading("since"), "author", *ended)
    rows = (
        (
            each.list,
            each.name,
            ", ".join(f"{title} → {name}" for title, name in each.columns.items()),
            times.minute(each.known_from),
            each.entered_by,
            times.minute(each.known_to),
            each.ended_by or "",
        )[: len(columns)]
        for each in profiles
    )
    _tabulate(columns, rows, "nothing is remembered")


def _remarks(report: ImportReport) -> Iterator[str]:
    days = sorted({day for _, day in report.effective})
    if days and (report.added or report.changed or report.ended):
        yield f"effective: {days[0]}" if len(days) == 1 else f"effective: {days[0]} to {days[-1]}"
    if report.repeated:
        lines = "1 line repeats" if report.repeated == 1 else f"{report.repeated:,} lines repeat"
        yield f"repeated: {lines} another line"
    if report.without_start:
        yield f"no start date: {vehicles(report.without_start)} added as always in service"
    if report.retroactive:
        yield (f"past changed: {vehicles(report.retroactive)}, by the file's dates or a correction")
    if report.left_alone:
        yield (
            f"past unchanged: {vehicles(report.left_alone)}, though the file has other attributes "
            "for past days; --correct applies them"
        )
    if report.unlisted_operators:
        names = ", ".join(map(plain, report.unlisted_operators))
        yield f"operators not in the file, left as they are: {names}; --whole-registry ends them"
    named = [plain(str(vehicle)) for vehicle in report.ended_vehicles[:NAMED_ENDED]]
    if named:
        more = len(report.ended_vehicles) - len(named)
        yield f"ended: {', '.join(named)}{f' and {more:,} more' if more else ''}"


def vehicles(number: int) -> str:
    """Return a number of vehicles in words."""
    return "1 vehicle" if number == 1 else f"{number:,} vehicles"


def _cell(value: str | bool | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
    return value


def _position(vehicle: UnregisteredVehicle, times: LocalTimes) -> str:
    if vehicle.fix_at is None:
        return ""
    where = f"{vehicle.latitude:.5f}, {vehicle.longitude:.5f}"
    return f"{where} at {times.minute(vehicle.fix_at, vehicle.vehicle.operator_id)}"


def _looks_like(registered: VehicleId | None) -> str:
    if registered is None:
        return ""
    # What looks the same on a screen is distinguished by its letters' alphabet.
    return f"{registered}{letters(str(registered))}"


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
