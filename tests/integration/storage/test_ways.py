"""On route, day: of positions whose route has a shape, those that lie near to it."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetgauge.figure_rules import BUILT_IN
from models.gtfs.reading import read_feed
from models.kpi import KpiRule
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.kpi.kpi import kpi_of_date
from storage.routes.importing import import_feed
from storage.rules import record
from storage.writing.ways import Way, way
from tests.integration.storage.kpi_history import Entry, received, register, write
from tests.unit.models.gtfs_zip import zipped

ZONE: Final = "Europe/Moscow"
ON: Final = date(2026, 3, 2)
MORNING: Final = datetime(2026, 3, 2, 6, tzinfo=UTC)
KNOWN: Final = datetime(2026, 3, 1, tzinfo=UTC)
METRE: Final = 1 / 111_319
"""Of latitude, in degrees; of longitude at the shape's 57.03 degrees:"""
EAST: Final = METRE / cos(radians(57.03))
SHAPE: Final = {
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    "24a,57.00,41.00,1\n24a,57.06,41.00,2\n"
}
"""Route 24 runs due north along the meridian of 41 degrees; route 30 has no shape."""

TRIPS: Final = "route_id,service_id,trip_id\n24,wd,24-1\n30,wd,30-1\n"


@pytest.fixture
def fleet(url: str, database: Connection) -> Connection:
    """Buses a to f, and a timetable that was known the day before."""
    register(database, "op", ZONE, [Entry(name, ON, ON, None, KNOWN) for name in "abcdef"])
    record(database, BUILT_IN, "test")
    imported(database, KNOWN)
    return database


def imported(database: Connection, known_from: datetime) -> None:
    feed = read_feed(io.BytesIO(zipped(SHAPE)))
    digest = known_from.isoformat().encode()
    import_feed(
        database, feed, operator_id=None, imported_by="test", source="gtfs.zip", digest=digest
    )
    database.execute(
        "update route_feed set known_from = %s where digest = %s", [known_from, digest]
    )


def east(metres: float, route: str | None = "24") -> Fix:
    """Return a position so far east of the shape, half-way along it."""
    return Fix(57.03, 41.0 + metres * EAST, route_id=route)


def sent(vehicle: str, fixes: Sequence[Fix], at: datetime = MORNING) -> list[Report]:
    """Return a report a minute."""
    return [
        Report(VehicleId("op", vehicle), at + timedelta(minutes=number), fix)
        for number, fix in enumerate(fixes)
    ]


def route_minutes(database: Connection) -> dict[str, tuple[int, int]]:
    """Return each vehicle's minutes with a fix, and those on a route."""
    kpi = kpi_of_date(database, ON, KpiRule(1, 1))
    return {
        each.vehicle.vehicle_id: (each.minutes, each.route_minutes)
        for each in kpi.vehicles
        if each.minutes
    }


def test_a_minute_counts_whose_position_lies_within_the_distance(
    url: str, fleet: Connection
) -> None:
    """100 m, of the straight way between two points; a route without a shape asks for nothing."""
    buses = {
        "a": [east(99), east(101)],
        "b": [east(-99), east(-101), east(0, None)],
        "c": [Fix(57.06 + 99 * METRE, 41.0, route_id="24")],
        "d": [Fix(57.06 + 101 * METRE, 41.0, route_id="24")],
        "e": [east(5000, "30"), east(5000, "unheard of")],
    }
    reports = [report for name, fixes in buses.items() for report in sent(name, fixes)]
    write(url, ZONE, [received(each, each.observed_at) for each in reports])
    expected = {"a": (2, 1), "b": (3, 1), "c": (1, 1), "d": (1, 0), "e": (2, 2)}
    assert route_minutes(fleet) == expected
    # Again, and in another order: one position off the route takes nothing from its minute.
    off = [east(101) for _ in range(1)]
    again = [*reversed(reports), *sent("c", off)]
    again[-1] = again[-1]._replace(observed_at=MORNING + timedelta(seconds=20))
    write(url, ZONE, [received(each, MORNING + timedelta(hours=1)) for each in again], cuts={2, 5})
    assert route_minutes(fleet) == expected


