"""The worker's uptime, recorded in the database every few seconds while it is connected."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ingest.client_id_claim import ClientIdClaim
from ingest.errors import ClientIdTaken
from models.uptime import Span
from storage.broker_session import BrokerSession, keep_session
from storage.errors import StorageError
from storage.worker_uptime import beat

INTERVAL: Final = timedelta(seconds=10)
FROZEN: Final = 3 * INTERVAL
"""Beats further apart than this leave a gap: the process or the machine was suspended."""

log = structlog.get_logger()


class Heartbeat:
    """Beat on a thread and over the claim's connection, so that no batch waits for it."""

    def __init__(self, claim: ClientIdClaim, worker: str, interval: timedelta = INTERVAL) -> None:
        """Take the claim, and the worker whose uptime it is.

        ``on_taken`` is called with the error when another worker has taken the client id.
        """
        self._claim = claim
        self._worker = worker
        self.on_taken: Callable[[ClientIdTaken], None] = lambda _error: None
        self._interval = interval
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._span: Span | None = None
        self._session: Callable[[], BrokerSession] = BrokerSession

    def start(
        self, connected: Callable[[], bool], session: Callable[[], BrokerSession] = BrokerSession
    ) -> None:
        """Begin to beat while the worker is connected to the broker.

        Args:
            connected: tells whether it is.
            session: what is to be kept of its session there.
        """
        self._session = session
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
        while self._beat(connected()):
            if self._ending.wait(self._interval.total_seconds()):
                self._beat(connected())
                return

    def _beat(self, connected: bool) -> bool:
        # While only the database is away the span goes on, since the broker keeps the messages.
        # The first beat afterwards writes it whole.
        now = datetime.now(UTC)
        self._span = self._extended(now) if connected else None
        try:
            connection = self._claim.renew()
            if connection is None:
                self.on_taken(self._claim.taken())
                return False
            if self._span is not None:
                beat(connection, self._worker, self._span)
            if (session := self._session()).known:
                keep_session(connection, self._claim.client_id, session)
        except StorageError as error:
            log.debug("heartbeat_not_recorded", error=str(error))
        return True

    def _extended(self, now: datetime) -> Span:
        longest = max(FROZEN, 3 * self._interval)
        if self._span is None or not timedelta() <= now - self._span.ends <= longest:
            return Span(now, now)
        return Span(self._span.begins, now)
