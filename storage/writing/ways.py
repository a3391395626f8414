"""Whether a position lies on the route that it names, by the shapes of the timetable of its moment.

Worked out where a batch is kept, so that a day's minutes are written once and never again: the
positions are thrown away after a year, the figures of a date stay. The same position has the same
answer whenever it comes, late or again, since the timetable and the distance are those that were
known at the moment at which it was observed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from math import cos, radians
from typing import Final, NamedTuple

from storage.connection import Connection
from storage.sql import queries
from storage.writing.batch import Batch

_SQL: Final = queries("ways")

DEFAULT_METRES: Final = 100
"""How far from its route's shape a position is still on it, where no setting is on record."""

E7_METRES: Final = 0.0111319
"""A 1e-7 of a degree of latitude, as in the SQL function moved_m."""

MAX_WAYS: Final = 2_000
"""Routes whose shapes are remembered: some 200 MB."""

_CELL_BITS: Final = 15
"""Of 1e-7 degrees: the side of a cell is 365 m."""

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


class Way(NamedTuple):
    """All shapes of a route, as straight pieces, found by where they are."""

    cells: Mapping[tuple[int, int], Sequence[tuple[int, int, int, int]]]
    """The pieces that may be near enough to a position in a cell: first point, and the difference
    to the second."""

    def is_near(self, latitude: int, longitude: int, metres: float) -> bool:
        """Tell whether a position, in 1e-7 degrees, is within so many metres of a shape."""
        pieces = self.cells.get((latitude >> _CELL_BITS, longitude >> _CELL_BITS), ())
        shrunk = cos(radians(latitude / 1e7))
        most = (metres / E7_METRES) ** 2
        for south, west, north, east in pieces:
            y, x, dx = latitude - south, (longitude - west) * shrunk, east * shrunk
            length = dx * dx + north * north
            part = min(max((x * dx + y * north) / length, 0.0), 1.0) if length else 0.0
            if (x - part * dx) ** 2 + (y - part * north) ** 2 <= most:
                return True
        return False


def way(shapes: Iterable[tuple[Sequence[int], Sequence[int]]], metres: float) -> Way:
    """Return the way of a route.

    Args:
        shapes: latitudes and longitudes of each, in 1e-7 degrees.
        metres: the farthest that ``is_near`` will be asked for.
    """
    margin = metres / E7_METRES
    cells: dict[tuple[int, int], list[tuple[int, int, int, int]]] = {}
    for latitudes, longitudes in shapes:
        points = list(zip(latitudes, longitudes, strict=True))
        for (lat, lon), (next_lat, next_lon) in zip(points, points[1:] or points, strict=False):
            piece = lat, lon, next_lat - lat, next_lon - lon
            # Where it is farthest from the equator a degree of longitude is shortest.
            wide = margin / max(cos(radians(max(abs(lat), abs(next_lat)) / 1e7 + 0.1)), 0.01)
            for row in _span(lat, next_lat, margin):
                for column in _span(lon, next_lon, wide):
                    cells.setdefault((row, column), []).append(piece)
    return Way(cells)


def _span(one: int, other: int, margin: float) -> range:
    low, high = int(min(one, other) - margin), int(max(one, other) + margin)
    return range(low >> _CELL_BITS, (high >> _CELL_BITS) + 1)


class _Feed(NamedTuple):
    known_from: datetime
    known_to: datetime
    feed_id: int


class Ways:
    """All timetables, and the shapes that were asked for; for the use of one thread."""

    def __init__(self, connection: Connection) -> None:
        self._feeds: dict[str | None, list[_Feed]] = {}
        for name, known_from, known_to, feed_id in connection.execute(_SQL["feeds"]):
            feed = _Feed(known_from, known_to or _FOR_EVER, feed_id)
            self._feeds.setdefault(name, []).append(feed)
        self._distances: list[tuple[datetime, int]] = connection.execute(
            _SQL["distances"]
        ).fetchall()
        self._ways: dict[tuple[int, str], Way | None] = {}
        oldest = (feeds[-1].known_from for feeds in self._feeds.values())
        self.known_from = min(oldest, default=None)
        """Since when any timetable has been known; None: there is none."""

    def off_route(self, connection: Connection, batch: Batch) -> list[int]:
        """Return which of a batch's reports name a route, and lie off its shapes.

        Of a route without a shape, and where no timetable was known, nothing is off it.
        """
        return [
            number
            for number, (report, _) in enumerate(batch.reports)
            if report.fix is not None
            and report.fix.route_id is not None
            and self.is_off(
                connection,
                report.vehicle.operator_id,
                report.fix.route_id,
                report.fix.latitude,
                report.fix.longitude,
                report.observed_at,
            )
        ]

    def is_off(
        self,
        connection: Connection,
        operator: str,
        route_id: str,
        latitude: float,
        longitude: float,
        at: datetime,
    ) -> bool:
        """Tell whether a position that names a route lies off it."""
        feed_id = self._feed_id(operator, at)
        if feed_id is None:
            return False
        key = feed_id, route_id
        try:
            found = self._ways[key]
        except KeyError:
            found = self._learn(connection, key)
        if found is None:
            return False
        return not found.is_near(round(latitude * 1e7), round(longitude * 1e7), self._metres(at))

    def _feed_id(self, operator: str, at: datetime) -> int | None:
        for name in (operator, None):
            for known_from, known_to, feed_id in self._feeds.get(name, ()):
                if known_from <= at < known_to:
                    return feed_id
        return None

    def _metres(self, at: datetime) -> int:
        for known_from, metres in self._distances:
            if known_from <= at:
                return metres
        return self._distances[-1][1] if self._distances else DEFAULT_METRES

    def _learn(self, connection: Connection, key: tuple[int, str]) -> Way | None:
        if len(self._ways) >= MAX_WAYS:
            self._ways.clear()
        binds = {"feed_id": key[0], "route_id": key[1]}
        shapes = connection.execute(_SQL["shapes"], binds).fetchall()
        metres = max((metres for _, metres in self._distances), default=DEFAULT_METRES)
        self._ways[key] = found = way(shapes, metres) if shapes else None
        return found
