"""HTTP as uvicorn speaks it, with a limit on clients that do not finish their request."""

import asyncio
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS: Final = 10
"""A client that has not sent its whole request by then is dropped; uvicorn waits for ever."""

MAX_UNFINISHED: Final = 256
"""Beyond it the one that has owed the rest of its request for longest is dropped: each takes one of
the files that a process may open, 1,024 on many systems."""


class Impatient(H11Protocol):
    """Drop clients that owe a request for too long; on the event loop's thread."""

    _unfinished: ClassVar[dict["Impatient", asyncio.TimerHandle]] = {}

    def connection_made(self, transport: Any) -> None:
        """Wait for a request."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, and wait for the rest if there is more to come."""
        super().data_received(data)
        if self.conn.their_state in {h11.IDLE, h11.SEND_BODY}:
            self._await_request()
        else:
            self._finished()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._finished()
        super().connection_lost(exc)

    def drop(self) -> None:
        """Hang up."""
        self._finished()
        self.transport.abort()

    def _await_request(self) -> None:
        if self not in self._unfinished:
            while len(self._unfinished) >= MAX_UNFINISHED:
                next(iter(self._unfinished)).drop()
            self._unfinished[self] = self.loop.call_later(REQUEST_SECONDS, self.drop)

    def _finished(self) -> None:
        if timer := self._unfinished.pop(self, None):
            timer.cancel()
