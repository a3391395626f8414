"""What the demo shows on a terminal, and the line it prints where there is none."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fleetgauge.demo.observation import Observation, lowest_operators
from fleetgauge.settings import Settings
from models.indicator import DISPATCHER_WINDOW, window_label
from models.share import Counts
from reports.tables import heading, table

_WINDOW = window_label(DISPATCHER_WINDOW)
_NAMES = {"cctv": "CCTV", "cashless": "cashless payment"}
_BAR_CELLS = 20
_WIDE = 96
"""Columns from which on there is room for bars."""


def line(observation: Observation, per_second: float) -> str:
    """Return the shares and the account of the reports in one line."""
    fleet = observation.shares.fleet
    parts = {"trackable": fleet.trackable[DISPATCHER_WINDOW]}
    parts |= {_name(kind): counts.equipped for kind, counts in fleet.equipment.items()}
    shares = (
        f"{name} {part:,}/{fleet.vehicles:,} ({_percent(part, fleet)})"
        for name, part in parts.items()
    )
    reports = ", ".join(f"{count:,} {name}" for name, count in observation.reports.items())
    return f"{', '.join(shares)} (window {_WINDOW}); reports: {reports}; {per_second:,.0f}/s"


def screen(
    title: str,
    observation: Observation,
    per_second: float,
    settings: Settings,
    addresses: Sequence[tuple[str, str]],
    columns: int,
) -> RenderableType:
    """Draw the whole view for a terminal of so many columns."""
    below = Table.grid(padding=(0, 3))
    below.add_row(_reasons(observation), _lowest(observation, settings))
    return Panel(
        Group(
            _shares(observation, settings, bars=columns >= _WIDE),
            Text(),
            below,
            Text(),
            _reports(observation, per_second),
            _addresses(addresses),
        ),
        title=f"{title} · Ctrl-C ends it",
        padding=(0, 1),
    )


def _shares(observation: Observation, settings: Settings, *, bars: bool) -> RenderableType:
    fleet = observation.shares.fleet
    windows = sorted({DISPATCHER_WINDOW, *settings.windows})
    numbers = ("vehicles", "of", "share")
    rows = (
        (
            name,
            f"{part:,}",
            f"{fleet.vehicles:,}",
            _percent(part, fleet),
            *([_bar(part, fleet)] if bars else []),
            rule,
        )
        for name, part, rule in _indicators(fleet, windows)
    )
    columns = ("indicator", *numbers, *([""] if bars else []), "window or rule")
    return Group(heading("shares of the fleet"), table(columns, rows, right=numbers))


def _indicators(fleet: Counts, windows: Sequence[timedelta]) -> Iterator[tuple[str, int, str]]:
    for window in windows:
        yield "trackable", fleet.trackable[window], f"fix no older than {window_label(window)}"
    on_route = fleet.trackable_on_route[DISPATCHER_WINDOW]
    yield "  on a known route", on_route, f"and the route known ({_WINDOW})"
    for kind, counts in fleet.equipment.items():
        declared = counts.equipped - counts.observed
        rule = f"{counts.observed:,} observed, {declared:,} declared"
        yield _name(kind), counts.equipped, rule


def _reasons(observation: Observation) -> RenderableType:
    untrackable = observation.shares.fleet.untrackable
    found = {str(reason): vehicles for reason, vehicles in untrackable.items()}
    found["total"] = sum(untrackable.values())
    found["unregistered"] = sum(observation.shares.unregistered.values())
    rows = ((reason, f"{vehicles:,}") for reason, vehicles in found.items())
    numbers = ("vehicles",)
    return Group(
        heading(f"not trackable ({_WINDOW})"), table(("reason", *numbers), rows, right=numbers)
    )


def _lowest(observation: Observation, settings: Settings) -> RenderableType:
    rows = (
        (name, f"{counts.trackable[DISPATCHER_WINDOW]:,}", f"{counts.vehicles:,}", f"{ratio:.1%}")
        for name, counts, ratio in lowest_operators(observation.shares, settings)
    )
    numbers = ("trackable", "of", "share")
    return Group(
        heading(f"lowest operators ({_WINDOW})"), table(("operator", *numbers), rows, right=numbers)
    )


def _reports(observation: Observation, per_second: float) -> Text:
    received, *outcomes = observation.reports.items()
    text = Text.assemble(("reports  ", "italic"), f"{received[1]:,} received = ")
    text.append(" + ".join(f"{count:,} {name}" for name, count in outcomes))
    text.append(f"   {per_second:,.0f}/s", "dim")
    return text


def _addresses(addresses: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, address in addresses:
        grid.add_row(Text(name, "italic"), Text(address, "cyan"))
    return grid


def _name(kind: str) -> str:
    return _NAMES.get(kind, kind.replace("_", " "))


def _percent(part: int, fleet: Counts) -> str:
    return f"{part / fleet.vehicles:.2%}" if fleet.vehicles else "no fleet"


def _bar(part: int, fleet: Counts) -> str:
    full = round(part / fleet.vehicles * _BAR_CELLS) if fleet.vehicles else 0
    return "█" * full + "░" * (_BAR_CELLS - full)
