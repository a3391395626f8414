"""An MQTT 5 publisher that sends any bytes: topics, payloads and properties as they are."""

import contextlib
import random
import socket
import struct
from typing import Final, NamedTuple

from tests.chaos.publisher import remaining_length

_PUBACK: Final = 0x40
TIMEOUT_S: Final = 10.0

# MQTT 5.0, 2.2.2.2: identifiers and types of the properties that a PUBLISH may have.
_CONTENT_TYPE: Final = 0x03
_RESPONSE_TOPIC: Final = 0x08
_CORRELATION_DATA: Final = 0x09
_USER_PROPERTY: Final = 0x26
STRINGS: Final = (
    b"text/plain",
    "\ufeff".encode(),
    "a\ufeffb".encode(),
    "\u202e\U0001f68c".encode(),
    b"",
    b"x" * 5_000,
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"a\x00b",
    "\ufffe".encode(),
)


class Packet(NamedTuple):
    """What is published."""

    topic: bytes
    payload: bytes
    properties: bytes = b""


def text(value: bytes) -> bytes:
    """Encode a string, or what claims to be one."""
    return struct.pack("!H", len(value)) + value


def properties(chance: random.Random) -> bytes:
    """Make the properties of a PUBLISH, some of which no client should have to read."""
    made = [
        b"\x01" + bytes([chance.randint(0, 2)]),
        b"\x02" + struct.pack("!I", chance.randint(60, 2**32 - 1)),
        bytes([_CONTENT_TYPE]) + text(chance.choice(STRINGS)),
        bytes([_RESPONSE_TOPIC]) + text(chance.choice(STRINGS)),
        bytes([_CORRELATION_DATA]) + text(chance.randbytes(chance.randint(0, 300))),
        bytes([_USER_PROPERTY]) + text(chance.choice(STRINGS)) + text(chance.choice(STRINGS)),
        bytes([_USER_PROPERTY]) + text(b"key") + text(chance.choice(STRINGS)),
        b"\x7e\x00",
    ]
    return b"".join(chance.sample(made, chance.randint(0, 3)))


class AnyBytesPublisher:
    """One connection; the broker may hang up at any packet, and is then called again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = self._connected()
        self._packet_id = 0

    def publish(self, packet: Packet) -> bool:
        """Publish, and tell whether the broker took it; if not, it has hung up."""
        # One by one: an end of the connection swallows answers that are on their way.
        self._packet_id = self._packet_id % 65_535 + 1
        with contextlib.suppress(OSError):
            self._socket.sendall(_publish(packet, self._packet_id))
            if self._answer() == _PUBACK:
                return True
        self._socket.close()
        self._socket = self._connected()
        return False

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _answer(self) -> int:
        head = self._socket.recv(2, socket.MSG_WAITALL)
        if len(head) < 2:
            return 0
        self._socket.recv(head[1], socket.MSG_WAITALL)
        return head[0]

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=TIMEOUT_S)
        rest = b"\x00\x04MQTT\x05\x02\x00\x00\x00" + text(b"garbage")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(bytes([0x10, len(rest)]) + rest)
        head = connection.recv(2)
        connection.recv(head[1])
        return connection


def _publish(packet: Packet, packet_id: int) -> bytes:
    length = bytes(remaining_length(len(packet.properties)))
    rest = b"".join(
        (
            text(packet.topic),
            struct.pack("!H", packet_id),
            length,
            packet.properties,
            packet.payload,
        )
    )
    return b"\x32" + bytes(remaining_length(len(rest))) + rest
