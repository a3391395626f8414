"""MQTT over WebSocket as one stream of bytes, with a socket's methods; the frames are paho's."""

import ssl
from typing import Any, Final

from ingest.paho_private import socket_of

WOULD_BLOCK: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket raises, plain or TLS, that has nothing to read or no room to write."""


class FramedSocket:
    """A connection over WebSocket."""

    def __init__(self, frames: Any) -> None:
        """Take paho's connection, after its handshake."""
        self._frames = frames
        self._inner = socket_of(frames)

    def recv(self, size: int) -> bytes:
        """Return 1 to ``size`` bytes of one frame, none at the end of the stream.

        Raises:
            BlockingIOError: there is nothing to be read.
            OSError: the connection is gone.
        """
        received: bytes = self._frames.recv(size)
        return received

    def send(self, data: bytes | bytearray) -> int:
        """Send what can be sent without waiting; 0: a frame is sent in part, and wants the same.

        Raises:
            BlockingIOError: nothing can be sent.
            OSError: the connection is gone.
        """
        sent: int = self._frames.send(data)
        return sent

    def sendall(self, data: bytes | bytearray) -> None:
        """Send all of it.

        Raises:
            OSError: the connection is gone, or its timeout is over.
        """
        while data:
            data = data[self._frames.send(data) :]

    def pending(self) -> int:
        """Return how many bytes can be read although the network's socket shows nothing."""
        decrypted: int = self._frames.pending()
        return decrypted

    def __getattr__(self, name: str) -> Any:
        """Be the network's socket in everything else: fileno, settimeout, shutdown, close, …"""
        return getattr(self._inner, name)