def test_the_timetable_and_the_distance_are_those_of_the_moment(
    url: str, fleet: Connection
) -> None:
    """However late a position comes; what is set or imported later moves nothing of before."""
    fleet.execute("update rule_setting set known_from = '2026-02-01' where name = 'route_metres'")
    record(fleet, {"route_metres": "500"}, "test")
    fleet.execute(
        "update rule_setting set known_from = %s where name = 'route_metres' and value = '500'",
        [MORNING + timedelta(minutes=1)],
    )
    later = MORNING + timedelta(days=3)
    fixes = [east(300), east(300), east(501)]
    write(url, ZONE, [received(each, later) for each in sent("a", fixes)])
    assert route_minutes(fleet) == {"a": (3, 1)}
    # Before the timetable was known nothing says where its routes run.
    fleet.execute(
        "update route_feed set known_from = %s", [MORNING + timedelta(minutes=1, seconds=30)]
    )
    write(url, ZONE, [received(each, later) for each in sent("b", fixes)])
    assert route_minutes(fleet)["b"] == (3, 2)


def test_a_new_timetable_is_known_at_once(url: str, fleet: Connection) -> None:
    """By a worker that goes on: its operator's own takes the place of that of all."""
    write(url, ZONE, [received(each, MORNING) for each in sent("a", [east(101)])])
    assert route_minutes(fleet) == {"a": (1, 0)}
    feed = read_feed(io.BytesIO(zipped({"shapes.txt": None, "trips.txt": TRIPS})))
    import_feed(fleet, feed, operator_id="op", imported_by="test", source="own.zip", digest=b"own")
    fleet.execute("update route_feed set known_from = %s where operator_id = 'op'", [KNOWN])
    write(url, ZONE, [received(each, MORNING) for each in sent("b", [east(101)])])
    assert route_minutes(fleet)["b"] == (1, 1)


LATITUDES = st.floats(-70, 70)
STEPS = st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=1, max_size=5)


@given(LATITUDES, STEPS, st.floats(-0.01, 0.01), st.floats(-0.01, 0.01), st.integers(1, 2000))
def test_cells_find_what_all_pieces_give(
    latitude: float, steps: list[tuple[float, float]], north: float, east_: float, metres: int
) -> None:
    """No piece that is near enough is in none of the cells that are looked at."""
    points = [(latitude, 30.0)]
    for step in steps:
        points.append((points[-1][0] + step[0], points[-1][1] + step[1]))
    shape = tuple([round(each * 1e7) for each in axis] for axis in zip(*points, strict=True))
    place = round((points[0][0] + north) * 1e7), round((points[0][1] + east_) * 1e7)
    found = way([(shape[0], shape[1])], metres)
    pieces = {piece for each in found.cells.values() for piece in each}
    here = place[0] >> 15, place[1] >> 15
    everything = Way({here: list(pieces)})
    assert found.is_near(*place, metres) == everything.is_near(*place, metres)
    assert way([(shape[0][:1], shape[1][:1])], metres).is_near(shape[0][0], shape[1][0], 1)


def test_distances_are_those_of_a_sphere() -> None:
    """To a tenth of a per cent, at both ends of the country."""
    for latitude in (42.0, 57.0, 70.0):
        found = way([([round(latitude * 1e7)], [410000000])], 200)
        for angle in (0.0, 0.8, 1.57):
            lat = latitude + 100 * METRE * cos(angle)
            lon = 41 + 100 * METRE * sin(angle) / cos(radians(latitude))
            real = haversine(latitude, 41.0, lat, lon)
            place = round(lat * 1e7), round(lon * 1e7)
            assert found.is_near(*place, real * 1.002)
            assert not found.is_near(*place, real * 0.998)


def haversine(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    one, other = radians(lat), radians(other_lat)
    half = sin((other - one) / 2) ** 2
    half += cos(one) * cos(other) * sin(radians(other_lon - lon) / 2) ** 2
    return 2 * 6_378_137 * asin(sqrt(half))
