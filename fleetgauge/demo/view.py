"""What the demo shows on a terminal, and the line it prints where there is none."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fleetgauge.demo.observation import Observation, lowest_operators
from fleetgauge.settings import Settings
from models.indicator import DISPATCHER_WINDOW, Indicator, window_label
from models.share import Counts

_NAMES = {
    Indicator.TRACKABLE: "trackable",
    Indicator.TRACKABLE_ON_ROUTE: "  on a known route",
    Indicator.CCTV: "CCTV",
    Indicator.CASHLESS: "cashless payment",
}
_RULE = "window or rule"
_COLUMNS_WITHOUT_BAR = 5
_BAR_CELLS = 20
_WIDE = 96
"""Columns from which on there is room for bars."""


def line(observation: Observation, per_second: float) -> str:
    """Say how things stand in one line."""
    fleet = observation.shares.fleet
    shares = ", ".join(
        f"{_NAMES[indicator]} {_share(fleet, indicator)}"
        for indicator in (Indicator.TRACKABLE, Indicator.CCTV, Indicator.CASHLESS)
    )
    reports = ", ".join(f"{count:,} {name}" for name, count in observation.reports.items())
    window = window_label(DISPATCHER_WINDOW)
    return f"{shares} (window {window}); reports: {reports}; {per_second:,.0f}/s"


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


def _shares(observation: Observation, settings: Settings, *, bars: bool) -> Table:
    table = Table(box=None, title="Shares of the fleet", title_justify="left", title_style="bold")
    for heading in ("indicator", "vehicles", "of", "share", *([""] if bars else []), _RULE):
        _add_column(table, heading, number=heading in {"vehicles", "of", "share"})
    fleet = observation.shares.fleet
    for window in sorted({DISPATCHER_WINDOW, *settings.windows}):
        rule = f"fix no older than {window_label(window)}"
        bold = "bold" if window == DISPATCHER_WINDOW else ""
        _add_share(table, fleet, Indicator.TRACKABLE, fleet.trackable[window], rule, bold)
    on_route = fleet.trackable_on_route[DISPATCHER_WINDOW]
    rule = f"and the route known ({window_label(DISPATCHER_WINDOW)})"
    _add_share(table, fleet, Indicator.TRACKABLE_ON_ROUTE, on_route, rule)
    for indicator, equipment in zip(
        (Indicator.CCTV, Indicator.CASHLESS), fleet.equipment.values(), strict=True
    ):
        declared = equipment.equipped - equipment.observed
        rule = f"{equipment.observed:,} observed, {declared:,} declared"
        _add_share(table, fleet, indicator, equipment.equipped, rule)
    return table


def _add_share(
    table: Table, fleet: Counts, indicator: Indicator, part: int, rule: str, style: str = ""
) -> None:
    ratio = part / fleet.vehicles if fleet.vehicles else None
    table.add_row(
        _NAMES[indicator],
        f"{part:,}",
        f"{fleet.vehicles:,}",
        "no fleet" if ratio is None else f"{ratio:.2%}",
        *([_bar(ratio or 0)] if len(table.columns) > _COLUMNS_WITHOUT_BAR else []),
        rule,
        style=style,
    )


def _reasons(observation: Observation) -> Table:
    window = window_label(DISPATCHER_WINDOW)
    table = Table(box=None, title=f"Not trackable ({window})", title_justify="left")
    table.title_style = "bold"
    _add_column(table, "reason", number=False)
    _add_column(table, "vehicles", number=True)
    untrackable = observation.shares.fleet.untrackable
    for reason, vehicles in untrackable.items():
        table.add_row(reason.value, f"{vehicles:,}")
    table.add_row("together", f"{sum(untrackable.values()):,}", style="bold")
    table.add_row("unregistered", f"{sum(observation.shares.unregistered.values()):,}", style="dim")
    return table


def _lowest(observation: Observation, settings: Settings) -> Table:
    window = window_label(DISPATCHER_WINDOW)
    table = Table(box=None, title=f"Lowest operators ({window})", title_justify="left")
    table.title_style = "bold"
    for heading in ("operator", "trackable", "of", "share"):
        _add_column(table, heading, number=heading != "operator")
    for name, counts, ratio in lowest_operators(observation.shares, settings):
        trackable = counts.trackable[DISPATCHER_WINDOW]
        table.add_row(name, f"{trackable:,}", f"{counts.vehicles:,}", f"{ratio:.1%}")
    return table


def _reports(observation: Observation, per_second: float) -> Text:
    received, *outcomes = observation.reports.items()
    text = Text.assemble(("Reports  ", "bold"), f"{received[1]:,} received = ")
    text.append(" + ".join(f"{count:,} {name}" for name, count in outcomes))
    text.append(f"   {per_second:,.0f}/s", "dim")
    return text


def _addresses(addresses: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, address in addresses:
        table.add_row(Text(name, "bold"), Text(address, "cyan"))
    return table


def _add_column(table: Table, heading: str, *, number: bool) -> None:
    table.add_column(heading, justify="right" if number else "left", header_style="dim")


def _share(fleet: Counts, indicator: Indicator) -> str:
    part, ratio = (
        fleet.numerator(indicator, DISPATCHER_WINDOW),
        fleet.ratio(indicator, DISPATCHER_WINDOW),
    )
    share = "no fleet" if ratio is None else f"{ratio:.2%}"
    return f"{part:,}/{fleet.vehicles:,} ({share})"


def _bar(ratio: float) -> Text:
    full = round(ratio * _BAR_CELLS)
    return Text.assemble(("█" * full, "green"), ("░" * (_BAR_CELLS - full), "dim"))
