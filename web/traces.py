"""Where buses have driven while somebody looked: what a map without a base map has for streets."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from storage.shares.positions import VehiclePosition

MOST: Final = 30_000
"""Pieces kept, the last driven first; 100 bytes each."""
_GRID: Final = 5_000
"""Cells to a degree: 22 m from south to north. Twice the same street is kept once."""
_LONGEST_CELLS: Final = 60
"""1.3 km: what is further apart was not driven in a straight line."""
_APART_S: Final = 90

Cell = tuple[int, int]
Piece = tuple[Cell, Cell]


class Traces:
    """Gather the pieces of way between one position of a bus and the next."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[float, Cell]] = {}
        self._pieces: OrderedDict[Piece, None] = OrderedDict()

    def note(self, positions: Iterable[VehiclePosition]) -> None:
        """Take the buses' present positions."""
        last = {}
        for bus in positions:
            key = (bus.operator_id, bus.vehicle_id)
            at, here = bus.fix_at.timestamp(), _cell(bus)
            last[key] = (at, here)
            before = self._last.get(key)
            if before is not None and before[1] != here and at - before[0] <= _APART_S:
                self._add(before[1], here)
        self._last = last

    def lines(self) -> list[list[list[float]]]:
        """Return the pieces as pairs of longitude and latitude."""
        return [[_place(begins), _place(ends)] for begins, ends in tuple(self._pieces)]

    def _add(self, begins: Cell, ends: Cell) -> None:
        if max(abs(begins[0] - ends[0]), abs(begins[1] - ends[1])) > _LONGEST_CELLS:
            return
        piece = (min(begins, ends), max(begins, ends))
        self._pieces[piece] = None
        self._pieces.move_to_end(piece)
        if len(self._pieces) > MOST:
            self._pieces.popitem(last=False)


def _cell(bus: VehiclePosition) -> Cell:
    return round(bus.longitude * _GRID), round(bus.latitude * _GRID)


def _place(cell: Cell) -> list[float]:
    return [cell[0] / _GRID, cell[1] / _GRID]
