"""What the demo shows on a terminal, and the line it prints where there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from textwrap import fill

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fleetgauge.demo.observation import Observation, lowest_operators
from fleetgauge.settings import Settings
from models.indicator import DISPATCHER_WINDOW
from models.share import Counts
from reports import words
from reports.language import Language
from reports.tables import heading, table

_BAR_CELLS = 20
_FRAME = 4
"""Columns that the frame takes, with the room beside it."""
_WIDE = 96
"""Columns from which on there is room for bars."""


@dataclass(frozen=True)
class View:
    """Draws observations in a language."""

    title: str
    settings: Settings
    language: Language

    def line(self, observation: Observation, per_second: float) -> str:
        """Return the shares and the account of the reports in one line."""
        fleet = observation.shares.fleet
        parts = {"trackable": fleet.trackable[DISPATCHER_WINDOW]}
        parts |= {kind: counts.equipped for kind, counts in fleet.equipment.items()}
        shares = (
            f"{self._title(name)} {self.language.number(part)}/"
            f"{self.language.number(fleet.vehicles)} ({self._percent(part, fleet)})"
            for name, part in parts.items()
        )
        window = self.language.text("window %(window)s", window=self._window(DISPATCHER_WINDOW))
        rate = self._rate(per_second)
        return f"{', '.join(shares)} ({window}); {self._account(observation)}; {rate}"

    def screen(
        self,
        observation: Observation,
        per_second: float,
        addresses: Sequence[tuple[str, str]],
        columns: int,
    ) -> RenderableType:
        """Draw the whole view for a terminal of so many columns."""
        below = Table.grid(padding=(0, 3))
        below.add_row(self._reasons(observation), self._lowest(observation))
        # Wrapped here: rich breaks a line at the no-break space within a number, too.
        reports = Text(
            fill(f"{self._account(observation)}   {self._rate(per_second)}", columns - _FRAME)
        )
        return Panel(
            Group(
                self._shares(observation, bars=columns >= _WIDE),
                Text(),
                below,
                Text(),
                reports,
                self._addresses(addresses),
            ),
            title=self.language.text("%(title)s · Ctrl-C ends it", title=self.title),
            padding=(0, 1),
        )

    def _shares(self, observation: Observation, *, bars: bool) -> RenderableType:
        fleet = observation.shares.fleet
        numbers = (self.language.text("vehicles"), self.language.text("share"))
        rows = (
            (
                name,
                words.part(self.language, part, fleet.vehicles),
                self._percent(part, fleet),
                *([_bar(part, fleet)] if bars else []),
                rule,
            )
            for name, part, rule in self._indicators(fleet)
        )
        rule = self.language.text("window or source")
        columns = (self.language.text("indicator"), *numbers, *([""] if bars else []), rule)
        return table(columns, rows, right=numbers)

    def _indicators(self, fleet: Counts) -> Iterator[tuple[str, int, str]]:
        language = self.language
        for window in sorted({DISPATCHER_WINDOW, *self.settings.windows}):
            yield self._title("trackable"), fleet.trackable[window], self._window(window)
        on_route = fleet.trackable_on_route[DISPATCHER_WINDOW]
        yield self._title("trackable_on_route"), on_route, self._window(DISPATCHER_WINDOW)
        for kind, counts in fleet.equipment.items():
            source = language.text(
                "%(observed)s observed, %(declared)s declared",
                observed=language.number(counts.observed),
                declared=language.number(counts.equipped - counts.observed),
            )
            yield self._title(kind), counts.equipped, source

    def _reasons(self, observation: Observation) -> RenderableType:
        untrackable = observation.shares.fleet.untrackable
        found = {self.language.text(reason): vehicles for reason, vehicles in untrackable.items()}
        found[self.language.text("total")] = sum(untrackable.values())
        found[self.language.text("unregistered")] = sum(observation.shares.unregistered.values())
        rows = ((reason, self.language.number(vehicles)) for reason, vehicles in found.items())
        title = self.language.text(
            "not trackable (%(window)s)", window=self._window(DISPATCHER_WINDOW)
        )
        numbers = (self.language.text("vehicles"),)
        return Group(
            heading(title), table((self.language.text("reason"), *numbers), rows, right=numbers)
        )

    def _lowest(self, observation: Observation) -> RenderableType:
        rows = (
            (
                name,
                words.part(self.language, counts.trackable[DISPATCHER_WINDOW], counts.vehicles),
                self.language.percent(ratio, 1),
            )
            for name, counts, ratio in lowest_operators(observation.shares, self.settings)
        )
        title = self.language.text(
            "lowest operators (%(window)s)", window=self._window(DISPATCHER_WINDOW)
        )
        numbers = (self._title("trackable"), self.language.text("share"))
        columns = (self._title("operator"), *numbers)
        return Group(heading(title), table(columns, rows, right=numbers))

    def _addresses(self, addresses: Sequence[tuple[str, str]]) -> Table:
        grid = Table.grid(padding=(0, 2))
        for name, address in addresses:
            grid.add_row(Text(name, "italic"), Text(address, "cyan"))
        return grid

    def _account(self, observation: Observation) -> str:
        counts = {name: self.language.number(n) for name, n in observation.reports.items()}
        return self.language.text(
            "reports: %(received)s received = %(stored)s stored + %(duplicate)s duplicate + "
            "%(contact)s contact + %(rejected)s rejected",
            **counts,
        )

    def _rate(self, per_second: float) -> str:
        return self.language.text("%(number)s/s", number=self.language.number(round(per_second)))

    def _window(self, window: timedelta) -> str:
        return self.language.window(window.total_seconds())

    def _title(self, name: str) -> str:
        return words.title(self.language, name)

    def _percent(self, part: int, fleet: Counts) -> str:
        return self.language.percent(part / fleet.vehicles if fleet.vehicles else None)


def farewell(language: Language, data: Path | None) -> str:
    """Say what has become of the embedded servers' data."""
    if data is None:
        return language.text(
            "ended; the embedded servers' data were deleted (--data FOLDER keeps them)"
        )
    return language.text("ended; the embedded servers' data are kept in %(folder)s", folder=data)


def _bar(part: int, fleet: Counts) -> str:
    full = round(part / fleet.vehicles * _BAR_CELLS) if fleet.vehicles else 0
    return "█" * full + "░" * (_BAR_CELLS - full)
