"""A bus on its route: out, a rest, back, a rest; where it is follows from the time alone."""

from typing import NamedTuple

from simulator.geometry import Polyline

STOP_SECONDS = 18.0
"""Doors open at a stop on the way."""

REST_SECONDS = 300.0
"""Layover at either end."""


class Place(NamedTuple):
    """Where a bus is and how it moves."""

    latitude: float
    longitude: float
    speed_mps: float
    bearing_deg: float
    """Degrees clockwise from true north."""


class Shuttle:
    """Drive a polyline to and fro, stopping at regular distances."""

    def __init__(
        self, line: Polyline, *, speed_mps: float, stop_spacing_m: float, offset: float
    ) -> None:
        """Plan the round trip.

        Args:
            speed_mps: mean between two stops; the peak is 1.5 times that.
            offset: where in its round trip the bus is at the epoch, 0..1.
        """
        self._line = line
        self._hops = max(1, round(line.length_m / stop_spacing_m))
        self._hop_m = line.length_m / self._hops
        self._drive_seconds = self._hop_m / speed_mps
        self._hop_seconds = self._drive_seconds + STOP_SECONDS
        self._leg_seconds = self._hops * self._hop_seconds + REST_SECONDS
        self._offset_seconds = offset * 2 * self._leg_seconds

    def at(self, epoch_seconds: float) -> Place:
        """Return the place at a moment."""
        into_trip = (epoch_seconds + self._offset_seconds) % (2 * self._leg_seconds)
        returning = into_trip >= self._leg_seconds
        into_leg = into_trip - self._leg_seconds if returning else into_trip
        driven, speed = self._progress(into_leg)
        metres = self._line.length_m - driven if returning else driven
        point, bearing = self._line.locate(metres)
        if returning:
            bearing = (bearing + 180.0) % 360.0
        return Place(point.latitude, point.longitude, speed, bearing)

    def _progress(self, into_leg: float) -> tuple[float, float]:
        hop = int(into_leg // self._hop_seconds)
        if hop >= self._hops:
            return self._line.length_m, 0.0
        part = (into_leg - hop * self._hop_seconds) / self._drive_seconds
        if part >= 1:
            return (hop + 1) * self._hop_m, 0.0
        # A cubic ease: stands still at both stops, fastest midway.
        eased = part * part * (3 - 2 * part)
        speed = 6 * part * (1 - part) * self._hop_m / self._drive_seconds
        return (hop + eased) * self._hop_m, speed
