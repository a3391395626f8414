"""The page "Now": the share, and the buses that are not trackable, kept current by events."""

import asyncio
import json
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.indicator import DISPATCHER_WINDOW, TRACKABLE, UntrackableReason
from models.share import ratio
from models.target import Scope
from reports import reasons
from reports.language import Language
from storage.errors import StorageError
from storage.shares.fleet import Fleet, FleetVehicle
from web.filters import Choices, choices, chosen, read_filters
from web.options import Options
from web.pages import Pages, link
from web.source import FleetSource, Look
from web.staff import Endpoint
from web.streams import event_stream, ticks
from web.warnings import doubt

ROWS: Final = 100
"""Of one page: more would be slow to read and to draw."""

_KEPT: Final = 20
"""Versions of a view that its readers may still have."""
_VIEWS: Final = 200
_PULSE_SECONDS: Final = 5
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Row(NamedTuple):
    """What is shown of a vehicle that is not trackable."""

    operator_id: str
    vehicle_id: str
    operator: str
    plate: str | None
    route: str | None
    depot: str | None
    municipality: str | None
    reason: str
    since: datetime | None
    contact_at: datetime | None
    rejected: str | None

    @property
    def key(self) -> str:
        """Its name among the rows."""
        return f"{self.operator_id}/{self.vehicle_id}"


class View(NamedTuple):
    """What the page shows at a moment, as HTML."""

    version: str
    warning: str
    summary: str
    rows: Mapping[str, str]
    """By key, in order."""
    more: str
    """What is said of the rows that are not there, and the way to them."""


class Now:
    """Show the fleet now to whoever looks, each by the filters in the address."""

    def __init__(
        self, source: FleetSource, pages: Pages, options: Options, stopping: threading.Event
    ) -> None:
        self._source = source
        self._pages = pages
        self._options = options
        self._stopping = stopping
        self._channels: OrderedDict[tuple[Any, ...], _Channel] = OrderedDict()
        self._known_fleet: Fleet | None = None
        self._choices: Choices = {}

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        """Return the routes of the page and of its events."""
        return [Route("/now", guard(self._page)), Route("/now/events", guard(self._events))]

    async def _page(self, request: Request) -> Response:
        look = await self._source.look()
        filters, spoken = read_filters(request), self._pages.language(request)
        view = await self._channel(request, filters).view(look)
        if look.fleet is not self._known_fleet:
            self._choices = await run_sync(choices, look.fleet)
            self._known_fleet = look.fleet
        return self._pages.page(
            request,
            "now.html.j2",
            view=view,
            filters=filters,
            choices=self._choices,
            reason=reasons.reason,
            reasons=list(UntrackableReason),
            reason_names={each: reasons.reason(spoken, each) for each in UntrackableReason},
            at=look.fleet.at,
            events=link("/now/events", filters, page=_page(request) or ""),
            vehicles=link("/now/vehicles.geojson", filters),
        )

    async def _events(self, request: Request) -> Response:
        channel = self._channel(request, read_filters(request))
        known = request.headers.get("last-event-id") or request.query_params.get("version", "")
        return event_stream(self._stream(channel, known))

    async def _stream(self, channel: "_Channel", known: str) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        async for tick in ticks(self._stopping):
            try:
                look = await self._source.look()
            except StorageError:
                yield _event("trouble", {})
            else:
                version = (await channel.view(look)).version
                if version != known:
                    yield channel.change(known)
                    known = version
                elif tick % _PULSE_SECONDS == 0:
                    yield _event("pulse", {"at": look.fleet.at.isoformat()})

    def _channel(self, request: Request, filters: Mapping[str, str]) -> "_Channel":
        spoken, page = self._pages.language(request), _page(request)
        key = (spoken.code, page, *filters.values())
        if key not in self._channels:
            self._channels[key] = _Channel(self._pages, self._options, filters, page, spoken)
            if len(self._channels) > _VIEWS:
                self._channels.popitem(last=False)
        self._channels.move_to_end(key)
        return self._channels[key]


