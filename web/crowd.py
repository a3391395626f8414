"""A view of a map with more vehicles than anybody could tell apart: where how many are."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor, log2
from typing import Final, NamedTuple, Protocol, Self, TypeVar

MOST: Final = 2_000
"""Vehicles that a view shows one by one: 200 KB, and what a phone draws each second."""
_CELLS: Final = 24
"""Crowds beside each other, at most."""
_SMALLEST_DEGREES: Final = 0.01


class Placed(Protocol):
    """Whatever has a place."""

    @property
    def longitude(self) -> float:
        """In degrees."""

    @property
    def latitude(self) -> float:
        """In degrees."""


T = TypeVar("T", bound=Placed)


class Box(NamedTuple):
    """What of the world is looked at, in steps of a power of two: neighbours share it."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the box that an address asks for, a little larger; None: the whole world.

        Args:
            text: west, south, east and north in degrees, comma-separated.
        """
        try:
            west, south, east, north = (float(each) for each in text.split(","))
            wide = max(east - west, north - south, _SMALLEST_DEGREES)
            step = 2.0 ** floor(log2(wide / 4))
        except (ValueError, OverflowError):
            return None
        if not (-540 <= west < east <= 540 and -90 <= south < north <= 90):
            return None
        return cls(
            floor(west / step) * step,
            floor(south / step) * step,
            ceil(east / step) * step,
            ceil(north / step) * step,
        )

    def holds(self, place: Placed) -> bool:
        """Tell whether a place lies in it."""
        is_between = self.west <= place.longitude < self.east
        return is_between and self.south <= place.latitude < self.north


class Crowd(NamedTuple):
    """Vehicles near each other."""

    name: str
    """Their cell's, the same however many are in it."""
    longitude: float
    latitude: float
    """The middle of them."""
    number: int
    marked: int
    """How many of them are marked."""


def within(box: Box | None, places: Sequence[T]) -> Sequence[T]:
    """Return what lies in a box; None is the whole world."""
    return places if box is None else [each for each in places if box.holds(each)]


def crowds(places: Iterable[T], is_marked: Callable[[T], bool]) -> list[Crowd]:
    """Gather places by the cells of a grid."""
    found = list(places)
    wide = max(
        _reach([each.longitude for each in found]), _reach([each.latitude for each in found])
    )
    cell = 2.0 ** ceil(log2(max(wide, _SMALLEST_DEGREES) / _CELLS))
    gathered = defaultdict(list)
    for each in found:
        # Meridians draw together: so far north, a cell as high as wide in degrees is half as wide.
        gathered[floor(each.longitude / (2 * cell)), floor(each.latitude / cell)].append(each)
    return [
        Crowd(
            f"{cell}:{column}:{row}",
            sum(each.longitude for each in members) / len(members),
            sum(each.latitude for each in members) / len(members),
            len(members),
            sum(map(is_marked, members)),
        )
        for (column, row), members in gathered.items()
    ]


def _reach(numbers: Sequence[float]) -> float:
    return max(numbers) - min(numbers) if numbers else 0.0
