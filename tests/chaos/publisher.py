"""A bus gateway that forgets nothing before it is acknowledged; fast, on a plain socket."""

import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

WINDOW = 1_000
"""Messages in flight."""
SILENCE_SECONDS = 5.0
"""Without an acknowledgement for so long, the connection is taken for dead."""
PIECE = 200
_PUBLISH_QOS1 = 0x32
_PUBACK_BYTES = 4


class Outgoing(NamedTuple):
    """A message to publish."""

    topic: bytes
    payload: bytes


class Publisher:
    """Publishes with QoS 1 over one MQTT 3.1.1 connection, opened again whenever it breaks.

    What was not acknowledged is sent again. With ``resend_seconds`` so is what was acknowledged
    that short a time before the connection broke: a broker may acknowledge what it then forgets.
    """

    def __init__(self, port: int, client_id: str, *, resend_seconds: float = 0) -> None:
        self._port = port
        self._client_id = client_id.encode()
        self._resend_seconds = resend_seconds
        self._socket: socket.socket | None = None
        self._packet_id = 0
        self._in_flight: dict[int, Outgoing] = {}
        self._recent: deque[tuple[float, Outgoing]] = deque()
        self._buffer = b""
        self._heard_at = 0.0
        self._thread: threading.Thread | None = None
        self.acknowledged = 0
        self.acknowledged_payloads: set[bytes] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def start(self, messages: Sequence[Outgoing], rate: float) -> None:
        """Publish in the background, at so many messages a second."""
        arguments = (deque(messages), rate)
        self._thread = threading.Thread(target=self._publish, args=arguments, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait until all is acknowledged; TimeoutError if it is not in time."""
        if self._thread is not None:
            self._thread.join(seconds)
            if self._thread.is_alive():
                raise TimeoutError(f"not within {seconds:g} s: everything acknowledged")

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _publish(self, waiting: deque[Outgoing], rate: float) -> None:
        started, sent = time.monotonic(), 0
        while waiting or self._in_flight:
            try:
                if self._socket is None:
                    self._connect()
                allowed = int((time.monotonic() - started) * rate) - sent
                sent += self._send(waiting, min(allowed, PIECE))
                self._receive()
            except OSError:
                self._hang_up(waiting)

    def _connect(self) -> None:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=SILENCE_SECONDS)
        length = struct.pack("!H", len(self._client_id))
        rest = b"\x00\x04MQTT\x04\x02\x00\x00" + length + self._client_id
        connection.sendall(bytes([0x10, len(rest)]) + rest)
        if connection.recv(4) != b"\x20\x02\x00\x00":
            connection.close()
            raise ConnectionError("connection refused")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket, self._buffer, self._heard_at = connection, b"", time.monotonic()

    def _send(self, waiting: deque[Outgoing], most: int) -> int:
        count = min(most, len(waiting), WINDOW - len(self._in_flight))
        if count <= 0 or self._socket is None:
            return 0
        if not self._in_flight:
            self._heard_at = time.monotonic()
        packets = []
        for _ in range(count):
            message = waiting.popleft()
            self._packet_id = self._packet_id % 65_535 + 1
            self._in_flight[self._packet_id] = message
            packets.append(_packet(message, self._packet_id))
        self._socket.sendall(b"".join(packets))
        return count

    def _receive(self) -> None:
        if self._socket is None:
            return
        if not select.select([self._socket], [], [], 0.005)[0]:
            if self._in_flight and time.monotonic() - self._heard_at > SILENCE_SECONDS:
                raise TimeoutError("no acknowledgement")
            return
        arrived = self._socket.recv(65_536)
        if not arrived:
            raise ConnectionResetError("closed by the broker")
        self._heard_at = time.monotonic()
        self._buffer += arrived
        whole = len(self._buffer) // _PUBACK_BYTES * _PUBACK_BYTES
        self._note(number for _, _, number in struct.iter_unpack("!BBH", self._buffer[:whole]))
        self._buffer = self._buffer[whole:]

    def _note(self, packet_ids: Iterable[int]) -> None:
        now = time.monotonic()
        for packet_id in packet_ids:
            message = self._in_flight.pop(packet_id)
            self.acknowledged += 1
            self.acknowledged_payloads.add(message.payload)
            self._recent.append((now, message))
        while self._recent and self._recent[0][0] < now - max(self._resend_seconds, 0.001):
            self._recent.popleft()

    def _hang_up(self, waiting: deque[Outgoing]) -> None:
        self.close()
        again = list(self._in_flight.values())
        if self._resend_seconds:
            again = [message for _, message in self._recent] + again
        self._recent.clear()
        self._in_flight.clear()
        waiting.extendleft(reversed(again))
        # Not a wait for anything: a broker that is away is not to be hammered on.
        time.sleep(0.1)


def _packet(message: Outgoing, packet_id: int) -> bytes:
    topic, payload = message
    rest = b"%b%b%b%b" % (
        struct.pack("!H", len(topic)),
        topic,
        struct.pack("!H", packet_id),
        payload,
    )
    return bytes([_PUBLISH_QOS1, *remaining_length(len(rest))]) + rest


def remaining_length(length: int) -> list[int]:
    """Encode a packet's length (MQTT 3.1.1, 2.2.3)."""
    encoded = []
    while length >= 128:
        encoded.append(length % 128 | 0x80)
        length //= 128
    return [*encoded, length]
