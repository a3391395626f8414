"""The page "Vehicle": found by number or plate; its state and why, and all it did of late."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from itertools import pairwise
from typing import Any, Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from models.indicator import DISPATCHER_WINDOW
from models.lists.characters import plate_skeleton, skeleton
from models.vehicle import VehicleId
from reports import reasons
from reports.vehicle_document import changes, legible
from storage.shares.vehicle import (
    Named,
    SentReport,
    VehicleFacts,
    directory,
    vehicle_facts,
)
from web.database import Database
from web.options import Options
from web.pages import Pages, link
from web.plots import HEIGHT, WIDTH, plots, unbroken
from web.query import asked
from web.source import FleetSource
from web.staff import Endpoint
from web.warnings import doubt

HOURS: Final = (1, 6, 24, 72)
_FOUND: Final = 50
_DIRECTORY_SECONDS: Final = 30


class VehiclePages:
    """Find vehicles, and show what is known of one."""

    def __init__(
        self, source: FleetSource, database: Database, pages: Pages, options: Options
    ) -> None:
        self._source = source
        self._database = database
        self._pages = pages
        self._options = options
        self._directory: Sequence[Named] = ()
        self._read_at: float | None = None

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        """Return the routes of the page and of a vehicle's track."""
        return [
            Route("/vehicle", guard(self._page)),
            Route("/vehicle/track.geojson", guard(self._track)),
        ]

    async def _page(self, request: Request) -> Response:
        if request.query_params.get("vehicle"):
            return await self._vehicle(request)
        wanted = asked(request, "q")
        found = await run_sync(search, await self._names(), wanted) if wanted.strip() else []
        if len(found) == 1:
            return RedirectResponse(_address(found[0].vehicle), HTTPStatus.SEE_OTHER)
        return self._pages.page(
            request,
            "vehicles.html.j2",
            asked=wanted,
            found=found[:_FOUND],
            hidden=len(found) - _FOUND,
            address=_address,
        )

    async def _vehicle(self, request: Request) -> Response:
        hours, since, until, facts = await self._facts(request)
        if facts is None:
            return self._pages.page(request, "not_found.html.j2", status=HTTPStatus.NOT_FOUND)
        look = await self._source.look()
        fleet = look.fleet
        return self._pages.page(
            request,
            "vehicle.html.j2",
            doubt=doubt(look),
            facts=facts,
            now=fleet.by_id.get((facts.vehicle.operator_id, facts.vehicle.vehicle_id)),
            at=fleet.at,
            hours=hours,
            choices=HOURS,
            plots=plots(facts.reports, since, until, DISPATCHER_WINDOW),
            size=(WIDTH, HEIGHT),
            changes=changes(facts.reports),
            rejected=[
                (each, legible(each.topic), legible(each.payload)) for each in facts.rejected
            ],
            words=reasons,
            address=_address,
            track=link("/vehicle/track.geojson", facts_query(facts, hours)),
            window=DISPATCHER_WINDOW,
        )

    async def _track(self, request: Request) -> Response:
        _, _, _, facts = await self._facts(request)
        if facts is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        text = json.dumps(_geojson(facts.reports), separators=(",", ":"))
        headers = {"Cache-Control": "no-store"}
        return Response(text, media_type="application/geo+json", headers=headers)

    async def _facts(self, request: Request) -> tuple[int, datetime, datetime, VehicleFacts | None]:
        query = request.query_params
        asked = query.get("hours", "")
        hours = int(asked) if asked in map(str, HOURS) else 6
        until = datetime.now(UTC)
        since = until - timedelta(hours=hours)
        vehicle = VehicleId(query.get("operator", ""), query.get("vehicle", ""))
        if "\0" in "".join(vehicle):
            return hours, since, until, None
        facts = await self._database.ask(
            lambda connection: vehicle_facts(connection, vehicle, since, until)
        )
        return hours, since, until, facts

    async def _names(self) -> Sequence[Named]:
        if self._read_at is None or time.monotonic() - self._read_at > _DIRECTORY_SECONDS:
            self._directory = await self._database.ask(directory)
            self._read_at = time.monotonic()
        return self._directory


def search(names: Sequence[Named], asked: str) -> list[Named]:
    """Return the vehicles that a number or a plate may mean, the nearest first.

    Case, white space, and whether a letter is Cyrillic or Latin make no difference; of a plate, a
    part is enough.
    """
    number, plate = skeleton(asked), plate_skeleton(asked)
    ranked = [(rank, each) for each in names if (rank := _rank(each, number, plate)) is not None]
    ranked.sort(key=lambda each: each[0])
    best = [each for rank, each in ranked if rank == 0]
    return best if len(best) == 1 else [each for _, each in ranked]


def _rank(named: Named, number: str, plate: str) -> int | None:
    own, own_plate = _skeletons(named)
    if number in {own, skeleton(str(named.vehicle))} or (plate and plate == own_plate):
        return 0
    if len(plate) >= 3 and plate in own_plate:
        return 1
    return 2 if number and own.startswith(number) else None


@lru_cache(maxsize=200_000)
def _skeletons(named: Named) -> tuple[str, str]:
    return skeleton(named.vehicle.vehicle_id), plate_skeleton(named.plate or "")


def facts_query(facts: VehicleFacts, hours: int) -> dict[str, object]:
    """Return the query of a vehicle's addresses."""
    operator_id, vehicle_id = facts.vehicle
    return {"operator": operator_id, "vehicle": vehicle_id, "hours": hours}


def _address(vehicle: VehicleId, **more: object) -> str:
    operator_id, vehicle_id = vehicle
    return link("/vehicle", {"operator": operator_id, "vehicle": vehicle_id, **more})


def _geojson(reports: Sequence[SentReport]) -> dict[str, Any]:
    lines = unbroken([report for report in reports if report.is_fix], DISPATCHER_WINDOW)
    features = [_line("track", [_place(fix) for fix in line]) for line in lines]
    features += [
        _line("gap", [_place(before[-1]), _place(after[0])]) for before, after in pairwise(lines)
    ]
    if lines:
        last = {"type": "Point", "coordinates": _place(lines[-1][-1])}
        features.append({"type": "Feature", "properties": {"kind": "last"}, "geometry": last})
    return {"type": "FeatureCollection", "features": features}


def _line(kind: str, places: list[list[float]]) -> dict[str, Any]:
    # A line has two points at least (RFC 7946, section 3.1.4).
    places = places if len(places) > 1 else places * 2
    geometry = {"type": "LineString", "coordinates": places}
    return {"type": "Feature", "properties": {"kind": kind}, "geometry": geometry}


def _place(fix: SentReport) -> list[float]:
    return [fix.longitude or 0.0, fix.latitude or 0.0]
