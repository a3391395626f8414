"""The writer: one batch, one transaction."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Final, Self

import psycopg

from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.errors import DataRejected, translated
from storage.sql import queries
from storage.writing import newcomers, reception, rejected
from storage.writing.batch import Batch, Written
from storage.writing.keep import Repeats, keep, learn_keys
from storage.writing.keys import Keys
from storage.writing.quotas import Quotas

_SQL: Final = queries("writing")
_USUAL_QUOTAS: Final = Quotas()

PATIENCE_S = 60.0
"""After so long without an end a batch is given up, and tried again over another connection."""


class Writer:
    """Keep batches, over one connection that is opened again after a fault; for one thread."""

    def __init__(
        self, url: str, worker: str, time_zone: str, quotas: Quotas = _USUAL_QUOTAS
    ) -> None:
        """Say where to write, and as whom.

        Args:
            url: the database's.
            worker: whose account the reports go into; two workers must not share a name.
            time_zone: IANA name, for operators that are not known yet.
            quotas: how much is kept of rejected messages, and of vehicles that are not in the
                fleet list.
        """
        self._url = url
        self._worker = worker
        self._quotas = quotas
        self._keys = Keys(time_zone)
        self.repeats = Repeats()
        """What the batches before let expect of the next."""
        self.on_staged: Callable[[], None] = lambda: None
        """Called when a batch is all with the database, and there is nothing to do but wait."""
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def connect(self) -> None:
        """Connect, if not connected yet.

        Raises:
            DatabaseUnavailable: the server does not answer.
        """
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url, "fleetgauge ingest", autocommit=True)
            if not self._connection.pooled:
                with translated():
                    self._connection.execute(_SQL["compress_fast"])
                    self._connection.execute(_SQL["create_staged"])
            # It may be another database by now, restored from a copy that knows other keys.
            self._keys.forget()

    def close(self) -> None:
        """Drop the connection; the next write makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """Let a write that waits for an answer fail; from another thread.

        A server that has gone without a word is otherwise waited for until TCP gives it up.
        """
        connection = self._connection
        with contextlib.suppress(psycopg.Error, OSError):
            if connection is not None:
                with socket.socket(fileno=os.dup(connection.fileno())) as wire:
                    wire.shutdown(socket.SHUT_RDWR)

    def write(self, batch: Batch) -> Written:
        """Keep a batch, all of it or nothing, and return what became of its reports.

        Raises:
            DatabaseUnavailable: nothing was kept; the same batch may be written again.
            DataRejected: nothing was kept, because of a value that the database rejects.
            StorageError: nothing was kept, by a fault of the schema or of this program.
        """
        try:
            self.connect()
            if self._connection is None:
                raise RuntimeError("connected, and no connection")
            with translated(), self._patience():
                return self._written(self._connection, batch)
        except DataRejected:
            # The transaction is rolled back and the session as before. What was rejected may be
            # a key that somebody has deleted.
            self._keys.forget()
            raise
        except BaseException:
            # Whatever happened, the next batch must not meet a session in a half-done state.
            self.close()
            raise

    def clocks_ahead(self) -> frozenset[VehicleId]:
        """Return the vehicles whose newest report was rejected for being ahead of its reception.

        From any thread: over a connection of its own.

        Raises:
            DatabaseUnavailable: it may be asked again.
            StorageError: a fault of the schema or of this program.
        """
        with translated(), connect(self._url, "fleetgauge ingest", autocommit=True) as connection:
            return rejected.clocks_ahead(connection)

    @contextlib.contextmanager
    def _patience(self) -> Iterator[None]:
        # A frozen server, or a proxy before it, goes on answering TCP's own questions.
        watchdog = threading.Timer(PATIENCE_S, self.interrupt)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _written(self, connection: Connection, batch: Batch) -> Written:
        not_kept = 0

        def book(written: Written) -> None:
            nonlocal not_kept
            if batch.rejected:
                not_kept = rejected.keep(connection, batch.rejected, self._quotas)
            reception.book(connection, self._worker, batch.received, written)

        received = len(batch.reports)
        if unknown := learn_keys(connection, self._keys, batch, self._quotas):
            batch = newcomers.turned_away(batch, unknown)
        with connection.transaction():
            written = keep(
                connection, self._keys, batch, book, repeats=self.repeats, on_staged=self.on_staged
            )
        return written._replace(turned_away=received - len(batch.reports), not_kept=not_kept)
