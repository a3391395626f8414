"""Today against the same day last week, minute by minute, for the page "Now"."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from models.indicator import DISPATCHER_WINDOW
from models.share import ratio
from storage.shares.day import MINUTES, DayShare, day_share
from web.database import Database
from web.options import Options
from web.pages import Pages
from web.source import FleetSource
from web.staff import Endpoint

WIDTH: Final = 720
HEIGHT: Final = 100
LARGEST: Final = 20_000
"""Vehicles; of more, the maps of a day would be 30 MB a minute."""
_STEP: Final = 5
"""Minutes between two points of a line."""
_SECONDS: Final = 60


class Week(NamedTuple):
    """What the picture shows."""

    at: datetime
    """The last whole minute, local."""
    today: int
    fleet: int
    today_ratio: float | None
    before: DayShare
    then: int
    then_ratio: float | None
    lines: tuple[str, str]
    """Points of today's line and last week's."""


class Weeks:
    """Compare today with the same weekday, once a minute however many look."""

    def __init__(
        self, source: FleetSource, database: Database, pages: Pages, options: Options
    ) -> None:
        self._source = source
        self._database = database
        self._pages = pages
        self._options = options
        self._lock = asyncio.Lock()
        self._days: dict[date, tuple[float, DayShare]] = {}

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        """Return the route of the picture."""
        return [Route("/now/week", guard(self._fragment))]

    async def _fragment(self, request: Request) -> Response:
        fleet = (await self._source.look()).fleet
        week = None if len(fleet.vehicles) > LARGEST else await self._week()
        spoken = self._pages.language(request)
        html = self._pages.render(
            spoken, "now_week.html.j2", week=week, size=(WIDTH, HEIGHT), window=DISPATCHER_WINDOW
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def _week(self) -> Week | None:
        now = datetime.now(UTC).astimezone(self._options.zone)
        async with self._lock:
            today = await self._share(now.date(), _SECONDS)
            before = await self._share(now.date() - timedelta(days=7), 3600)
            self._days = {each.day: self._days[each.day] for each in (today, before)}
        minute = max(0, now.hour * 60 + now.minute - 1)
        if not any(before.trackable):
            return None
        minimum = self._options.min_group_size
        here, then = today.trackable[minute], before.trackable[minute]
        return Week(
            now,
            here,
            today.fleet,
            ratio(here, today.fleet, minimum),
            before,
            then,
            ratio(then, before.fleet, minimum),
            (_line(today, minute), _line(before, MINUTES - 1)),
        )

    async def _share(self, day: date, seconds: float) -> DayShare:
        known = self._days.get(day)
        if known is None or time.monotonic() - known[0] > seconds:
            found = await self._database.ask(
                lambda connection: day_share(connection, day, DISPATCHER_WINDOW)
            )
            known = self._days[day] = (time.monotonic(), found)
        return known[1]


def _line(share: DayShare, last: int) -> str:
    """Return the points of a day's line, of the share and not of the number."""
    fleet = max(1, share.fleet)
    return " ".join(
        f"{minute / MINUTES * WIDTH:.1f},{HEIGHT - share.trackable[minute] / fleet * HEIGHT:.1f}"
        for minute in range(0, last + 1, _STEP)
    )
