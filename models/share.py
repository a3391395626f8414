"""Counts of a fleet's vehicles at one moment, and the ratios that they give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from models.indicator import Indicator, UntrackableReason
from models.report import Equipment


class EquipmentState(NamedTuple):
    """What is known of one piece of a vehicle's equipment."""

    fitted: bool | None
    """The newest report's word; None: never reported."""
    declared: bool | None
    """The registry's word; None: nothing declared."""
    working: bool | None
    """The newest reported state; None: never reported."""

    @property
    def equipped(self) -> bool:
        """Whether it counts as equipped: as observed, and as declared where never observed."""
        return bool(self.declared if self.fitted is None else self.fitted)


class Cell(NamedTuple):
    """How many vehicles of one group are alike in everything that is counted."""

    group: str | None
    windows: int
    """In how many of the windows they are trackable, the longest windows first."""
    route_known: bool
    reason: UntrackableReason | None
    """Why they are not trackable in the window of the reasons; None: they are."""
    equipment: Mapping[Equipment, EquipmentState]
    vehicles: int


class EquipmentCounts(NamedTuple):
    """The vehicles with one piece of equipment."""

    equipped: int
    observed: int
    """Of the equipped, those whose newest report says so; the others are declared."""
    working: int
    """Of the equipped, those whose newest reported state is working."""


class Counts(NamedTuple):
    """The counts of a fleet or of a group of it."""

    vehicles: int
    trackable: Mapping[timedelta, int]
    """By window."""
    trackable_on_route: Mapping[timedelta, int]
    """By window."""
    equipment: Mapping[Equipment, EquipmentCounts]
    untrackable: Mapping[UntrackableReason, int]
    """By reason, every reason, for the window of the reasons."""

    def numerator(self, indicator: Indicator, window: timedelta) -> int:
        """Return an indicator's numerator; equipment does not depend on the window."""
        match indicator:
            case Indicator.TRACKABLE:
                return self.trackable[window]
            case Indicator.TRACKABLE_ON_ROUTE:
                return self.trackable_on_route[window]
        return self.equipment[Equipment(indicator.value)].equipped

    def ratio(self, indicator: Indicator, window: timedelta, minimum: int = 1) -> float | None:
        """Return an indicator's ratio; None where the vehicles are fewer than the minimum."""
        return ratio(self.numerator(indicator, window), self.vehicles, minimum)


class Shares(NamedTuple):
    """The shares at one moment."""

    at: datetime
    fleet: Counts
    groups: Mapping[str | None, Counts]
    """By the group's name, sorted; None, the last: the vehicles of which it is not known."""
    unregistered: Mapping[str, int]
    """By operator: vehicles that publish and are not in the fleet."""


def ratio(part: int, whole: int, minimum: int = 1) -> float | None:
    """Return part / whole; None where the whole is empty or smaller than the minimum."""
    return part / whole if whole >= max(minimum, 1) else None


def tally(cells: Sequence[Cell], windows: Iterable[timedelta]) -> Counts:
    """Add up cells.

    Args:
        cells: of one group, or of a whole fleet.
        windows: those that the cells were counted for, in any order.
    """
    longest_first = sorted(windows, reverse=True)
    on_route = [cell for cell in cells if cell.route_known]
    return Counts(
        vehicles=_vehicles(cells),
        trackable=_by_window(cells, longest_first),
        trackable_on_route=_by_window(on_route, longest_first),
        equipment={each: _equipped(cells, each) for each in Equipment},
        untrackable={
            reason: _vehicles(cell for cell in cells if cell.reason is reason)
            for reason in UntrackableReason
        },
    )


def _by_window(cells: Sequence[Cell], longest_first: Sequence[timedelta]) -> dict[timedelta, int]:
    return {
        window: _vehicles(cell for cell in cells if cell.windows >= place)
        for place, window in enumerate(longest_first, start=1)
    }


def _equipped(cells: Iterable[Cell], equipment: Equipment) -> EquipmentCounts:
    states = [(cell.equipment[equipment], cell.vehicles) for cell in cells]
    equipped = [(state, vehicles) for state, vehicles in states if state.equipped]
    return EquipmentCounts(
        equipped=sum(vehicles for _, vehicles in equipped),
        observed=sum(vehicles for state, vehicles in equipped if state.fitted),
        working=sum(vehicles for state, vehicles in equipped if state.working),
    )


def _vehicles(cells: Iterable[Cell]) -> int:
    return sum(cell.vehicles for cell in cells)
