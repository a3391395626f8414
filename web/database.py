"""The database as the pages ask it: a few connections that only read, each for one thread."""

import queue
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

import anyio
from anyio.to_thread import run_sync

from storage.connection import Connection
from storage.reader import Reader

CONNECTIONS: Final = 4
STATEMENT_TIMEOUT: Final = timedelta(seconds=20)
"""Longer than any page may take; it ends what a lost connection left behind."""

T = TypeVar("T")


class Database:
    """Ask the database from the event loop."""

    def __init__(self, url: str) -> None:
        """Say where it is; connections are made when they are needed."""
        self._readers: queue.LifoQueue[Reader] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._readers.put(Reader(url, "fleetgauge web", STATEMENT_TIMEOUT))
        self._limiter = anyio.CapacityLimiter(CONNECTIONS)

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Return the answer to a question, asked in a transaction that cannot write.

        Raises:
            StorageError: there is no answer.
        """
        return await run_sync(self._ask, question, limiter=self._limiter)

    def close(self) -> None:
        """Drop the connections that are at rest."""
        while not self._readers.empty():
            self._readers.get_nowait().close()

    def _ask(self, question: Callable[[Connection], T]) -> T:
        def read_only(connection: Connection) -> T:
            connection.execute("set transaction read only")
            return question(connection)

        reader = self._readers.get()
        try:
            return reader.ask(read_only)
        finally:
            self._readers.put(reader)
