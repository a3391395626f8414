"""All routes of the web server, and what becomes of a request that fails."""

import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from models.indicator import DISPATCHER_WINDOW
from storage.errors import StorageError
from web import base_map, runbooks
from web.assets import Assets
from web.database import Database
from web.feeds import GEOJSON, GTFS_REALTIME, Feeds, Shortcut
from web.figures import Figures
from web.map import Map
from web.now import Now
from web.now_map import NowMap
from web.options import Options
from web.pages import Pages
from web.publication import Publication
from web.registry import RegistryPages
from web.reports import Reports
from web.security import SecurityHeaders
from web.source import FleetSource
from web.staff import Staff
from web.vehicle import VehiclePages
from web.week import Weeks

_PLAIN = ("/healthz", "/readyz", GTFS_REALTIME, GEOJSON, "/map/", "/now/events", "/vehicle/track")


def application(
    url: str, options: Options, reports: Reports, stopping: threading.Event
) -> Starlette:
    """Return the web server's application.

    Args:
        url: the database's.
        reports: what makes the KPI reports.
        stopping: when it is set, what streams comes to its end.
    """
    database = Database(url)
    windows = {DISPATCHER_WINDOW, options.feed_window, *options.windows}
    source = FleetSource(database, sorted(windows), options.zone)
    feeds = Feeds(source, options.feed_window, plates=options.plates_are_public)
    assets = Assets()
    pages = Pages(options, assets)
    staff = Staff(options, pages)

    async def ready(_request: Request) -> Response:
        try:
            await source.look()
        except StorageError:
            return PlainTextResponse("database: unavailable\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return PlainTextResponse("database: ok\n")

    async def failed(request: Request, error: Exception) -> Response:
        # Not in the answer: readers of a public feed need not know where the database is.
        structlog.get_logger().warning("page_failed", path=request.url.path, error=str(error))
        headers = {"Retry-After": "5"}
        unavailable = HTTPStatus.SERVICE_UNAVAILABLE
        if request.url.path.startswith(_PLAIN):
            text = "the database is unavailable\n"
            response: Response = PlainTextResponse(text, unavailable, headers)
        else:
            response = pages.page(request, "unavailable.html.j2", status=unavailable)
            response.headers.update(headers)
        return response

    async def not_found(request: Request, error: Exception) -> Response:
        status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else None
        if status is HTTPStatus.NOT_FOUND:
            return pages.page(request, "not_found.html.j2", status=status)
        text = f"{status.phrase.lower()}\n" if status else "internal error\n"
        return PlainTextResponse(text, status or HTTPStatus.INTERNAL_SERVER_ERROR)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        source.keep_warm()
        async with AsyncExitStack() as going_on:
            if options.publication_url is not None:
                publication = Publication(source, options.feed_window, options.publication_url)
                await going_on.enter_async_context(publication.going_on())
            yield
        await source.rest()
        database.close()

    return Starlette(
        routes=[
            Route("/", lambda _request: RedirectResponse("/now")),
            Route("/healthz", lambda _request: PlainTextResponse("ok\n")),
            Route("/readyz", ready),
            *feeds.routes(),
            *assets.routes(),
            *base_map.routes(options.base_map),
            *pages.routes(),
            *runbooks.routes(pages),
            *staff.routes(),
            *Now(source, pages, options, stopping).routes(staff.only),
            *NowMap(source).routes(staff.only),
            *Weeks(source, database, pages, options).routes(staff.only),
            *RegistryPages(database, pages).routes(staff.analysts),
            *Figures(source, database, pages, options, reports).routes(staff),
            *VehiclePages(source, database, pages, options).routes(staff.only),
            *Map(source, pages, options, stopping).routes(),
        ],
        middleware=[
            Middleware(Shortcut, feeds=feeds),
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=1000),
        ],
        exception_handlers={StorageError: failed, HTTPException: not_found},
        lifespan=lifespan,
    )
