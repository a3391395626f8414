"""The time limit of those who read the database, kept by the exporter since no server keeps it."""

import threading
from datetime import timedelta
from typing import Final, Self

import structlog
from prometheus_client import CollectorRegistry

from metrics import catalogue
from storage.connection import Connection
from storage.errors import StorageError
from storage.reader import Reader
from storage.reader_limit import Ended, end_long_transactions

LIMIT: Final = timedelta(seconds=60)
"""Twice a reader's own time limit, so that a mistake ends with an error that explains it."""
INTERVAL: Final = timedelta(seconds=5)
_STATEMENT: Final = timedelta(seconds=4)

log = structlog.get_logger()


class ReaderLimit:
    """End the readers' transactions that last too long while the context lasts."""

    def __init__(
        self,
        url: str,
        registry: CollectorRegistry,
        limit: timedelta = LIMIT,
        interval: timedelta = INTERVAL,
    ) -> None:
        """Take the database, and how long a transaction may last.

        Args:
            url: the database's, of a role that is a member of the readers' roles.
            registry: gets the counter.
            limit: of a transaction.
            interval: from one look to the next.
        """
        self._ended = catalogue.counter(catalogue.READER_SESSIONS_ENDED, registry)
        self._reader = Reader(url, "fleetgauge reader limit", _STATEMENT)
        self._limit = limit
        self._interval = interval
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader-limit", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ending.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        try:
            while not self._ending.wait(self._interval.total_seconds()):
                self._look()
        finally:
            self._reader.close()

    def _look(self) -> None:
        try:
            sessions = self._reader.ask(self._end)
        except StorageError as error:
            log.debug("readers_not_seen", error=str(error))  # fleet_shares_up tells
            return
        for role, seconds, state in sessions:
            self._ended.inc()
            log.warning("reader_session_ended", role=role, seconds=round(seconds), state=state)

    def _end(self, connection: Connection) -> list[Ended]:
        return end_long_transactions(connection, self._limit)
