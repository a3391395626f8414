"""The map of the page "Now": where the vehicles are, or were last, and which are not trackable."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storage.shares.fleet import Fleet, FleetVehicle
from web.answers import Encoded, answer, encoded
from web.crowd import MOST, Box, Crowd, crowds, within
from web.filters import chosen, read_filters
from web.pages import short
from web.source import FleetSource
from web.staff import Endpoint

_VIEWS: Final = 100


class _Spot(NamedTuple):
    """A vehicle, where it was last."""

    longitude: float
    latitude: float
    vehicle: FleetVehicle

    @property
    def is_missing(self) -> bool:
        """Whether it is not trackable."""
        return self.vehicle.reason is not None


class NowMap:
    """Give each view of the map, made once for all who have it."""

    def __init__(self, source: FleetSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None
        self._made: OrderedDict[tuple[object, ...], Encoded] = OrderedDict()

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        """Return the route of the vehicles."""
        return [Route("/now/vehicles.geojson", guard(self._vehicles))]

    async def _vehicles(self, request: Request) -> Response:
        fleet = (await self._source.look()).fleet
        box = Box.read(request.query_params.get("box", ""))
        made = await run_sync(self._encoded, fleet, read_filters(request), box)
        return answer(request, made, {"Cache-Control": "private, no-cache"})

    def _encoded(self, fleet: Fleet, filters: Mapping[str, str], box: Box | None) -> Encoded:
        key = (box, *filters.values())
        with self._lock:
            if fleet is not self._fleet:
                self._made.clear()
                self._fleet = fleet
            if key not in self._made:
                text = json.dumps(
                    _document(fleet, filters, box), ensure_ascii=False, separators=(",", ":")
                )
                self._made[key] = encoded(text.encode(), "application/geo+json")
                if len(self._made) > _VIEWS:
                    self._made.popitem(last=False)
            return self._made[key]


def _document(fleet: Fleet, filters: Mapping[str, str], box: Box | None) -> dict[str, Any]:
    reason = filters["reason"]
    found = [each for each in chosen(fleet, filters) if reason in {"", each.reason}]
    spots = [
        _Spot(each.longitude, each.latitude, each)
        for each in found
        if each.longitude is not None and each.latitude is not None
    ]
    seen = within(box, spots)
    is_crowded = len(seen) > MOST
    features = (
        [_crowd(each) for each in crowds(seen, lambda spot: spot.is_missing)]
        if is_crowded
        else [_spot(each) for each in seen]
    )
    return {
        "type": "FeatureCollection",
        "features": features,
        "at": fleet.at.timestamp(),
        "crowded": is_crowded,
        "nowhere": len(found) - len(spots),
    }


def _crowd(crowd: Crowd) -> dict[str, Any]:
    return _feature(
        round(crowd.longitude, 4),
        round(crowd.latitude, 4),
        {"n": crowd.number, "missing": crowd.marked},
    )


def _spot(spot: _Spot) -> dict[str, Any]:
    vehicle = spot.vehicle
    properties = {
        "operator": vehicle.operator_id,
        "vehicle": vehicle.vehicle_id,
        "name": short(vehicle.vehicle_id),
        "plate": short(vehicle.plate or ""),
        "route": short(vehicle.route_id or ""),
        "reason": vehicle.reason or "",
        "t": int(vehicle.fix_at.timestamp()) if vehicle.fix_at else None,
    }
    return _feature(round(spot.longitude, 5), round(spot.latitude, 5), properties)


def _feature(longitude: float, latitude: float, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
