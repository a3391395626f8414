"""The feeds for apps and maps: GTFS-Realtime and GeoJSON, for anybody to fetch."""

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, NamedTuple, Self

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.shares.positions import VehiclePosition
from web import geojson, gtfs_realtime
from web.answers import Encoded, answer, encoded, takes_gzip
from web.security import default_headers
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

_NOTHING: Final[Message] = {"type": "http.response.body", "body": b""}
_ADDRESSES: Final = 64
"""That are known by heart; a client may write as many as it likes for the same feed."""

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


_Key = tuple[str, str, str]
"""Path, form and operator."""


class _Ready(NamedTuple):
    """An answer down to its bytes."""

    unchanged: Message
    begins: Message
    body: Message

    @classmethod
    def of(cls, content: Encoded, *, packed: bool) -> Self:
        """Return the answer that has a body as it is, or compressed."""
        body = content.compressed if packed else content.body
        common = {
            **_HEADERS,
            **default_headers(),
            "ETag": f'"{content.etag}{"-gzip" if packed else ""}"',
            "Vary": "Accept-Encoding",
        }
        full = common | {"Content-Type": content.content_type, "Content-Length": str(len(body))}
        if packed:
            full["Content-Encoding"] = "gzip"
        return cls(
            _start(HTTPStatus.NOT_MODIFIED, common),
            _start(HTTPStatus.OK, full),
            {"type": "http.response.body", "body": body},
        )


class _Made(NamedTuple):
    """What a look is in one form, as different clients take it."""

    content: Encoded
    etag: bytes
    plain: _Ready
    packed: _Ready

    @classmethod
    def of(cls, content: Encoded) -> Self:
        """Return the same body as it is sent."""
        is_smaller = len(content.compressed) < len(content.body)
        return cls(
            content,
            content.etag.encode(),
            _Ready.of(content, packed=False),
            _Ready.of(content, packed=is_smaller),
        )


def _start(status: HTTPStatus, headers: Mapping[str, str]) -> Message:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


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
        self._keys: dict[tuple[str, bytes], _Key] = {}
        """Of addresses that were asked for, each as a client writes it."""
        self._wanted: set[_Key] = set()
        source.prepare = self._prepare

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
            made: _Made | None = look.made.get(key)
            if made is None:
                made = await run_sync(self._encoded, look, key)
            self._wanted.add(key)
            if len(self._keys) >= _ADDRESSES:
                self._keys.clear()
            self._keys[path, request.scope["query_string"]] = key
            return answer(request, made.content, _HEADERS)

        return feed

    def ready(self, scope: Scope) -> tuple[Message, Message] | None:
        """Return what answers a request that was made before of the same look; None: none was."""
        look, key = self._source.newest(), self._keys.get((scope["path"], scope["query_string"]))
        if look is None or key is None or key not in look.made or scope["method"] != "GET":
            return None
        self._wanted.add(key)
        made: _Made = look.made[key]
        packed, known = False, b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                packed = takes_gzip(value.decode("latin-1"))
            elif name == b"if-none-match":
                known = value
        found = made.packed if packed else made.plain
        if made.etag in known:
            return found.unchanged, _NOTHING
        return found.begins, found.body

    def _prepare(self, look: Look) -> None:
        """Encode a look before anybody sees it, as the one before was asked for."""
        wanted, self._wanted = self._wanted, set()
        for key in wanted:
            self._encoded(look, key)

    def _encoded(self, look: Look, key: _Key) -> _Made:
        path, form, operator = key
        with self._lock:
            if key not in look.made:
                positions = [
                    each if self._plates else each._replace(plate=None)
                    for each in look.fleet.positions(self._window)
                    if operator in {"", each.operator_id}
                ]
                if path == GTFS_REALTIME:
                    positions = gtfs_realtime.in_timetables(positions, look.slow.timetables)
                encode, content_type = _FORMS[path][form]
                content = encoded(encode(positions, look.fleet.at), content_type)
                look.made[key] = _Made.of(content)
            made: _Made = look.made[key]
            return made


class Shortcut:
    """Answer what lies ready at once: no route is looked for, and nothing is encoded."""

    def __init__(self, app: ASGIApp, feeds: Feeds) -> None:
        self._app = app
        self._feeds = feeds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ready = None
        if scope["type"] == "http" and scope["path"] in _FORMS:
            ready = self._feeds.ready(scope)
        if ready is None:
            await self._app(scope, receive, send)
        else:
            for message in ready:
                await send(message)


def _refused(status: HTTPStatus, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers={"Access-Control-Allow-Origin": "*"})
