"""The shares for concurrent readers: one computation serves all who ask at the same time."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

import structlog

from models.share import Shares
from storage.connection import Connection
from storage.errors import DatabaseUnavailable, StorageError
from storage.reader import Reader
from storage.replica import known_now
from storage.service_hours import operators_in_service
from storage.shares.shares import Asked, shares
from storage.targets import current_targets

FRESH: Final = timedelta(seconds=2)
"""Two scrapers, or a scrape and a check, share a result up to this old."""

STATEMENT: Final = timedelta(seconds=4)
"""A longer query is cancelled, within Prometheus's usual 10 s for a scrape."""

PATIENCE: Final = timedelta(seconds=5)
"""How long to wait for a database that does not answer at all."""


class Computed(NamedTuple):
    """Shares with their targets, and how long they took."""

    behind: timedelta
    """How long before now the moment is that the shares describe: on a replica, its delay."""
    shares: Shares
    query_seconds: float
    in_service: Mapping[str, bool | None]
    """By operator, whether it is in service now; None: no service hours are known."""
    targets: Mapping[str, float]
    """Of the whole fleet, in force today."""


class ShareSource:
    """Give fresh shares to any number of threads; one query runs at a time."""

    def __init__(
        self,
        url: str,
        windows: Sequence[timedelta],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        fresh: timedelta = FRESH,
        zone: tzinfo = UTC,
    ) -> None:
        """Take the database and the windows.

        Args:
            url: the database's.
            windows: of the shares; the reasons are those of the dispatcher's window.
            clock: returns the moment to count for, UTC-aware.
            fresh: how old a result may be to be returned again.
            zone: decides today's date, for the targets.
        """
        self._reader = Reader(url, "fleetgauge metrics", STATEMENT)
        self._windows = windows
        self._clock = clock
        self._fresh = fresh
        self._zone = zone
        self._lock = threading.Lock()
        self._running: Future[Computed] | None = None
        self._last: Computed | None = None
        self._last_at = 0.0
        self._problem: str | None = None

    @property
    def last(self) -> Computed | None:
        """The last result, however old; None before the first."""
        return self._last

    def compute(self) -> Computed:
        """Return fresh shares.

        Raises:
            StorageError: there are none, or not in time.
        """
        with self._lock:
            if self._last and time.monotonic() - self._last_at <= self._fresh.total_seconds():
                return self._last
            running = self._running or self._begin()
        try:
            computed = running.result(PATIENCE.total_seconds())
        except NotInTime as error:
            raise self._failed(DatabaseUnavailable("the database does not answer")) from error
        except StorageError as error:
            raise self._failed(error) from error
        self._recovered()
        return computed

    def problem(self) -> str | None:
        """Return why there are no fresh shares; None if there are."""
        try:
            self.compute()
        except StorageError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Drop the connection; a query that is under way ends by itself."""
        with self._lock:
            if self._running is None:
                self._reader.close()

    def _begin(self) -> Future[Computed]:
        self._running = future = Future[Computed]()
        # Not a pool's thread: one waiting for a dead network must not delay the end.
        threading.Thread(target=self._run, args=[future], name="shares", daemon=True).start()
        return future

    def _run(self, future: Future[Computed]) -> None:
        try:
            computed = self._computed()
        except BaseException as error:  # noqa: BLE001 (a thread's top: passed to whoever waits)
            with self._lock:
                self._running = None
            future.set_exception(error)
            return
        with self._lock:
            self._running, self._last, self._last_at = None, computed, time.monotonic()
        future.set_result(computed)

    def _computed(self) -> Computed:
        began = time.monotonic()
        computed = self._reader.ask(self._answers)
        return computed._replace(query_seconds=time.monotonic() - began)

    def _answers(self, connection: Connection) -> Computed:
        now = known_now(connection, self._clock)
        return Computed(
            behind=self._clock() - now,
            shares=shares(connection, Asked(now), self._windows),
            query_seconds=0,
            in_service=operators_in_service(connection, now),
            targets=current_targets(connection, now.astimezone(self._zone).date()),
        )

    def _failed(self, error: StorageError) -> StorageError:
        # One line per fault, not per scrape.
        if self._problem != str(error):
            self._problem = str(error)
            structlog.get_logger().warning("shares_failed", error=self._problem)
        return error

    def _recovered(self) -> None:
        if self._problem is not None:
            self._problem = None
            structlog.get_logger().info("shares_recovered")
