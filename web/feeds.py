"""The feeds for apps and maps: GTFS-Realtime and GeoJSON, for anybody to fetch."""

import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, NamedTuple

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from storage.shares.fleet import Fleet
from storage.shares.positions import VehiclePosition
from web import geojson, gtfs_realtime
from web.answers import Encoded, answer, encoded
from web.source import FleetSource, Look

GTFS_REALTIME: Final = "/gtfs-rt/vehicle-positions.pb"
GEOJSON: Final = "/vehicles.geojson"

_HEADERS: Final = {
    # A map on any site may show the buses: nothing here depends on who asks.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "Cache-Control": "public, max-age=1, must-revalidate",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}

_Encode = Callable[[Sequence[VehiclePosition], datetime], bytes]


class _Form(NamedTuple):
    encode: _Encode
    content_type: str


_GTFS_JSON: Final = _Form(gtfs_realtime.vehicle_positions_json, "application/json")
_FORMS: Final = {
    GTFS_REALTIME: {
        "": _Form(gtfs_realtime.vehicle_positions, gtfs_realtime.CONTENT_TYPE),
        "pb": _Form(gtfs_realtime.vehicle_positions, gtfs_realtime.CONTENT_TYPE),
        "json": _GTFS_JSON,
    },
    GEOJSON: {
        "": _Form(geojson.vehicles, geojson.CONTENT_TYPE),
        "geojson": _Form(geojson.vehicles, geojson.CONTENT_TYPE),
        "json": _Form(geojson.vehicles, "application/json"),
    },
}
"""By path, then by ``?format=``."""


class Feeds:
    """Encode each look at the fleet once for all who fetch it."""

    def __init__(self, source: FleetSource, window: timedelta, *, plates: bool) -> None:
        """Say of what.

        Args:
            window: one of the fleet's: how old a position in the feeds may be.
            plates: whether they have the number plates.
        """
        self._source = source
        self._window = window
        self._plates = plates
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None
        self._made: dict[tuple[str, str, str], Encoded] = {}

    def routes(self) -> list[Route]:
        """Return the routes of the feeds."""
        methods = ["GET", "OPTIONS"]
        return [Route(path, self._endpoint(path), methods=methods) for path in _FORMS]

    def _endpoint(self, path: str) -> Callable[[Request], Awaitable[Response]]:
        async def feed(request: Request) -> Response:
            if request.method == "OPTIONS":
                return Response(status_code=HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)
            form = request.query_params.get("format", "")
            operator = request.query_params.get("operator", "")
            if form not in _FORMS[path]:
                known = ", ".join(filter(None, _FORMS[path]))
                return _refused(HTTPStatus.BAD_REQUEST, f"format: expected one of {known}")
            look = await self._source.look()
            if operator and operator not in look.fleet.operators:
                return _refused(HTTPStatus.NOT_FOUND, "operator: not in the fleet")
            key = (path, form, operator)
            made = self._made.get(key) if self._fleet is look.fleet else None
            if made is None:
                made = await run_sync(self._encoded, look, *key)
            return answer(request, made, _HEADERS)

        return feed

    def _encoded(self, look: Look, path: str, form: str, operator: str) -> Encoded:
        fleet = look.fleet
        with self._lock:
            if fleet is not self._fleet:
                # In this order: who looks without the lock takes no other fleet's answer.
                self._made = {}
                self._fleet = fleet
            key = (path, form, operator)
            if key not in self._made:
                positions = [
                    each if self._plates else each._replace(plate=None)
                    for each in fleet.positions(self._window)
                    if operator in {"", each.operator_id}
                ]
                if path == GTFS_REALTIME:
                    positions = gtfs_realtime.in_timetables(positions, look.slow.timetables)
                encode, content_type = _FORMS[path][form]
                self._made[key] = encoded(encode(positions, fleet.at), content_type)
            return self._made[key]


def _refused(status: HTTPStatus, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers={"Access-Control-Allow-Origin": "*"})
