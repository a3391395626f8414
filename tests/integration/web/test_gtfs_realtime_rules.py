"""The GTFS-Realtime feed of a simulated hour, judged by a validator of others against a timetable.

The validator has the rules of MobilityData's, which are the reference's own words: the feed's
version and kind of dataset, ids that are unique, timestamps that are there and not in the future
nor older than those before, routes and trips that the timetable has, positions near the trip's
shape.
"""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage
from gtfs_rt_validator.api import Mode, Request, SortBy, resolve, validate

from models.decode import decode
from models.equipment import DEFAULT_KINDS
from models.gtfs.reading import read_feed
from models.report import Report
from models.rules import Rules
from simulator.fleet import Fleet, OutgoingMessage
from simulator.scaling import scaled
from simulator.scenario import load_scenario
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.registry.importing import import_registry
from storage.routes.importing import import_feed
from storage.routes.timetables import current_feeds, timetables
from storage.shares.fleet import fleet_now
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from web.gtfs_realtime import in_timetables, vehicle_positions

WINDOW: Final = timedelta(seconds=90)
BEGINS: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday noon in Moscow."""
STEPS: Final = 60
STEP: Final = timedelta(minutes=1)
INTERVAL: Final = timedelta(seconds=30)
VEHICLES: Final = 30
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory, embedded_server: Any) -> Iterator[Path]:
    """A folder with the feed of each minute, and the timetable."""
    folder = tmp_path_factory.mktemp("hour")
    url = embedded_server.create_database()
    migrate(url)
    fleet = Fleet.build(scaled(load_scenario("ivanovo-2024"), VEHICLES))
    archive = _timetable(fleet)
    (folder / "gtfs.zip").write_bytes(archive)
    (folder / "feeds").mkdir()
    with connect(url, "test", autocommit=True) as connection:
        import_registry(
            connection,
            fleet.registry(),
            time_zone="Europe/Moscow",
            changed_by="test",
            source="test",
            yes=True,
        )
        feed = read_feed(io.BytesIO(archive))
        import_feed(
            connection, feed, operator_id=None, imported_by="test", source="gtfs.zip", digest=b"1"
        )
        _drive(url, fleet, connection, folder / "feeds")
    yield folder
    embedded_server.drop_database(url)


def test_no_rule_is_broken(hour: Path) -> None:
    """Of all that the validator has, in each minute and from one to the next."""
    result = validate(
        Request(
            mode=Mode.MODERN,
            gtfs=hour / "gtfs.zip",
            inputs=resolve(str(hour / "feeds"), sort_by=SortBy.NAME),
            sort_by=SortBy.NAME,
        )
    )
    assert result.summary().messages_validated == STEPS
    assert result.error_ids() == ()


def test_the_validator_would_say_so(hour: Path, tmp_path: Path) -> None:
    """Of an unknown route, a vehicle twice, positions outside and off the way, a time to come."""
    feed = FeedMessage.FromString(sorted((hour / "feeds").iterdir())[30].read_bytes())
    feed.entity[0].vehicle.trip.route_id = "none"
    feed.entity[1].vehicle.vehicle.id = feed.entity[2].vehicle.vehicle.id
    feed.entity[3].vehicle.position.latitude += 3
    feed.entity[4].vehicle.position.latitude += 0.03
    feed.entity[5].vehicle.timestamp = feed.header.timestamp + 600
    (tmp_path / "2026-03-02T09-30-00Z.pb").write_bytes(feed.SerializeToString())
    result = validate(
        Request(
            mode=Mode.MODERN,
            gtfs=hour / "gtfs.zip",
            inputs=resolve(str(tmp_path), sort_by=SortBy.NAME),
            sort_by=SortBy.NAME,
        )
    )
    assert set(result.error_ids()) == {"E004", "E012", "E028", "E029", "E050", "E052"}


def _drive(url: str, fleet: Fleet, connection: Connection, folder: Path) -> None:
    """Write each minute's reports, and the feed of its end; it holds the share's numerator."""
    known = timetables(connection, current_feeds(connection))
    sent: dict[int, list[OutgoingMessage]] = defaultdict(list)
    for message in fleet.history(BEGINS, BEGINS + STEPS * STEP, INTERVAL):
        sent[(message.sent_at - BEGINS) // STEP].append(message)
    with Writer(url, "test", "Europe/Moscow") as writer:
        for step in range(STEPS):
            at = BEGINS + (step + 1) * STEP
            writer.write(_batch(sent[step]))
            now = fleet_now(connection, at, [WINDOW], DEFAULT_KINDS)
            feed = vehicle_positions(in_timetables(now.positions(WINDOW), known), at)
            numerator = now.counts(now.vehicles).trackable[WINDOW]
            assert len(FeedMessage.FromString(feed).entity) == numerator > 0
            (folder / f"{at:%Y-%m-%dT%H-%M-%S}Z.pb").write_bytes(feed)


def _batch(messages: Iterable[OutgoingMessage]) -> Batch:
    batch = Batch()
    for message in messages:
        came = Message(message.topic.encode(), message.payload, message.sent_at)
        decoded = decode(*came, Rules())
        batch.add(came, [_on_trip(each) for each in decoded.reports], decoded.rejections)
    return batch


def _on_trip(report: Report) -> Report:
    """Name the route's trip, as gateways of a dispatcher's system do."""
    if report.fix is None or report.fix.route_id is None:
        return report
    return report._replace(fix=report.fix._replace(trip_id=f"{report.fix.route_id}-1"))


def _timetable(fleet: Fleet) -> bytes:
    """Return the simulated region's timetable: of each route its way, and one trip all day long."""
    routes = fleet.scenario.network.routes
    tables: dict[str, list[Sequence[object]]] = {
        "agency.txt": [
            ("agency_id", "agency_name", "agency_url", "agency_timezone"),
            ("a", "a", "https://example.org", "Europe/Moscow"),
        ],
        "calendar.txt": [
            ("service_id", *_DAYS, "start_date", "end_date"),
            ("wd", *[1] * 7, "20260101", "20261231"),
        ],
        "routes.txt": [
            ("route_id", "agency_id", "route_short_name", "route_type"),
            *((each.id, "a", each.id, 3) for each in routes),
        ],
        "trips.txt": [
            ("route_id", "service_id", "trip_id", "shape_id"),
            *((each.id, "wd", f"{each.id}-1", each.id) for each in routes),
        ],
        "stops.txt": [
            ("stop_id", "stop_name", "stop_lat", "stop_lon"),
            *(
                (f"{each.id}-{place}", f"{each.id} {place}", *each.points[place])
                for each in routes
                for place in (0, -1)
            ),
        ],
        "stop_times.txt": [
            ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
            *(
                (f"{each.id}-1", time, time, f"{each.id}-{place}", 1 - place)
                for each in routes
                for place, time in ((0, "06:00:00"), (-1, "23:00:00"))
            ),
        ],
        "shapes.txt": [
            ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
            *(
                (each.id, *point, number)
                for each in routes
                for number, point in enumerate(each.points)
            ),
        ],
    }
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name, rows in tables.items():
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            archive.writestr(name, text.getvalue())
    return found.getvalue()
