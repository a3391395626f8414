"""Queries that are repeated, over one connection that is opened again after a fault."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from psycopg import IsolationLevel

from storage.connection import Connection, connect
from storage.errors import DatabaseUnavailable, StorageError, translated
from storage.snapshot import prepare

T = TypeVar("T")


class Reader:
    """Ask the database; for one thread at a time."""

    def __init__(self, url: str, application: str, timeout: timedelta) -> None:
        """Say where to ask.

        Args:
            url: the database's.
            application: what the database's activity view shows.
            timeout: what one statement may take.
        """
        self._url = url
        self._application = application
        self._timeout = timeout
        self._connection: Connection | None = None

    def ask(self, question: Callable[[Connection], T]) -> T:
        """Return the answer to a question, asked in one transaction.

        Where a connection at rest turns out to be lost, as after the server's restart, a new one
        is tried at once.

        Raises:
            StorageError: there is no answer.
        """
        rested = self._connection
        try:
            return self._answer(question)
        except DatabaseUnavailable:
            if rested is None or not rested.broken:
                raise
        return self._answer(question)

    def close(self) -> None:
        """Drop the connection; the next question makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, question: Callable[[Connection], T]) -> T:
        try:
            with translated():
                if self._connection is None:
                    self._connection = connect(self._url, self._application, autocommit=True)
                    # The parts of an answer agree.
                    self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
                with self._connection.transaction():
                    prepare(self._connection, self._timeout)
                    return question(self._connection)
        except BaseException:
            self.close()
            raise


def problem_of(url: str, timeout: timedelta) -> str | None:
    """Say in words why the database does not answer; None if it does."""
    reader = Reader(url, "fleetgauge check", timeout)
    try:
        reader.ask(lambda connection: connection.execute("select 1"))
    except StorageError as error:
        return str(error)
    finally:
        reader.close()
    return None
