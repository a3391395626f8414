"""How much the share depends on the rule: by window, and by the minutes of a tracked day."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from models.kpi import VehicleKpi

WINDOWS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (60, 90, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
)
"""From 60 s to 24 h."""

MINIMA: Final = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120)
"""Distinct minutes, from 1 to 120."""


class Sensitivity(NamedTuple):
    """How many vehicles of the fleet count, by rule."""

    by_window: Sequence[tuple[timedelta, int]]
    """Trackable at a moment of the day, within each window."""
    by_minimum: Sequence[tuple[int, int]]
    """With a tracked day among the trailing days, by its minimum of distinct minutes."""


def sensitivity(vehicles: Sequence[VehicleKpi], ages: Sequence[timedelta]) -> Sensitivity:
    """Count the vehicles by each rule.

    Args:
        vehicles: a date's fleet.
        ages: of the newest fix of each vehicle that had one, at a moment of that date.
    """
    ordered = sorted(ages)
    minutes = sorted(vehicle.minutes for vehicle in vehicles)
    return Sensitivity(
        [(window, bisect_right(ordered, window)) for window in WINDOWS],
        [(minimum, len(minutes) - bisect_left(minutes, minimum)) for minimum in MINIMA],
    )
