"""`fleetgauge web` in this process, on a database with a small fleet."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fleetgauge.web_reports import WebReports
from models.equipment import Flag
from models.gtfs.reading import read_feed
from models.indicator import DEFAULT_WINDOWS
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.uptime import Span
from models.vehicle import VehicleId
from storage.connection import connect
from storage.migrate import migrate
from storage.routes.importing import import_feed
from storage.worker_uptime import beat
from tests.integration.storage.fleet_history import (
    Event,
    History,
    Received,
    RejectedReport,
    flags,
)
from tests.unit.models.gtfs_zip import zipped
from web.options import Options
from web.server import WebServer

OPTIONS: Final = Options(
    windows=DEFAULT_WINDOWS,
    feed_window=timedelta(seconds=90),
    zone=ZoneInfo("Europe/Moscow"),
    min_group_size=1,
)

HOSTILE: Final = "<img src=x onerror=hit()>"
"""An id, as hostile as a topic lets it be."""

TRACKABLE: Final = 6
"""Vehicles of `east` that are trackable: 1 to 6; 7 is silent, 8 was never heard."""


def entries() -> list[RegistryEntry]:
    """Return the fleet list."""
    ours = [
        RegistryEntry(
            VehicleId("east", str(number)),
            f"А{number}00ВС37",
            attributes={
                "depot": f"Депо № {number % 2 + 1}",
                "municipality": "Иваново" if number < 5 else "Шуя",
                "route_id": str(10 + number % 3),
            },
            equipment={"cctv": number % 2 == 0},
        )
        for number in range(1, 9)
    ]
    attributes = {"depot": '"><svg onload=hit()>', "municipality": "<script>hit()</script>" * 40}
    hostile = RegistryEntry(VehicleId("west", HOSTILE), "<b>А</b>", attributes=attributes)
    return [*ours, hostile]


def events(now: datetime) -> Iterator[Event]:
    """Yield what the fleet sent until a moment."""
    for number in range(1, TRACKABLE + 1):
        for age in range(0, 600, 20):
            yield position(str(number), now - timedelta(seconds=age))
        # A clock that is ahead counts: however slow the machine, they stay trackable.
        yield position(str(number), now + timedelta(hours=3))
    yield position("7", now - timedelta(minutes=20))
    unregistered = VehicleId("east", "<b onclick=hit()>unregistered</b>")
    yield Received(Report(unregistered, now, Fix(57, 41)), now)
    west = VehicleId("west", HOSTILE)
    yield RejectedReport(west, now - timedelta(seconds=30), RejectReason.SCHEMA)


def position(vehicle_id: str, at: datetime) -> Received:
    """Return a position of a vehicle of `east`, received when it was observed."""
    turn = at.timestamp() / 600
    fix = Fix(57 + int(vehicle_id) / 100, 41 + turn % 1 / 50, 8.0, 90.0, route_id="24")
    equipment = flags(cctv=Flag(True, True))
    return Received(Report(VehicleId("east", vehicle_id), at, fix, equipment), at)


def write(url: str, events_: list[Event]) -> None:
    """Put what was sent into the database."""
    History(events=events_).write(url)


def fill(url: str) -> None:
    """Migrate a new database, and put the fleet and what it sent into it."""
    migrate(url)
    now = datetime.now(UTC)
    History(entries(), list(events(now))).write(url)
    # Ahead, as its vehicles' clocks are.
    connect_worker(url, now + timedelta(hours=3))
    with connect(url, "test", autocommit=True) as connection:
        feed = read_feed(io.BytesIO(zipped()))
        import_feed(
            connection, feed, operator_id=None, imported_by="test", source="gtfs.zip", digest=b"1"
        )


def connect_worker(url: str, until: datetime) -> None:
    """Put on record that an ingest worker was connected until a moment, and not since."""
    with connect(url, "test", autocommit=True) as connection:
        connection.execute("delete from worker_uptime")
        beat(connection, "test", Span(until - timedelta(hours=1), until))


@contextmanager
def serving(url: str, port: int = 0, **changed: object) -> Iterator[WebServer]:
    """Serve while the context lasts.

    Args:
        changed: options that are not as in OPTIONS.
    """
    with WebServer("127.0.0.1", port, url, replace(OPTIONS, **changed), WebReports()) as server:  # type: ignore[arg-type]
        yield server
