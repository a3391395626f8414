"""HTTP as uvicorn speaks it, with a limit on clients that do not finish their request."""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS: Final = 10
"""A client that has not sent its whole request by then is dropped; uvicorn waits for ever."""

MAX_UNFINISHED: Final = 256
"""Beyond it the one that has owed the rest of its request for longest is dropped: each takes one of
the files that a process may open, 1,024 on many systems."""

MAX_HEAD_BYTES: Final = 65_536
"""Of what comes before a request's body; httptools itself has no limit."""


class Impatient(HttpToolsProtocol):
    """Drop clients that owe a request for too long; on the event loop's thread."""

    _unfinished: ClassVar[dict["Impatient", asyncio.TimerHandle]] = {}
    _is_whole = False
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Wait for a request."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, and wait for the rest if there is more to come."""
        self._is_whole = False
        self._head_bytes += len(data)
        super().data_received(data)
        if self._is_whole:
            self._finished()
        elif self._head_bytes > MAX_HEAD_BYTES:
            self.drop()
        else:
            self._await_request()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._head_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that nothing is owed."""
        self._is_whole = True
        self._head_bytes = 0
        super().on_message_complete()

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
