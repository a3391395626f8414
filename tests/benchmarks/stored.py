"""How much is stored, asked of the database itself."""

import time
from typing import Self

from storage.connection import Connection, connect
from storage.writing import reception

_POLL_S = 0.02


class Ledger:
    """The account of received reports, watched over a connection of its own."""

    def __init__(self, url: str) -> None:
        self._connection = connect(url, "benchmark", autocommit=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    @property
    def connection(self) -> Connection:
        """The connection, in autocommit."""
        return self._connection

    def stored(self) -> int:
        """Return how many reports are committed as stored."""
        return reception.totals(self._connection)["stored"]

    def wait(self, reports: int, seconds: float) -> float:
        """Return when so many are stored, as ``time.monotonic`` tells it.

        Raises:
            TimeoutError: they are not within so many seconds.
        """
        deadline = time.monotonic() + seconds
        while (stored := self.stored()) < reports:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{stored} of {reports} stored within {seconds:g} s")
            time.sleep(_POLL_S)
        return time.monotonic()
