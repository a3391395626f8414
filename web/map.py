"""The passengers' page: where the buses are, by route and age, and nothing that names one."""

import asyncio
import hashlib
import json
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storage.errors import StorageError
from storage.routes.timetables import Timetables
from storage.shares.fleet import Fleet
from storage.shares.positions import VehiclePosition
from web import network
from web.answers import Encoded, answer, encoded
from web.crowd import MOST, Box, Crowd, crowds, within
from web.options import Options
from web.pages import Pages
from web.query import asked
from web.source import FleetSource, Look
from web.staff import Endpoint
from web.streams import event_stream, ticks
from web.traces import Traces

_PULSE_SECONDS: Final = 15
_SCENES: Final = 100
"""Views whose readers are told what changed; of a small fleet there is one."""

_Draw = Callable[[Timetables], dict[str, Any]]


class _Bus(NamedTuple):
    """What passengers see of a bus, or of a crowd of them."""

    shown: Mapping[str, Any]
    changed: int
    """In which step it changed last."""


class _Placed(NamedTuple):
    """A bus as passengers see it, and where."""

    name: str
    longitude: float
    latitude: float
    shown: Mapping[str, Any]


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
        self._name = lru_cache(maxsize=200_000)(partial(_anonymous, secrets.token_bytes(16)))
        self._lock = asyncio.Lock()
        self._fleet: Fleet | None = None
        self._timetables = Timetables({}, {})
        self._buses: Sequence[_Placed] = ()
        self._drawn: dict[_Draw, tuple[Timetables, Encoded]] = {}
        self._scenes: OrderedDict[tuple[Box | None, str], _Scene] = OrderedDict()

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
        stop = asked(request, "stop")
        routes = Counter(bus.shown["r"] for bus in self._buses if bus.shown["r"])
        return self._pages.page(
            request,
            "map.html.j2",
            embeddable=True,
            buses=len(self._buses),
            routes=sorted(routes.items(), key=lambda each: (len(each[0]), each[0])),
            route=asked(request, "route"),
            stop=stop,
            place=_place(request.query_params.get("place", "")),
            stops=await run_sync(network.find_stops, self._timetables, stop),
            hidden=network.FOUND,
            has_stops=any(each.stops for each in self._timetables.all),
            version=self._version,
            seconds=self._options.feed_window.total_seconds(),
        )

    async def _listen(self, request: Request) -> Response:
        box = Box.read(request.query_params.get("box", ""))
        scene = self._scene(box, asked(request, "route"))
        known = scene.step_of(request.headers.get("last-event-id", ""))
        return event_stream(self._stream(scene, known))

    async def _stream(self, scene: "_Scene", known: int | None) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        async for tick in ticks(self._stopping):
            try:
                await self._look()
            except StorageError:
                yield b"event: trouble\ndata: {}\n\n"
            else:
                scene.show(self._fleet, self._buses)
                if known != scene.step:
                    yield scene.event(known)
                    known = scene.step
                elif tick % _PULSE_SECONDS == 0:
                    yield b": still here\n\n"

    def _scene(self, box: Box | None, route: str) -> "_Scene":
        key = (box, route.casefold())
        if key not in self._scenes:
            self._scenes[key] = _Scene(*key)
            if len(self._scenes) > _SCENES:
                self._scenes.popitem(last=False)
        self._scenes.move_to_end(key)
        return self._scenes[key]

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
        if look.fleet is self._fleet:
            return
        async with self._lock:
            if look.fleet is not self._fleet:
                # Of a large fleet it takes long: meanwhile others get what there is.
                self._buses = await run_sync(self._seen, look)
                self._timetables = look.slow.timetables
                self._fleet = look.fleet

    def _seen(self, look: Look) -> list[_Placed]:
        positions = look.fleet.positions(self._options.feed_window)
        self._traces.note(positions)
        timetables = look.slow.timetables
        return [
            _Placed(
                self._name(each.operator_id, each.vehicle_id),
                each.longitude,
                each.latitude,
                _shown(each, timetables),
            )
            for each in positions
        ]


