"""A bus on its route."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.fleet import Fleet
from simulator.geometry import Point, Polyline, distance_m
from simulator.shuttle import REST_SECONDS, STOP_SECONDS, Place, Shuttle

LINE = Polyline([Point(57.0, 41.0), Point(57.02, 41.0), Point(57.02, 41.04)])
SHUTTLE = Shuttle(LINE, speed_mps=8.0, stop_spacing_m=500, offset=0.0)

moments = st.floats(1.5e9, 2e9)


def moved_m(a: Place, b: Place) -> float:
    return distance_m(Point(a.latitude, a.longitude), Point(b.latitude, b.longitude))


@given(moments)
def test_never_jumps(moment: float) -> None:
    """Within a second a bus moves by what its speed says, and never faster than its peak."""
    places = [SHUTTLE.at(moment + tenth / 10) for tenth in range(-5, 6)]
    # By tenths of a second: a bus does not cut the corner of its line, as the distance from where
    # it was to where it is would.
    driven = sum(moved_m(*pair) for pair in pairwise(places))

    assert driven <= 1.5 * 8.0 + 0.01
    assert driven == pytest.approx(places[5].speed_mps, abs=1.5)


@given(moments)
def test_bearing_is_where_it_goes(moment: float) -> None:
    """On the way out the line's bearing, on the way back the opposite."""
    place, later = SHUTTLE.at(moment), SHUTTLE.at(moment + 0.1)
    if place.speed_mps < 1 or moved_m(place, later) < 0.1:
        return
    north, east = later.latitude - place.latitude, later.longitude - place.longitude
    quarter = {0.0: north > 0, 180.0: north < 0}.get(place.bearing_deg)

    assert quarter if quarter is not None else (east > 0) == (place.bearing_deg < 180)


def test_rests_at_both_ends() -> None:
    """The round trip is two legs, each ending in a layover at its end."""
    hops = round(LINE.length_m / 500)
    leg = hops * (LINE.length_m / hops / 8.0 + STOP_SECONDS) + REST_SECONDS
    far, near = SHUTTLE.at(leg - 1), SHUTTLE.at(2 * leg - 1)

    assert (far.speed_mps, near.speed_mps) == (0, 0)
    assert (far.latitude, far.longitude) == pytest.approx(LINE.points[-1])
    assert (near.latitude, near.longitude) == pytest.approx(LINE.points[0])


def test_all_buses_stay_below_a_bus_s_speed(region: Fleet) -> None:
    """No bus of the region exceeds 80 km/h, and most move at any moment."""
    places = [bus.shuttle.at(1.73e9) for bus in region.buses]

    assert max(place.speed_mps for place in places) < 80 / 3.6
    assert sum(place.speed_mps > 0 for place in places) > len(places) / 2
