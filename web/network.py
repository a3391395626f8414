"""The routes and stops of the timetables, as the passengers' map draws and finds them."""

from collections.abc import Iterator, Sequence
from math import cos, radians
from typing import Any, Final, NamedTuple

from models.gtfs.feed import Route, Shape, Stop
from storage.routes.timetables import Timetables

FOUND: Final = 20
"""Stops listed for one question."""
_TOLERANCE_E7: Final = 500
"""How far a drawn line may lie from the way: 5.5 m, the width of a road."""

_Point = tuple[int, int]


class FoundStop(NamedTuple):
    """A stop that somebody may have meant."""

    name: str
    routes: Sequence[str]
    """As passengers know them."""
    place: str
    """Longitude and latitude."""


def name_of(route: Route) -> str:
    """Return what passengers call a route."""
    return route.short_name or route.route_id


def routes(timetables: Timetables) -> dict[str, Any]:
    """Return the routes as GeoJSON, one line a shape."""
    features = [
        _feature(
            {"type": "LineString", "coordinates": _line(shape)},
            {"route": name_of(route), "color": _colour(route.color)},
        )
        for timetable in timetables.all
        for route_id, shapes in timetable.shapes.items()
        for route in (timetable.routes[route_id],)
        for shape in shapes
    ]
    return {"type": "FeatureCollection", "features": features}


def stops(timetables: Timetables) -> dict[str, Any]:
    """Return the stops as GeoJSON."""
    features = [
        _feature(
            {"type": "Point", "coordinates": _place((stop.longitude, stop.latitude))},
            {"name": stop.name or stop.stop_id, "routes": ", ".join(names)},
        )
        for stop, names in _all_stops(timetables)
    ]
    return {"type": "FeatureCollection", "features": features}


def find_stops(timetables: Timetables, asked: str) -> list[FoundStop]:
    """Return the stops whose name holds what is asked for, or whose code it is; one too many."""
    wanted = _folded(asked)
    found: list[FoundStop] = []
    for stop, names in _all_stops(timetables) if wanted else ():
        name = stop.name or stop.stop_id
        if wanted in _folded(name) or wanted in {_folded(stop.code or ""), _folded(stop.stop_id)}:
            longitude, latitude = _place((stop.longitude, stop.latitude))
            found.append(FoundStop(name, names, f"{longitude},{latitude}"))
    # What begins with it comes first.
    found.sort(key=lambda each: (not _folded(each.name).startswith(wanted), each.name, each.place))
    return found[: FOUND + 1]


def _all_stops(timetables: Timetables) -> Iterator[tuple[Stop, list[str]]]:
    for timetable in timetables.all:
        for stop, route_ids in timetable.stops.values():
            yield stop, sorted({name_of(timetable.routes[each]) for each in route_ids})


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").split())


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _colour(rgb: int | None) -> str | None:
    return None if rgb is None else f"#{rgb:06x}"


def _line(shape: Shape) -> list[list[float]]:
    points = list(zip(shape.longitudes, shape.latitudes, strict=True))
    line = [_place(point) for point in simplified(points)]
    # A line has two points at least (RFC 7946, section 3.1.4).
    return line if len(line) > 1 else line * 2


def _place(point: _Point) -> list[float]:
    return [round(point[0] / 1e7, 5), round(point[1] / 1e7, 5)]


def simplified(points: Sequence[_Point]) -> list[_Point]:
    """Leave out the points that lie nearly on the line between others (Douglas and Peucker, 1973).

    Args:
        points: longitude and latitude in 1e-7 degrees.
    """
    if len(points) < 3:
        return list(points)
    narrow = cos(radians(points[0][1] / 1e7))
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        begins, ends = spans.pop()
        apart, furthest = max(
            (
                (_distance(points[place], points[begins], points[ends], narrow), place)
                for place in range(begins + 1, ends)
            ),
            default=(0.0, begins),
        )
        if apart > _TOLERANCE_E7:
            kept.add(furthest)
            spans += [(begins, furthest), (furthest, ends)]
    return [points[place] for place in sorted(kept)]


def _distance(point: _Point, begins: _Point, ends: _Point, narrow: float) -> float:
    """Return how far a point is from a stretch, in 1e-7 degrees of latitude."""
    x, y = (point[0] - begins[0]) * narrow, float(point[1] - begins[1])
    dx, dy = (ends[0] - begins[0]) * narrow, float(ends[1] - begins[1])
    length = dx * dx + dy * dy
    along = 0.0 if not length else min(1.0, max(0.0, (x * dx + y * dy) / length))
    return float(((x - along * dx) ** 2 + (y - along * dy) ** 2) ** 0.5)
