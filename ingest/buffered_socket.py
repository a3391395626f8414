"""A socket that reads and writes in large pieces, and hands out what it read packet by packet."""

import contextlib
import socket
import ssl
import time
from typing import Any, Final

from ingest.publish_packets import Publish, take

_READ_BYTES: Final = 256 * 1024
_LONGEST_HEADER: Final = 5
"""One byte of packet type, at most four of length (MQTT 5.0, 2.1)."""
_FAREWELL_SECONDS: Final = 2.0
_NOT_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedSocket:
    """A socket, plain or TLS, that keeps what was read too much and what is to be sent.

    Who reads by ``recv`` is always given a packet from its first byte to its last; in between,
    ``take_publishes`` may take usual PUBLISH packets out.
    """

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._read = b""
        self._position = 0
        self._offered = 0
        """How much of the packet that ``recv`` is giving out is still to be given."""
        self._ended: OSError | None = None
        """What ended the stream; ConnectionAbortedError for an end in good order."""
        self._unsent = bytearray()

    def fill(self) -> None:
        """Read what the network has, up to a large piece; an end is kept for ``recv`` to tell."""
        if self._ended is not None:
            return
        try:
            piece = self._inner.recv(_READ_BYTES)
        except _NOT_NOW:
            return
        except OSError as error:
            self._ended = error
            return
        if not piece:
            self._ended = ConnectionAbortedError("the broker has closed the connection")
        self._read = self._read[self._position :] + piece
        self._position = 0

    def take_publishes(self, *, mqtt5: bool) -> list[Publish]:
        """Take the usual PUBLISH packets that are next, and there as a whole."""
        found: list[Publish] = []
        if not self._offered:
            self._position = take(self._read, self._position, found, mqtt5=mqtt5)
        return found

    def recv(self, size: int) -> bytes:
        """Return 1 to ``size`` bytes of one packet, none at the end of the stream.

        Raises:
            BlockingIOError: the packet is not there yet.
            OSError: the connection is gone.
        """
        if not self.has_packet:
            self.fill()
        if not self._offered:
            self._offered = self._next_length()
        start = self._position
        piece = self._read[start : start + min(size, self._offered)]
        self._position = start + len(piece)
        self._offered -= len(piece)
        return piece or self._nothing()

    @property
    def has_packet(self) -> bool:
        """Tell whether ``recv`` has something without asking the network, be it the end."""
        if self._ended is not None:
            return True
        return self._position < len(self._read) if self._offered else self._next_length() > 0

    @property
    def readable(self) -> bool:
        """Tell whether there is something to read though the network's socket shows nothing."""
        decrypted = getattr(self._inner, "pending", None)
        return self.has_packet or bool(decrypted and decrypted())

    @property
    def flush_done(self) -> bool:
        """Tell whether nothing waits to be sent."""
        return not self._unsent

    def send(self, data: bytes | bytearray) -> int:
        """Take bytes, whole packets, to be sent at the next ``flush``."""
        self._unsent += data
        return len(data)

    def flush(self) -> bool:
        """Send what can be sent without waiting; return whether all of it went.

        Raises:
            OSError: the connection is gone.
        """
        while self._unsent:
            try:
                sent = self._inner.send(self._unsent)
            except _NOT_NOW:
                return False
            del self._unsent[:sent]
        return True

    def close(self) -> None:
        """Send what waits, if it goes within a moment, and close."""
        with contextlib.suppress(OSError):
            self._inner.settimeout(_FAREWELL_SECONDS)
            self._inner.sendall(self._unsent)
            self._inner.shutdown(socket.SHUT_WR)
            self._read_to_the_end()
        self._unsent.clear()
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        """Be the socket in everything else: fileno, setblocking, getpeercert, …"""
        return getattr(self._inner, name)

    def _read_to_the_end(self) -> None:
        # A socket that is closed with something unread resets the connection (RFC 1122,
        # 4.2.2.13), and the broker may never see the acknowledgements that we sent last.
        deadline = time.monotonic() + _FAREWELL_SECONDS
        while self._inner.recv(_READ_BYTES) and time.monotonic() < deadline:
            pass

    def _next_length(self) -> int:
        # Of the next packet to be given out; 0 until it is whole. A very large one is not waited
        # for: it would be copied with each piece that comes.
        there = len(self._read) - self._position
        length = _length(self._read[self._position : self._position + _LONGEST_HEADER])
        return length if there >= length or length > _READ_BYTES else 0

    def _nothing(self) -> bytes:
        if self._ended is None:
            raise BlockingIOError
        if isinstance(self._ended, ConnectionAbortedError):
            return b""
        raise self._ended


def _length(header: bytes) -> int:
    # Of a packet, its header included; 0 where the header is not there yet.
    length = 0
    for digit, byte in enumerate(header[1:]):
        length |= (byte & 0x7F) << 7 * digit
        if byte < 0x80:
            return 2 + digit + length
    # A length that does not end is paho's to complain about.
    return len(header) if len(header) == _LONGEST_HEADER else 0
