"""The feeds as routes of the exporter's HTTP server."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import structlog

from metrics.http import Answer, Request, Route
from models.indicator import DISPATCHER_WINDOW
from storage.errors import StorageError
from storage.shares.positions import VehiclePosition, positions_now
from storage.snapshot import snapshot
from web import geojson, gtfs_realtime

_Encode = Callable[[Sequence[VehiclePosition], datetime], bytes]


def feed_routes(url: str, window: timedelta = DISPATCHER_WINDOW) -> dict[str, Route]:
    """Return the routes by path.

    Args:
        url: the database's.
        window: how old the newest fix of a vehicle in the feeds may be.
    """
    gtfs = _route(url, window, gtfs_realtime.vehicle_positions, gtfs_realtime.CONTENT_TYPE)
    return {
        "/gtfs-rt/vehicle-positions.pb": gtfs,
        "/vehicles.geojson": _route(url, window, geojson.vehicles, geojson.CONTENT_TYPE),
    }


def _route(url: str, window: timedelta, encode: _Encode, content_type: str) -> Route:
    def feed(_request: Request) -> Answer:
        now = datetime.now(UTC)
        try:
            with snapshot(url, "fleetgauge feeds") as connection:
                positions = positions_now(connection, now, window)
        except StorageError as error:
            # Not in the answer: readers of a public feed need not know where the database is.
            structlog.get_logger().warning("feed_failed", error=str(error))
            # An empty feed would mean that no bus is out.
            unavailable = HTTPStatus.SERVICE_UNAVAILABLE
            return Answer(b"the database is unavailable\n", status=unavailable)
        return Answer(encode(positions, now), content_type)

    return feed
