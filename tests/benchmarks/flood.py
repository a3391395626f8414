"""A publisher that costs as little as can be: PUBLISH packets of QoS 1 on a bare socket."""

import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

OPERATORS: Final = 12
VEHICLES: Final = 2_000
STEP_MS: Final = 10_000
"""Each vehicle's next fix is this much later than its last one."""

_PIECE: Final = 1 << 16
_PUBLISH_QOS_1: Final = 0x32
_PUBACK_BYTES: Final = 4
_GATHER_S: Final = 0.01
"""Acknowledgements are read so often, and not one by one."""


class Published(NamedTuple):
    """A message to be published."""

    topic: bytes
    payload: bytes


def positions(count: int, since: float, *, flags: bool = False) -> Iterator[Published]:
    """Yield positions of a fleet, one vehicle after the other.

    Args:
        count: how many.
        since: the first one's ``observed_at`` in epoch seconds.
        flags: whether each says what of its equipment works.
    """
    for number in range(count):
        turn, vehicle = divmod(number, VEHICLES)
        yield position(vehicle, int(since * 1000) + turn * STEP_MS + vehicle, flags=flags)


def position(vehicle: int, observed_at_ms: int, *, flags: bool = False) -> Published:
    """Return a position of usual length."""
    topic = b"fleet/op%d/%d/position" % (vehicle % OPERATORS, vehicle)
    payload = (
        b'{"observed_at":%d,"latitude":56.99%04d,"longitude":40.97,"speed_mps":8.3,'
        b'"bearing_deg":120.5,"route_id":"12","trip_id":"t-9912"%b}'
    )
    said = b',"cctv":true,"cashless":true' if flags else b""
    return Published(topic, payload % (observed_at_ms, vehicle, said))


class FloodPublisher:
    """A connection (MQTT 3.1.1) that publishes as fast as the broker takes it.

    Buses are not on the machine that stores what they send, so this takes as little of it as can
    be: what is published may be packed before the clock starts, and waking for each of the
    acknowledgements took more CPU than all the rest.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._packet_id = 0
        self._sent = 0
        self._acknowledged = 0
        self._socket.sendall(b"\x10\x14\x00\x04MQTT\x04\x02\x00\x00\x00\x08floodpub")
        self._socket.recv(4)
        self._reader = threading.Thread(target=self._count_acknowledgements, daemon=True)
        self._reader.start()

    def publish(self, messages: Iterable[Published]) -> None:
        """Send messages without waiting for their acknowledgements."""
        self.send(self.packed(messages))

    def packed(self, messages: Iterable[Published]) -> Iterator[bytes]:
        """Yield messages in pieces for ``send``, to be sent in this order and no other."""
        piece = bytearray()
        for message in messages:
            piece += self._packet(message)
            if len(piece) > _PIECE:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)

    def send(self, pieces: Iterable[bytes]) -> None:
        """Send what was packed, without waiting for acknowledgements."""
        for piece in pieces:
            self._socket.sendall(piece)

    def close(self) -> None:
        """Wait until the broker has acknowledged all, and disconnect."""
        while self._acknowledged < self._sent and self._reader.is_alive():
            time.sleep(0.01)
        if self._acknowledged < self._sent:
            raise ConnectionError("the broker went away before it had acknowledged all")
        self._socket.sendall(b"\xe0\x00")
        self._reader.join()
        self._socket.close()

    def _packet(self, message: Published) -> bytes:
        self._sent += 1
        self._packet_id = self._packet_id % 65_535 + 1
        topic = message.topic
        body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", self._packet_id)
        length = len(body) + len(message.payload)
        return bytes([_PUBLISH_QOS_1]) + _variable_integer(length) + body + message.payload

    def _count_acknowledgements(self) -> None:
        received = 0
        while piece := self._socket.recv(1 << 20):
            received += len(piece)
            self._acknowledged = received // _PUBACK_BYTES
            time.sleep(_GATHER_S)


def _variable_integer(number: int) -> bytes:
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)