class _Scene:
    """What is seen in one view, and how it changes, for all who look at it."""

    def __init__(self, box: Box | None, route: str) -> None:
        self._box = box
        self._route = route
        self._series = secrets.token_hex(4)
        self._fleet: Fleet | None = None
        self._is_crowded = False
        self._buses: dict[str, _Bus] = {}
        self._gone: dict[str, int] = {}
        self._events: dict[int | None, bytes] = {}
        self.step = 0

    def step_of(self, event_id: str) -> int | None:
        """Return the step that a reader has; None: none of these."""
        series, _, step = event_id.partition("-")
        return int(step[:9]) if series == self._series and step.isdecimal() else None

    def show(self, fleet: Fleet | None, buses: Sequence[_Placed]) -> None:
        """Take the buses of a look, if it is another."""
        if fleet is self._fleet:
            return
        self._fleet = fleet
        seen = within(self._box, buses)
        if self._route:
            seen = [each for each in seen if (each.shown["r"] or "").casefold() == self._route]
        self._is_crowded = len(seen) > MOST
        if self._is_crowded:
            self._take({each.name: _gathered(each) for each in crowds(seen, lambda _bus: False)})
        else:
            self._take({each.name: each.shown for each in seen})

    def event(self, known: int | None) -> bytes:
        """Return the event that makes of a step that a reader has the present one."""
        if known not in self._events:
            since = -1 if known is None else known
            data = {
                "at": self._fleet.at.timestamp() if self._fleet else 0,
                "all": known is None,
                "crowded": self._is_crowded,
                "buses": {
                    name: bus.shown for name, bus in self._buses.items() if bus.changed > since
                },
                "gone": [name for name, at in self._gone.items() if at > since],
            }
            text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
            number = f"{self._series}-{self.step}"
            self._events[known] = f"id: {number}\nevent: buses\ndata: {text}\n\n".encode()
        return self._events[known]

    def _take(self, shown: Mapping[str, Mapping[str, Any]]) -> None:
        step = self.step + 1
        gone = self._buses.keys() - shown.keys()
        changed = {
            name: _Bus(bus, step)
            for name, bus in shown.items()
            if name not in self._buses or self._buses[name].shown != bus
        }
        if not gone and not changed and self.step:
            return
        self.step = step
        for name in gone:
            del self._buses[name]
        self._buses |= changed
        self._gone = {name: at for name, at in self._gone.items() if name not in shown}
        self._gone |= dict.fromkeys(gone, step)
        self._events.clear()


def _anonymous(salt: bytes, operator_id: str, vehicle_id: str) -> str:
    # Nobody can tell from it which vehicle it is, nor find the same one again another day.
    text = f"{operator_id}/{vehicle_id}".encode()
    return hashlib.blake2b(text, key=salt, digest_size=6).hexdigest()


def _shown(bus: VehiclePosition, timetables: Timetables) -> dict[str, Any]:
    timetable = timetables.of(bus.operator_id)
    route = timetable.routes.get(bus.route_id or "") if timetable else None
    return {
        "p": [round(bus.longitude, 5), round(bus.latitude, 5)],
        "r": network.name_of(route) if route else bus.route_id,
        "t": int(bus.fix_at.timestamp()),
        "b": None if bus.bearing_deg is None else round(bus.bearing_deg),
    }


def _gathered(crowd: Crowd) -> dict[str, Any]:
    return {"p": [round(crowd.longitude, 4), round(crowd.latitude, 4)], "n": crowd.number}


def _place(asked: str) -> str:
    """Return a place to show, longitude and latitude; empty where none is asked for."""
    try:
        longitude, latitude = map(float, asked.split(","))
    except ValueError:
        return ""
    is_on_earth = -180 <= longitude <= 180 and -90 <= latitude <= 90
    return f"{round(longitude, 5)},{round(latitude, 5)}" if is_on_earth else ""
