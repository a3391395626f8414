"""The worker's uptime, recorded in the database every few seconds while it is connected."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from models.uptime import Span
from storage.connection import Connection, connect
from storage.errors import StorageError
from storage.worker_uptime import beat

INTERVAL: Final = timedelta(seconds=10)
FROZEN: Final = 3 * INTERVAL
"""Beats further apart than this leave a gap: the process or the machine was suspended."""

log = structlog.get_logger()


class Heartbeat:
    """Beat on a thread and over a connection of its own, so that no batch waits for it."""

    def __init__(self, url: str, worker: str, interval: timedelta = INTERVAL) -> None:
        """Take the database, and the worker whose uptime it is."""
        self._url = url
        self._worker = worker
        self._interval = interval
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._span: Span | None = None

    def start(self, connected: Callable[[], bool]) -> None:
        """Begin to beat while the worker is connected to the broker."""
        self._thread = threading.Thread(
            target=self._run, args=[connected], name="heartbeat", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End with a last beat, without waiting for a database that does not answer."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _run(self, connected: Callable[[], bool]) -> None:
        while not self._ending.is_set():
            self._beat(connected())
            self._ending.wait(self._interval.total_seconds())
        self._beat(connected())
        if self._connection is not None:
            self._connection.close()

    def _beat(self, connected: bool) -> None:
        # While only the database is away the span goes on, since the broker keeps the messages.
        # The first beat afterwards writes it whole.
        now = datetime.now(UTC)
        self._span = self._extended(now) if connected else None
        if self._span is None:
            return
        try:
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._url, "fleetgauge heartbeat", autocommit=True)
            beat(self._connection, self._worker, self._span)
        except StorageError as error:
            log.debug("heartbeat_not_recorded", error=str(error))

    def _extended(self, now: datetime) -> Span:
        longest = max(FROZEN, 3 * self._interval)
        if self._span is None or not timedelta() <= now - self._span.ends <= longest:
            return Span(now, now)
        return Span(self._span.begins, now)