class _Channel:
    """One view for all who look through the same filters in the same language."""

    def __init__(
        self,
        pages: Pages,
        options: Options,
        filters: Mapping[str, str],
        page: int,
        language: Language,
    ) -> None:
        self._pages = pages
        self._options = options
        self._filters = filters
        self._page = page
        self._language = language
        self._fleet: Fleet | None = None
        self._lock = asyncio.Lock()
        self._views: OrderedDict[str, View] = OrderedDict()
        self._changes: dict[str, bytes] = {}
        self._row = lru_cache(maxsize=2 * ROWS)(self._new_row)

    async def view(self, look: Look) -> View:
        """Return what is shown of a look; it is made once for all."""
        if look.fleet is not self._fleet:
            async with self._lock:
                if look.fleet is not self._fleet:
                    # Of a large fleet it takes long: meanwhile others are answered.
                    self._take(await run_sync(self._new_view, look))
                    self._fleet = look.fleet
        return next(reversed(self._views.values()))

    def _take(self, view: View) -> None:
        if not self._views or next(reversed(self._views)) != view.version:
            self._views[view.version] = view
            self._views.move_to_end(view.version)
            self._changes.clear()
        if len(self._views) > _KEPT:
            self._views.popitem(last=False)

    def change(self, known: str) -> bytes:
        """Return the event that makes of a version that a reader has the present one."""
        if known not in self._changes:
            before = self._views.get(known, View("", "", "", {}, ""))
            now = next(reversed(self._views.values()))
            self._changes[known] = _event("now", self._difference(before, now), now.version)
        return self._changes[known]

    def _difference(self, before: View, now: View) -> dict[str, Any]:
        changed = {key: row for key, row in now.rows.items() if before.rows.get(key) != row}
        found: dict[str, Any] = {"at": self._at().isoformat(), "rows": changed, "more": now.more}
        if list(before.rows) != list(now.rows):
            found["order"] = list(now.rows)
        if before.warning != now.warning:
            found["warning"] = now.warning
        if before.summary != now.summary:
            found["summary"] = now.summary
        return found

    def _at(self) -> datetime:
        return self._fleet.at if self._fleet else datetime.now(UTC)

    def _new_view(self, look: Look) -> View:
        found = chosen(look.fleet, self._filters)
        reason = self._filters["reason"]
        missing = [each for each in found if each.reason and reason in {"", each.reason}]
        # Newest first; what never had a position has been missing longest.
        missing.sort(key=lambda each: each.since or _NEVER, reverse=True)
        first = min(self._page, max(0, len(missing) - 1) // ROWS) * ROWS
        shown = [_row(each, look.fleet) for each in missing[first : first + ROWS]]
        rows = {row.key: self._row(row) for row in shown}
        more = self._more(first, len(rows), len(missing))
        warning = self._pages.render(self._language, "warning.html.j2", doubt=doubt(look))
        summary = self._summary(look, found)
        text = json.dumps([warning, summary, more, list(rows.items())])
        return View(sha256(text.encode()).hexdigest()[:16], warning, summary, rows, more)

    def _new_row(self, row: Row) -> str:
        values = {"row": row, "reason": reasons.reason, "rejection": reasons.rejection}
        return self._pages.render(self._language, "now_row.html.j2", **values)

    def _more(self, first: int, shown: int, number: int) -> str:
        return self._pages.render(
            self._language,
            "now_more.html.j2",
            filters=self._filters,
            first=first,
            shown=shown,
            number=number,
            page=first // ROWS,
            last=max(0, number - 1) // ROWS,
        )

    def _summary(self, look: Look, found: Sequence[FleetVehicle]) -> str:
        counts = look.fleet.counts(found)
        plan = self._plan(look)
        share = counts.ratio(TRACKABLE, DISPATCHER_WINDOW, self._options.min_group_size)
        operator = self._filters["operator"]
        return self._pages.render(
            self._language,
            "now_summary.html.j2",
            counts=counts,
            window=DISPATCHER_WINDOW,
            windows=sorted(counts.trackable),
            share=share,
            ratio=lambda count: ratio(count, counts.vehicles, self._options.min_group_size),
            minimum=self._options.min_group_size,
            plan=plan,
            difference=None if plan is None or share is None else (share - plan) * 100,
            filters=self._filters,
            reasons=list(UntrackableReason),
            reason=reasons.reason,
            explained=reasons.explained,
            unregistered=sum(
                number for name, number in look.slow.unregistered.items() if operator in {"", name}
            ),
        )

    def _plan(self, look: Look) -> float | None:
        """Return the plan of just what is shown: of the fleet, an operator, a municipality."""
        given = {name: value for name, value in self._filters.items() if value and name != "reason"}
        if given.keys() - {"operator", "municipality"} or len(given) > 1:
            return None
        scope = Scope(given.get("operator"), given.get("municipality"))
        return look.slow.targets.get(scope, {}).get(TRACKABLE)


def _event(name: str, data: Mapping[str, Any], number: str = "") -> bytes:
    head = f"id: {number}\n" if number else ""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{head}event: {name}\ndata: {text}\n\n".encode()


def _page(request: Request) -> int:
    """Return which page of the rows is asked for, from 0."""
    asked = request.query_params.get("page", "")
    return max(0, int(asked[:6]) - 1) if asked.isdecimal() else 0


def _row(vehicle: FleetVehicle, fleet: Fleet) -> Row:
    return Row(
        vehicle.operator_id,
        vehicle.vehicle_id,
        fleet.operators[vehicle.operator_id],
        vehicle.plate,
        vehicle.route_id,
        vehicle.attributes.get("depot"),
        vehicle.attributes.get("municipality"),
        vehicle.reason or "",
        vehicle.since,
        vehicle.contact_at,
        vehicle.rejected_reason if vehicle.reason in {"rejected", "bad_clock"} else None,
    )
