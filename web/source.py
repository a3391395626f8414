"""What is known now, read at most once a second however many look."""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from anyio.to_thread import run_sync

from models.equipment import Kinds
from models.target import Scope
from storage.connection import Connection
from storage.errors import StorageError
from storage.replica import known_now
from storage.routes.timetables import Timetables, current_feeds, timetables
from storage.service_hours import operators_in_service
from storage.shares.fleet import Fleet, fleet_now, unregistered_now
from storage.targets import targets_on
from storage.worker_uptime import last_connected
from storage.writing.keys import known_kinds
from web.database import Database

READ_SECONDS: Final = 1.0
"""How old what is shown may be."""

READ_SHARE: Final = 4
"""A read that takes longer than a quarter of that, as of 100,000 vehicles, is made less often."""

WARM_SECONDS: Final = 600.0
"""How long such a fleet is read on for the next who may look, who would have to wait for it."""

SLOW_SECONDS: Final = 15.0
"""The same, of what seldom changes."""


class Slow(NamedTuple):
    """What seldom changes."""

    kinds: Kinds
    unregistered: Mapping[str, int]
    """By operator: vehicles that publish and are not in the fleet."""
    targets: Mapping[Scope, Mapping[str, float]]
    """Today's plan, by scope and indicator."""
    connected_at: datetime | None
    """When an ingest worker was last known to be connected; None: none ever was."""
    is_expected: bool
    """Whether any operator may have buses out: by its service hours, or none are known of it."""
    timetables: Timetables


class Look(NamedTuple):
    """One look at the database."""

    fleet: Fleet
    slow: Slow
    behind: timedelta
    """How long before now the moment is that it describes: on a replica, its delay."""
    made: dict[Hashable, Any]
    """What was made of it, by what asked for it."""


class FleetSource:
    """Share one look among all who ask within a second."""

    def __init__(self, database: Database, windows: Sequence[timedelta], zone: ZoneInfo) -> None:
        """Say where to look.

        Args:
            windows: those that the fleet is counted by.
            zone: whose date decides on the plan.
        """
        self._database = database
        self._windows = windows
        self._zone = zone
        self._lock = asyncio.Lock()
        self._found: Look | StorageError | None = None
        self._found_at = 0.0
        self._pause = READ_SECONDS
        self._asked_at = 0.0
        self._reading: asyncio.Task[None] | None = None
        self.prepare: Callable[[Look], None] = lambda _look: None
        """Makes what many will ask for of a look, before it is shown; in another thread."""
        self._slow: Slow | None = None
        self._slow_at = 0.0

    def newest(self) -> Look | None:
        """Return what is known, if it is no older than a second; None: it has to be read first."""
        return self._found if isinstance(self._found, Look) and self._is_fresh() else None

    async def look(self, *, keeps_warm: bool = True) -> Look:
        """Return what is known, no older than a second.

        Args:
            keeps_warm: whether it goes on being read for others who may look, if that takes long.

        Raises:
            StorageError: the database does not answer; of this, too, it is asked once a second.
        """
        if keeps_warm:
            self._asked_at = time.monotonic()
        if self._is_fresh():
            pass
        elif self._is_usable():
            self._begin()
        else:
            await self._read_once()
        if isinstance(self._found, Look):
            return self._found
        raise self._found or StorageError("nothing was read")

    def keep_warm(self) -> None:
        """Read at once, and go on while somebody looks now and then, if it takes long."""
        self._asked_at = time.monotonic()
        self._begin()

    async def rest(self) -> None:
        """Read no more, and wait for what is being read."""
        self._asked_at = -WARM_SECONDS
        if self._reading is not None:
            await self._reading

    def _begin(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_once())

    def _go_on(self) -> None:
        if time.monotonic() - self._asked_at < WARM_SECONDS:
            self._begin()

    def _is_fresh(self) -> bool:
        return self._found is not None and time.monotonic() - self._found_at < self._pause

    def _is_usable(self) -> bool:
        """Tell whether it is shown while the next one is read: nobody waits for a large fleet."""
        late = time.monotonic() - self._found_at - self._pause
        return isinstance(self._found, Look) and late < self._pause

    async def _read_once(self) -> None:
        async with self._lock:
            if not self._is_fresh():
                await self._read()

    async def _read(self) -> None:
        begun = time.monotonic()
        try:
            found = await self._database.ask(self._ask)
            await run_sync(self.prepare, found)
            self._found = found
            self._pause = max(READ_SECONDS, READ_SHARE * (time.monotonic() - begun))
        except StorageError as error:
            self._found = error
            self._pause = READ_SECONDS
            begun = time.monotonic()
        self._found_at = begun
        if self._pause > READ_SECONDS:
            asyncio.get_running_loop().call_later(self._pause, self._go_on)

    def _ask(self, connection: Connection) -> Look:
        now = known_now(connection)
        if self._slow is None or time.monotonic() - self._slow_at >= SLOW_SECONDS:
            today = now.astimezone(self._zone).date()
            self._slow = Slow(
                known_kinds(connection),
                unregistered_now(connection, now),
                targets_on(connection, today),
                last_connected(connection),
                any(each is not False for each in operators_in_service(connection, now).values()),
                self._timetables(connection),
            )
            self._slow_at = time.monotonic()
        fleet = fleet_now(connection, now, self._windows, self._slow.kinds)
        return Look(fleet, self._slow, datetime.now(UTC) - now, {})

    def _timetables(self, connection: Connection) -> Timetables:
        """Return the timetables, which are read again only after one was imported."""
        feeds = current_feeds(connection)
        if self._slow is not None and self._slow.timetables.feeds == feeds:
            return self._slow.timetables
        return timetables(connection, feeds)
