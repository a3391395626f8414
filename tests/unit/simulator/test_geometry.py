"""Distances and bearings on the globe."""

import pytest

from simulator.geometry import Point, Polyline, bearing_deg, distance_m

IVANOVO = Point(57.0003, 40.9739)
KINESHMA = Point(57.4440, 42.1700)


def test_distance_between_two_towns() -> None:
    """Ivanovo and Kineshma are about 87 km apart as the crow flies."""
    assert distance_m(IVANOVO, KINESHMA) == pytest.approx(87_200, rel=0.01)


@pytest.mark.parametrize(
    ("towards", "bearing"),
    [
        (Point(58.0, 40.0), 0.0),
        (Point(57.0, 41.0), 89.6),
        (Point(56.0, 40.0), 180.0),
        (Point(57.0, 39.0), 270.4),
    ],
)
def test_bearing_is_clockwise_from_true_north(towards: Point, bearing: float) -> None:
    """North is 0, east 90, south 180, west 270; meridians converge a little."""
    assert bearing_deg(Point(57.0, 40.0), towards) == pytest.approx(bearing, abs=0.1)


def test_a_line_is_followed_from_end_to_end() -> None:
    """Way points are met at their distances, and beyond the ends the line goes no further."""
    line = Polyline([Point(57.0, 41.0), Point(57.1, 41.0), Point(57.1, 41.2)])
    corner = distance_m(line.points[0], line.points[1])

    assert line.locate(-5)[0] == line.points[0]
    assert line.locate(corner)[0] == pytest.approx(line.points[1])
    assert line.locate(line.length_m + 5)[0] == pytest.approx(line.points[2])
    assert line.locate(corner / 2)[0] == pytest.approx(Point(57.05, 41.0))
    assert line.locate(corner / 2)[1] == 0.0
