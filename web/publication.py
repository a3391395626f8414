"""What is in the public feeds, put on record once a minute: the KPI *openly published*."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import structlog
from anyio.to_thread import run_sync

from models.vehicle import VehicleId
from storage.connection import connect
from storage.errors import StorageError
from storage.published import publish
from web.source import FleetSource, Look

MINUTE_S: Final = 60.0
MIDDLE_S: Final = 30.0
"""When in a minute it is looked at: far from midnight, at which a day is over."""

log = structlog.get_logger()


class Publication:
    """Put on record which vehicles are in the feeds, whether or not anybody fetches them.

    A minute that could not be written is lost, and so is the one of a restart: a record that is
    made later would alter what was known when a day ended.
    """

    def __init__(self, source: FleetSource, window: timedelta, url: str) -> None:
        """Say what to look at, and where to write.

        Args:
            window: how old a position in the feeds may be; one of the source's.
            url: the database's, which may be another server than the one that the source reads.
        """
        self._source = source
        self._window = window
        self._url = url
        self._is_recorded = True

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Record while the context lasts, beginning at once."""
        task = asyncio.create_task(self._repeat())
        task.add_done_callback(_complain)
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _repeat(self) -> None:
        while True:
            await self._record()
            # By the wall clock, so that each minute has its turn, however long one takes.
            await asyncio.sleep(seconds_to_middle(time.time()))

    async def _record(self) -> None:
        try:
            look = await self._source.look(keeps_warm=False)
            await run_sync(self._write, look)
        except StorageError as error:
            if self._is_recorded:
                log.warning("publication_not_recorded", error=str(error))
            self._is_recorded = False
        else:
            if not self._is_recorded:
                log.info("publication_recorded_again")
            self._is_recorded = True

    def _write(self, look: Look) -> None:
        vehicles = [
            VehicleId(each.operator_id, each.vehicle_id)
            for each in look.fleet.positions(self._window)
        ]
        with connect(self._url, "fleetgauge web", autocommit=True) as connection:
            publish(connection, vehicles, look.fleet.at)


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("publication_ended", error=repr(error))


def seconds_to_middle(now: float) -> float:
    """Return how long it is from a moment (seconds since 1970) to the next middle of a minute."""
    return MINUTE_S - (now - MIDDLE_S) % MINUTE_S
