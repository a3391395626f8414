"""The passengers' page: where the buses are, by route and age, and nothing that names one."""

import asyncio
import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, NamedTuple

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from storage.errors import StorageError
from storage.routes.timetables import Timetables
from storage.shares.fleet import Fleet
from storage.shares.positions import VehiclePosition
from web import network
from web.answers import Encoded, answer, encoded
from web.options import Options
from web.pages import Pages
from web.source import READ_SECONDS, FleetSource
from web.staff import Endpoint
from web.traces import Traces

_PULSE_SECONDS: Final = 15

_Draw = Callable[[Timetables], dict[str, Any]]


class _Bus(NamedTuple):
    """What passengers see of a bus."""

    shown: Mapping[str, Any]
    changed: int
    """In which step it changed last."""


class Map:
    """Show passengers where the buses are."""

    def __init__(
        self, source: FleetSource, pages: Pages, options: Options, stopping: threading.Event
    ) -> None:
        self._source = source
        self._pages = pages
        self._options = options
        self._stopping = stopping
        self._traces = Traces()
        self._salt = secrets.token_bytes(16)
        self._series = secrets.token_hex(4)
        self._fleet: Fleet | None = None
        self._timetables = Timetables({}, {})
        self._drawn: dict[_Draw, tuple[Timetables, Encoded]] = {}
        self._step = 0
        self._buses: dict[str, _Bus] = {}
        self._gone: dict[str, int] = {}
        self._events: dict[int | None, bytes] = {}

    def routes(self) -> list[Route]:
        """Return the routes of the page and its data; none where there is no such map."""
        if not self._options.map_is_public:
            return []
        return [
            Route("/map", self._page),
            Route("/map/events", self._listen),
            Route("/map/traces.geojson", self._streets),
            Route("/map/routes.geojson", self._network(network.routes)),
            Route("/map/stops.geojson", self._network(network.stops)),
        ]

    async def _page(self, request: Request) -> Response:
        await self._look()
        asked = request.query_params.get("stop", "")[:100]
        routes = Counter(bus.shown["r"] for bus in self._buses.values() if bus.shown["r"])
        return self._pages.page(
            request,
            "map.html.j2",
            embeddable=True,
            buses=len(self._buses),
            routes=sorted(routes.items(), key=lambda each: (len(each[0]), each[0])),
            route=request.query_params.get("route", "")[:100],
            stop=asked,
            place=_place(request.query_params.get("place", "")),
            stops=await run_sync(network.find_stops, self._timetables, asked),
            hidden=network.FOUND,
            has_stops=any(each.stops for each in self._timetables.all),
            version=self._version,
            seconds=self._options.feed_window.total_seconds(),
        )

    async def _listen(self, request: Request) -> Response:
        series, _, step = request.headers.get("last-event-id", "").partition("-")
        known = int(step) if series == self._series and step.isdecimal() else None
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = self._stream(known)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def _stream(self, known: int | None) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        ticks = 0
        while not self._stopping.is_set():
            try:
                await self._look()
            except StorageError:
                yield b"event: trouble\ndata: {}\n\n"
            else:
                if known != self._step:
                    yield self._event(known)
                    known = self._step
                elif ticks % _PULSE_SECONDS == 0:
                    yield b": still here\n\n"
            ticks += 1
            await asyncio.sleep(READ_SECONDS)

    async def _streets(self, request: Request) -> Response:
        await self._look()
        geometry = {"type": "MultiLineString", "coordinates": self._traces.lines()}
        feature = {"type": "Feature", "properties": {}, "geometry": geometry}
        body = json.dumps(feature, separators=(",", ":")).encode()
        headers = {"Cache-Control": "public, max-age=30"}
        return answer(request, encoded(body, "application/geo+json"), headers)

    @property
    def _version(self) -> str:
        """What the address of the routes and stops holds, so that a browser may keep them."""
        return "-".join(map(str, self._timetables.feeds.values()))

    def _network(self, draw: "_Draw") -> Endpoint:
        async def drawn(request: Request) -> Response:
            await self._look()
            made = await run_sync(self._encoded, draw, self._timetables)
            for_ever = request.query_params.get("v") == self._version
            headers = {"Cache-Control": f"public, max-age={86400 if for_ever else 30}"}
            return answer(request, made, headers)

        return drawn

    def _encoded(self, draw: "_Draw", timetables: Timetables) -> Encoded:
        known = self._drawn.get(draw)
        if known is None or known[0] is not timetables:
            made = json.dumps(draw(timetables), ensure_ascii=False, separators=(",", ":"))
            known = (timetables, encoded(made.encode(), "application/geo+json"))
            self._drawn[draw] = known
        return known[1]

    async def _look(self) -> None:
        look = await self._source.look()
        fleet = look.fleet
        if fleet is self._fleet:
            return
        self._fleet = fleet
        self._timetables = look.slow.timetables
        positions = fleet.positions(self._options.feed_window)
        self._traces.note(positions)
        self._take({self._name(each): _shown(each, self._timetables) for each in positions})

    def _take(self, shown: Mapping[str, Mapping[str, Any]]) -> None:
        step = self._step + 1
        gone = self._buses.keys() - shown.keys()
        changed = {
            name: _Bus(bus, step)
            for name, bus in shown.items()
            if name not in self._buses or self._buses[name].shown != bus
        }
        if not gone and not changed and self._step:
            return
        self._step = step
        for name in gone:
            del self._buses[name]
        self._buses |= changed
        self._gone = {name: at for name, at in self._gone.items() if name not in shown}
        self._gone |= dict.fromkeys(gone, step)
        self._events.clear()

    def _event(self, known: int | None) -> bytes:
        if known not in self._events:
            since = -1 if known is None else known
            data = {
                "at": self._fleet.at.timestamp() if self._fleet else 0,
                "all": known is None,
                "buses": {
                    name: bus.shown for name, bus in self._buses.items() if bus.changed > since
                },
                "gone": [name for name, at in self._gone.items() if at > since],
            }
            text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
            number = f"{self._series}-{self._step}"
            self._events[known] = f"id: {number}\nevent: buses\ndata: {text}\n\n".encode()
        return self._events[known]

    def _name(self, bus: VehiclePosition) -> str:
        # Nobody can tell from it which vehicle it is, nor find the same one again another day.
        text = f"{bus.operator_id}/{bus.vehicle_id}".encode()
        return hashlib.blake2b(text, key=self._salt, digest_size=6).hexdigest()


def _shown(bus: VehiclePosition, timetables: Timetables) -> dict[str, Any]:
    timetable = timetables.of(bus.operator_id)
    route = timetable.routes.get(bus.route_id or "") if timetable else None
    return {
        "p": [round(bus.longitude, 5), round(bus.latitude, 5)],
        "r": network.name_of(route) if route else bus.route_id,
        "t": int(bus.fix_at.timestamp()),
        "b": None if bus.bearing_deg is None else round(bus.bearing_deg),
    }


def _place(asked: str) -> str:
    """Return a place to show, longitude and latitude; empty where none is asked for."""
    try:
        longitude, latitude = map(float, asked.split(","))
    except ValueError:
        return ""
    is_on_earth = -180 <= longitude <= 180 and -90 <= latitude <= 90
    return f"{round(longitude, 5)},{round(latitude, 5)}" if is_on_earth else ""
