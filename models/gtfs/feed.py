"""What of a timetable is kept; places are WGS 84 in whole 1e-7 degrees, as the tables hold them."""

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from models.gtfs.table import Fault


class Route(NamedTuple):
    """A line of routes.txt."""

    route_id: str
    short_name: str | None
    long_name: str | None
    route_type: int
    color: int | None
    """RGB."""
    text_color: int | None


class Shape(NamedTuple):
    """A way that vehicles drive: its points in the order in which they are passed."""

    shape_id: str
    latitudes: Sequence[int]
    longitudes: Sequence[int]


class Stop(NamedTuple):
    """Where vehicles stop."""

    stop_id: str
    name: str | None
    code: str | None
    latitude: int
    longitude: int


class Trip(NamedTuple):
    """A line of trips.txt."""

    trip_id: str
    route_id: str
    direction_id: int | None
    shape_id: str | None


class Feed(NamedTuple):
    """A whole timetable."""

    routes: Mapping[str, Route]
    shapes: Mapping[str, Shape]
    stops: Mapping[str, Stop]
    trips: Mapping[str, Trip]
    route_stops: Set[tuple[str, str]]
    """Which route stops where."""
    ignored: Sequence[Fault]
    """Values that were taken as not given."""

    @property
    def route_shapes(self) -> Set[tuple[str, str]]:
        """Which routes drive which ways."""
        return {(trip.route_id, trip.shape_id) for trip in self.trips.values() if trip.shape_id}
