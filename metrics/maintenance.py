"""Throwing away what is old enough, at an interval, beside the exporter.

Of several exporters one does it at a time. Where the exporter's role may not, as with the roles of
docs/security.md, it says so once, and leaves it to `fleetgauge maintain --every`.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import structlog
from prometheus_client import CollectorRegistry

from metrics import catalogue
from models.retention import Retention
from storage.connection import connect
from storage.errors import StorageError
from storage.excess_rights import excess_rights
from storage.retention.compressing import why_uncompressed
from storage.retention.rounds import maintain_round
from storage.retention.throw_away import BusyElsewhere

log = structlog.get_logger()

FIRST: Final = timedelta(seconds=30)
"""After the start: a process that dies again and again deletes nothing."""


class Maintenance:
    """Throw away at an interval while the context lasts, on a thread of its own."""

    def __init__(
        self,
        url: str,
        kept: Retention,
        interval: timedelta,
        registry: CollectorRegistry,
        first: timedelta = FIRST,
    ) -> None:
        """Say what and how often.

        Args:
            url: the database's.
            kept: how long what is kept.
            interval: from the end of one run to the next.
            registry: gets the gauge.
            first: from the start to the first run.
        """
        self._completed = catalogue.gauge(catalogue.MAINTENANCE_COMPLETED, registry)
        self._url = url
        self._kept = kept
        self._interval = interval
        self._first = first
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ending.set()
        # A step that is under way is undone by the server when we are gone.
        self._thread.join(timeout=1)

    def _run(self) -> None:
        pause, logged = self._first, None
        while not self._ending.wait(pause.total_seconds()):
            pause = self._interval
            try:
                with connect(self._url, "fleetgauge maintain", autocommit=True) as connection:
                    is_owner = excess_rights(connection) is not None
                    uncompressed = why_uncompressed(connection, self._kept)
                if not is_owner:
                    log.info("maintenance_left_to_others", command="fleetgauge maintain --every")
                    return
                if uncompressed and uncompressed != logged:
                    log.info("compression_unused", reason=uncompressed)
                    logged = uncompressed
                freed = maintain_round(self._url, self._kept, datetime.now(UTC))
            except BusyElsewhere:
                continue
            except StorageError as error:
                log.warning("maintenance_failed", error=str(error))
                continue
            self._completed.set(datetime.now(UTC).timestamp())
            log.info("maintenance_done", **freed)
