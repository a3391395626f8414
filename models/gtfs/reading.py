"""Read a timetable from its zip, whole or not at all."""

import zipfile
from collections.abc import Collection
from typing import IO, Final, TypeVar

from models.gtfs.feed import Feed, Route, Shape, Stop, Trip
from models.gtfs.table import Archive, BadFeed, Fault, Faults, Line, shortened

_MAX_ROUTE_TYPE: Final = 1702
"""Of the extended types; the basic ones are 0 to 12."""
_MAX_SEQUENCE: Final = 2**31 - 1
_PLATFORM: Final = 0

T = TypeVar("T")


def read_feed(file: IO[bytes]) -> Feed:
    """Return what a GTFS zip says.

    Raises:
        BadFeed: something of what is read is wrong; each fault has its file, line and column.
    """
    faults = Faults()
    try:
        zipped = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise BadFeed([Fault("the file", None, None, f"is not a zip: {error}")]) from error
    with zipped:
        archive = Archive(zipped, faults)
        routes = _routes(archive)
        shapes = _shapes(archive)
        stops, other_places = _stops(archive)
        # What refers to a bad line is no fault of its own.
        faults.check()
        trips = _trips(archive, routes, shapes)
        faults.check()
        route_stops = _route_stops(archive, trips, stops, other_places)
    faults.check()
    return Feed(routes, shapes, stops, trips, route_stops, faults.ignored)


def _routes(archive: Archive) -> dict[str, Route]:
    optional = ("route_short_name", "route_long_name", "route_color", "route_text_color")
    found: dict[str, Route] = {}
    for line in archive.lines("routes.txt", ("route_id", "route_type"), optional):
        route_type = line.number_of("route_type", _MAX_ROUTE_TYPE)
        if not line.values["route_type"]:
            line.fault("route_type", "is empty")
        route = Route(
            line.identifier("route_id"),
            line.text("route_short_name"),
            line.text("route_long_name"),
            route_type or 0,
            line.colour("route_color"),
            line.colour("route_text_color"),
        )
        _put(found, "route_id", route.route_id, route, line)
    return found


def _shapes(archive: Archive) -> dict[str, Shape]:
    columns = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    points: dict[str, dict[int, tuple[int, int]]] = {}
    for line in archive.lines("shapes.txt", columns) if "shapes.txt" in archive else ():
        shape = points.setdefault(line.identifier("shape_id"), {})
        place = line.place("shape_pt_lat", "shape_pt_lon")
        sequence = line.number_of("shape_pt_sequence", _MAX_SEQUENCE)
        if sequence is None:
            if not line.values["shape_pt_sequence"]:
                line.fault("shape_pt_sequence", "is empty")
        elif sequence in shape:
            line.fault("shape_pt_sequence", f"{sequence} occurs twice in this shape")
        else:
            shape[sequence] = place
    return {shape_id: _shape(shape_id, each) for shape_id, each in points.items()}


def _shape(shape_id: str, points: dict[int, tuple[int, int]]) -> Shape:
    ordered = [points[sequence] for sequence in sorted(points)]
    return Shape(shape_id, [place[0] for place in ordered], [place[1] for place in ordered])


def _stops(archive: Archive) -> tuple[dict[str, Stop], set[str]]:
    """Return the platforms, and the ids of stations, entrances and the like."""
    optional = ("stop_name", "stop_code", "stop_lat", "stop_lon", "location_type")
    found: dict[str, Stop] = {}
    others: set[str] = set()
    for line in archive.lines("stops.txt", ("stop_id",), optional):
        stop_id = line.identifier("stop_id")
        if (line.number_of("location_type", 4) or _PLATFORM) != _PLATFORM:
            others.add(stop_id)
            continue
        place = line.place("stop_lat", "stop_lon")
        stop = Stop(stop_id, line.text("stop_name"), line.text("stop_code"), *place)
        _put(found, "stop_id", stop_id, stop, line)
    return found, others


def _trips(archive: Archive, routes: Collection[str], shapes: Collection[str]) -> dict[str, Trip]:
    found: dict[str, Trip] = {}
    optional = ("shape_id", "direction_id")
    for line in archive.lines("trips.txt", ("route_id", "trip_id"), optional):
        trip = Trip(
            line.identifier("trip_id"),
            line.identifier("route_id"),
            line.direction("direction_id"),
            line.values["shape_id"] or None,
        )
        _known(line, "route_id", routes, "routes.txt")
        if trip.shape_id is not None:
            _known(line, "shape_id", shapes, "shapes.txt")
        _put(found, "trip_id", trip.trip_id, trip, line)
    return found


def _route_stops(
    archive: Archive, trips: dict[str, Trip], stops: Collection[str], others: Collection[str]
) -> set[tuple[str, str]]:
    found = set()
    # A trip of flexible transport may stop in an area, and not at a stop.
    for line in archive.lines("stop_times.txt", ("trip_id",), ("stop_id",)):
        trip = trips.get(line.values["trip_id"])
        stop_id = line.values["stop_id"]
        if trip is None:
            _known(line, "trip_id", trips, "trips.txt")
        elif stop_id in stops:
            found.add((trip.route_id, stop_id))
        elif stop_id and stop_id not in others:
            _known(line, "stop_id", stops, "stops.txt")
    return found


def _known(line: Line, column: str, known: Collection[str], file: str) -> None:
    value = line.values[column]
    if value and value not in known:
        line.fault(column, f"{shortened(value)} is not in {file}")


def _put(found: dict[str, T], column: str, key: str, value: T, line: Line) -> None:
    if key in found:
        line.fault(column, f"{shortened(key)} occurs twice")
    elif key:
        found[key] = value
