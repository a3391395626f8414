"""The page "Registry": who publishes without being registered, and what was changed; read-only."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storage.registry.inbox import inbox
from storage.registry.listing import registry_changes
from web.database import Database
from web.pages import Pages
from web.staff import Endpoint

ROWS: Final = 500


class RegistryPages:
    """Show the registry's inbox and its changes."""

    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    def routes(self, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        """Return the routes of the two pages."""
        return [
            Route("/registry", guard(self._inbox)),
            Route("/registry/changes", guard(self._changes)),
        ]

    async def _inbox(self, request: Request) -> Response:
        found = await self._database.ask(lambda connection: inbox(connection, datetime.now(UTC)))
        newest = sorted(found, key=lambda each: each.contact_at, reverse=True)
        return self._pages.page(
            request, "registry.html.j2", found=newest[:ROWS], number=len(found), rows=ROWS
        )

    async def _changes(self, request: Request) -> Response:
        changes = await self._database.ask(lambda connection: registry_changes(connection, ROWS))
        return self._pages.page(request, "registry_changes.html.j2", changes=changes, rows=ROWS)
