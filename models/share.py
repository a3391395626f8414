"""Counts of a fleet's vehicles at one moment, and the ratios that they give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from models.equipment import BITS, Kinds
from models.indicator import TRACKABLE, TRACKABLE_ON_ROUTE, UntrackableReason


class EquipmentState(NamedTuple):
    """What is known of one piece of a vehicle's equipment."""

    equipped: bool
    """Whether it counts as equipped: as observed, and as declared where never observed."""
    fitted: bool | None
    """What the newest report says; None: never reported."""
    declared: bool | None
    """What the registry says; None: nothing declared."""
    working: bool | None
    """The newest reported state; None: never reported."""


class Cell(NamedTuple):
    """How many vehicles of one group are alike in everything that is counted."""

    group: str | None
    windows: int
    """In how many of the windows they are trackable, the longest windows first."""
    route_known: bool
    reason: UntrackableReason | None
    """Why they are not trackable in the window of the reasons; None: they are."""
    equipped: int
    """Bit ``BITS * number`` of each kind with which they are equipped."""
    observed: int
    """The same, of those that were observed and not declared alone."""
    working: int
    """The same, of those that work."""
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
    equipment: Mapping[str, EquipmentCounts]
    """By kind."""
    untrackable: Mapping[UntrackableReason, int]
    """By reason, every reason, for the window of the reasons."""

    def numerator(self, indicator: str, window: timedelta) -> int:
        """Return an indicator's numerator; equipment does not depend on the window."""
        match indicator:
            case "trackable":
                return self.trackable[window]
            case "trackable_on_route":
                return self.trackable_on_route[window]
        return self.equipment[indicator].equipped

    def ratio(self, indicator: str, window: timedelta, minimum: int = 1) -> float | None:
        """Return an indicator's ratio; None where the vehicles are fewer than the minimum."""
        return ratio(self.numerator(indicator, window), self.vehicles, minimum)

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that were counted."""
        return (TRACKABLE, TRACKABLE_ON_ROUTE, *self.equipment)


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


def tally(cells: Sequence[Cell], windows: Iterable[timedelta], kinds: Kinds) -> Counts:
    """Add up cells.

    Args:
        cells: of one group, or of a whole fleet.
        windows: those that the cells were counted for, in any order.
        kinds: of equipment.
    """
    longest_first = sorted(windows, reverse=True)
    on_route = [cell for cell in cells if cell.route_known]
    return Counts(
        vehicles=_vehicles(cells),
        trackable=_by_window(cells, longest_first),
        trackable_on_route=_by_window(on_route, longest_first),
        equipment={
            name: equipment_counts([(*cell[4:7], cell.vehicles) for cell in cells], number)
            for number, name in enumerate(kinds.names)
        },
        untrackable={
            reason: _vehicles(cell for cell in cells if cell.reason is reason)
            for reason in UntrackableReason
        },
    )


def equipment_counts(vehicles: Iterable[tuple[int, int, int, int]], number: int) -> EquipmentCounts:
    """Add up the bits of one kind.

    Args:
        vehicles: for each some, the bits equipped, observed and working, and how many they are.
        number: the kind's.
    """
    bit = 1 << BITS * number
    equipped = observed = working = 0
    for of_equipped, of_observed, of_working, count in vehicles:
        if of_equipped & bit:
            equipped += count
            observed += count if of_observed & bit else 0
            working += count if of_working & bit else 0
    return EquipmentCounts(equipped, observed, working)


def _by_window(cells: Sequence[Cell], longest_first: Sequence[timedelta]) -> dict[timedelta, int]:
    return {
        window: _vehicles(cell for cell in cells if cell.windows >= place)
        for place, window in enumerate(longest_first, start=1)
    }


def _vehicles(cells: Iterable[Cell]) -> int:
    return sum(cell.vehicles for cell in cells)
