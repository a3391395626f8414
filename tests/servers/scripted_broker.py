"""A broker that answers from a script: for what a real one does only in its bad moments.

It speaks as much MQTT as a test needs: CONNACK, SUBACK, PUBACK, PINGRESP, and hanging up.
"""

import contextlib
import socket
import struct
import threading
import time
from typing import NamedTuple

from tests.servers.ports import LOOPBACK

ACCEPTED_5 = b"\x20\x03\x00\x00\x00"
ACCEPTED_3_1_1 = b"\x20\x02\x00\x00"
CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14


def refused_5(reason: int) -> bytes:
    """Return a CONNACK of MQTT 5 with a reason code."""
    return bytes([0x20, 3, 0, reason, 0])


def refused_3_1_1(code: int) -> bytes:
    """Return a CONNACK of MQTT 3.1.1 with a return code."""
    return bytes([0x20, 2, 0, code])


class Script(NamedTuple):
    """What becomes of one connection."""

    connack: bytes | None = ACCEPTED_5
    """None: it hangs up after CONNECT."""
    suback: bytes = b"\x01"
    """The reason codes."""
    puback: bool = True
    """False: it acknowledges no PUBLISH."""
    delay_seconds: float = 0
    """How long CONNACK takes."""


class ScriptedBroker:
    """Answer each connection by its script; the last one repeats."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.levels: list[int] = []
        """The protocol level of each CONNECT (MQTT 5.0, 3.1.2.2)."""
        self.connected_at: list[float] = []
        self.published = 0
        """PUBLISH packets received."""
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="scripted", daemon=True)

    @property
    def url(self) -> str:
        """Its URL."""
        return f"mqtt://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def hang_up(self) -> None:
        """End all connections, and go on listening."""
        for connection in self._open:
            _hang_up(connection)

    def close(self) -> None:
        """End all connections, and listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self._thread.join()

    def _accept(self) -> None:
        threads = []
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                script = self._scripts[min(len(self._open), len(self._scripts)) - 1]
                thread = threading.Thread(target=self._serve, args=[connection, script])
                thread.start()
                threads.append(thread)
        for thread in threads:
            thread.join()

    def _serve(self, connection: socket.socket, script: Script) -> None:
        with contextlib.suppress(OSError, EOFError):
            _, connect = _packet(connection)
            self.levels.append(connect[6])
            self.connected_at.append(time.monotonic())
            if script.connack is not None:
                time.sleep(script.delay_seconds)
                connection.sendall(script.connack)
                self._answer(connection, script, connect[6])
        _hang_up(connection)

    def _answer(self, connection: socket.socket, script: Script, level: int) -> None:
        properties = b"\0" if level == 5 else b""
        while True:
            first, body = _packet(connection)
            if first >> 4 == SUBSCRIBE:
                answer = body[:2] + properties + script.suback
                connection.sendall(bytes([0x90, len(answer)]) + answer)
            elif first >> 4 == PUBLISH:
                self.published += 1
                (length,) = struct.unpack("!H", body[:2])
                if script.puback:
                    connection.sendall(b"\x40\x02" + body[2 + length : 4 + length])
            elif first >> 4 == PINGREQ:
                connection.sendall(b"\xd0\x00")
            elif first >> 4 == DISCONNECT:
                return


def _packet(connection: socket.socket) -> tuple[int, bytes]:
    first, length, shift = _bytes(connection, 1)[0], 0, 0
    while True:
        digit = _bytes(connection, 1)[0]
        length |= (digit & 0x7F) << shift
        shift += 7
        if digit < 0x80:
            return first, _bytes(connection, length)


def _bytes(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        if not (piece := connection.recv(count - len(found))):
            raise EOFError
        found += piece
    return found


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
