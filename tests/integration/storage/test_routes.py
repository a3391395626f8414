"""Timetables in a real database: imported whole or not at all, and what they replace is kept."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.gtfs.reading import read_feed
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.routes.importing import UnknownFeedOperator, end_feed, import_feed, kept_feeds
from storage.routes.timetables import current_feeds, timetables
from tests.acceptance.command import fleetgauge
from tests.unit.models.gtfs_zip import FILES, zipped

WITHOUT_30 = {
    "routes.txt": FILES["routes.txt"].replace("30,30,,3,\n", ""),
    "trips.txt": FILES["trips.txt"].replace("30,wd,30-1,,\n", ""),
    "stop_times.txt": FILES["stop_times.txt"].replace("30-1,08:00:00,08:00:00,a,1\n", ""),
}


@pytest.fixture
def database(embedded_url: str) -> Iterator[Connection]:
    migrate(embedded_url)
    with connect(embedded_url, "test", autocommit=True) as connection:
        connection.execute("insert into operator values ('east', null, 'Europe/Moscow')")
        yield connection


def put(connection: Connection, content: bytes, operator_id: str | None = None) -> bool:
    return import_feed(
        connection,
        read_feed(io.BytesIO(content)),
        operator_id=operator_id,
        imported_by="olga",
        source="gtfs.zip",
        digest=content[-32:],
    )


def test_a_timetable_comes_back_as_it_was(database: Connection) -> None:
    """With its shapes, its stops and their routes, and its trips."""
    feed = read_feed(io.BytesIO(zipped()))
    assert put(database, zipped())
    found = timetables(database, current_feeds(database)).of("east")
    assert found is not None
    assert found.routes == feed.routes
    assert found.shapes == {"24": [feed.shapes["24a"]]}
    assert {name: each.stop for name, each in found.stops.items()} == feed.stops
    assert found.stops["a"].routes == ["24", "30"]
    assert found.trips == {"24-1": "24", "30-1": "30"}


def test_an_operators_own_timetable_goes_first(database: Connection) -> None:
    """And when it has ended, that of all holds again."""
    put(database, zipped())
    put(database, zipped(WITHOUT_30), "east")
    found = timetables(database, current_feeds(database))
    east, west = found.of("east"), found.of("west")
    assert east is not None
    assert west is not None
    assert (set(east.routes), set(west.routes)) == ({"24"}, {"24", "30"})
    assert end_feed(database, "east", ended_by="olga")
    assert not end_feed(database, "east", ended_by="olga")
    assert current_feeds(database).keys() == {None}
    with pytest.raises(UnknownFeedOperator, match="nothing is known of operator north"):
        put(database, zipped(), "north")


def test_what_is_replaced_is_known_to_have_been_so(database: Connection) -> None:
    """Its routes and shapes stay, and each moment has one timetable; the same file is no change."""
    assert put(database, zipped())
    ((first, begins),) = database.execute("select feed_id, known_from from route_feed").fetchall()
    assert not put(database, zipped())
    assert put(database, zipped(WITHOUT_30))
    asked = "select route_feed_of('east', %s), route_feed_of('east', now()), count(*) from route"
    assert database.execute(asked, [begins]).fetchall() == [(first, first + 1, 3)]
    assert database.execute("select count(*), min(feed_id) from trip").fetchall() == [
        (1, first + 1)
    ]
    (kept,) = kept_feeds(database)
    assert kept[4:] == (1, 1, 2, 1)


def test_the_command(database: Connection, embedded_url: str, tmp_path: Path) -> None:
    """Imports, says which routes of the fleet the timetable lacks, lists and ends."""
    environment = {"FLEETGAUGE_DATABASE_URL": embedded_url}
    good, broken = tmp_path / "good.zip", tmp_path / "broken.zip"
    good.write_bytes(zipped())
    stops = FILES["stops.txt"].replace("57.06", "north")
    broken.write_bytes(zipped({"stops.txt": stops}))
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("operator_id,vehicle_id,route_id\neast,1,24\neast,2,77\n")
    fleetgauge("registry", "import", str(fleet), environment=environment)

    done = fleetgauge("routes", "import", str(good), environment=environment)
    assert done.stdout.splitlines() == [
        "good.zip: 2 routes, 1 shape (3 points), 2 stops, 2 trips",
        "routes that the fleet names: 1 in the timetable, 1 not",
        "not in the timetable: 77",
    ], done.stderr
    failed = fleetgauge("routes", "import", str(broken), environment=environment)
    assert (failed.returncode, failed.stderr.splitlines()) == (
        1,
        [
            f"fleetgauge: {broken}: nothing was imported",
            "  stops.txt, line 3, column stop_lat: 'north' is not within ±90 degrees",
        ],
    )
    listed = fleetgauge("routes", "list", "--json", environment=environment)
    (feed,) = json.loads(listed.stdout)["feeds"]
    assert (feed["source"], feed["routes"]) == ("good.zip", 2)
    assert fleetgauge("routes", "end", environment=environment).returncode == 0
    assert current_feeds(database) == {}
