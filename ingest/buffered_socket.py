"""A socket that reads and writes in large pieces, and returns what it read packet by packet."""

import contextlib
import socket
import ssl
import time
from typing import Any, Final

from ingest.framed_socket import WOULD_BLOCK, FramedSocket
from ingest.publish_packets import Publish, take

_READ_BYTES: Final = 256 * 1024
_LONGEST_HEADER: Final = 5
"""One byte of packet type, at most four of length (MQTT 5.0, 2.1)."""
_CLOSE_SECONDS: Final = 2.0
_PIECEWISE: Final = (ssl.SSLSocket, FramedSocket)


class BufferedSocket:
    """A socket, plain, TLS or WebSocket, that buffers what was read ahead and what is to be sent.

    ``recv`` gives out a packet from its first byte to its last; between two packets,
    ``take_publishes`` may take usual PUBLISH packets out.
    """

    def __init__(self, inner: socket.socket | FramedSocket) -> None:
        self._inner = inner
        self._read = b""
        self._position = 0
        self._offered = 0
        """How many bytes are left of the packet that ``recv`` is giving out."""
        self._ended: OSError | None = None
        """What ended the stream; ConnectionAbortedError for an orderly end."""
        self._unsent = bytearray()

    def fill(self) -> None:
        """Read what the network has, up to a large piece; an end is kept for ``recv`` to report."""
        if self._ended is not None:
            return
        pieces, room = [self._read[self._position :]], _READ_BYTES
        try:
            while room > 0 and (piece := self._inner.recv(room)):
                pieces.append(piece)
                # TLS returns one record at a time and WebSocket a frame, in which a broker may send
                # one message.
                room = room - len(piece) if isinstance(self._inner, _PIECEWISE) else 0
            if room > 0:
                self._ended = ConnectionAbortedError("the broker has closed the connection")
        except WOULD_BLOCK:
            pass
        except OSError as error:
            self._ended = error
        self._read, self._position = b"".join(pieces), 0

    def take_publishes(self, *, mqtt5: bool) -> list[Publish]:
        """Take the usual PUBLISH packets that come next and are complete."""
        found: list[Publish] = []
        if not self._offered:
            self._position = take(self._read, self._position, found, mqtt5=mqtt5)
        return found

    def recv(self, size: int) -> bytes:
        """Return 1 to ``size`` bytes of one packet, none at the end of the stream.

        Raises:
            BlockingIOError: the packet is not complete yet.
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
        """Tell whether ``recv`` has something, be it the end, without asking the network."""
        if self._ended is not None:
            return True
        return self._position < len(self._read) if self._offered else self._next_length() > 0

    @property
    def readable(self) -> bool:
        """Tell whether something can be read although the network's socket shows nothing."""
        decrypted = getattr(self._inner, "pending", None)
        return self.has_packet or bool(decrypted and decrypted())

    @property
    def flush_done(self) -> bool:
        """Tell whether everything has been sent."""
        return not self._unsent

    def send(self, data: bytes | bytearray) -> int:
        """Take whole packets, to be sent at the next ``flush``."""
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
            except WOULD_BLOCK:
                return False
            del self._unsent[:sent]
        return True

    def close(self) -> None:
        """Send what waits, if that takes no more than a moment, and close."""
        with contextlib.suppress(OSError):
            self._inner.settimeout(_CLOSE_SECONDS)
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
        deadline = time.monotonic() + _CLOSE_SECONDS
        while self._inner.recv(_READ_BYTES) and time.monotonic() < deadline:
            pass

    def _next_length(self) -> int:
        # Of the next packet; 0 until it is complete. A very large one is not waited for: each piece
        # that arrives would copy it.
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
    # Of a packet, its header included; 0 if the header is not complete yet.
    length = 0
    for digit, byte in enumerate(header[1:]):
        length |= (byte & 0x7F) << 7 * digit
        if byte < 0x80:
            return 2 + digit + length
    # A length that does not end is left to paho.
    return len(header) if len(header) == _LONGEST_HEADER else 0
