"""Lines on the globe: their length, their bearing, and the point at a distance along them."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius, IUGG."""


class Point(NamedTuple):
    """WGS 84 degrees."""

    latitude: float
    longitude: float


def distance_m(a: Point, b: Point) -> float:
    """Return the great-circle distance in metres (haversine)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b.longitude - a.longitude) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bearing_deg(a: Point, b: Point) -> float:
    """Return the initial bearing from a to b, degrees clockwise from true north, 0..360."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    turn = math.radians(b.longitude - a.longitude)
    east = math.sin(turn) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(turn)
    return math.degrees(math.atan2(east, north)) % 360.0


class Polyline:
    """A line of two or more waypoints."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = tuple(points)
        lengths = [distance_m(a, b) for a, b in pairwise(self.points)]
        self._ends = list(accumulate(lengths, initial=0.0))
        self._bearings = [bearing_deg(a, b) for a, b in pairwise(self.points)]

    @property
    def length_m(self) -> float:
        return self._ends[-1]

    def locate(self, metres: float) -> tuple[Point, float]:
        """Return the point at a distance in metres from the start, and the line's bearing there."""
        metres = min(max(metres, 0.0), self.length_m)
        leg = min(bisect_right(self._ends, metres) - 1, len(self._bearings) - 1)
        begin, end = self._ends[leg], self._ends[leg + 1]
        part = (metres - begin) / (end - begin)
        a, b = self.points[leg], self.points[leg + 1]
        latitude = a.latitude + part * (b.latitude - a.latitude)
        longitude = a.longitude + part * (b.longitude - a.longitude)
        return Point(latitude, longitude), self._bearings[leg]
