"""Clients that publish, are cut off, and take sessions over, on any broker."""

import json
import socket
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from models.broker import BrokerAccess, parse_broker_url

SECONDS: Final = 30.0

Message = tuple[str, bytes]


def positions(operator: str, count: int, first: int = 0) -> list[Message]:
    """Make positions of one operator, each with a vehicle and second of its own."""
    base = int(time.time()) - 3600
    return [
        (
            f"fleet/{operator}/{number % 50}/position",
            json.dumps({"ts": base + number // 50, "lat": 57.0, "lon": 41.0}).encode(),
        )
        for number in range(first, first + count)
    ]


def flag(operator: str, vehicle: str) -> Message:
    """Make a message with equipment alone, observed now."""
    payload = {"observed_at": datetime.now(UTC).isoformat(), "cctv": True}
    return f"fleet/{operator}/{vehicle}/equipment", json.dumps(payload).encode()


class Client:
    """One connection, with paho's own thread."""

    def __init__(
        self,
        url: str,
        version: str,
        client_id: str = "",
        *,
        will: Message | None = None,
        clean: bool = True,
    ) -> None:
        access = BrokerAccess(parse_broker_url(url))
        mqtt5 = version == "5"
        self.reason: Any = None
        """CONNACK's reason, None before it."""
        self.granted: Any = None
        self.disconnected = False
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if mqtt5 else clean or not client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311,
            transport=access.transport,
        )
        access.authenticate(client)
        client.max_queued_messages_set(0)
        # paho sends 20 at once whatever the broker's Receive Maximum, and HiveMQ takes 10.
        client.max_inflight_messages_set(10)
        client.reconnect_on_failure = False  # type: ignore[attr-defined]
        if will is not None:
            client.will_set(*will, qos=1)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        options: dict[str, Any] = {"clean_start": clean} if mqtt5 else {}
        client.connect(access.url.host, access.url.port, 30, **options)
        client.loop_start()
        self.wait(lambda: self.reason is not None or self.disconnected)

    def publish(
        self, messages: Iterable[Message], *, qos: int = 1, retain: bool = False, **properties: Any
    ) -> int:
        """Publish, and return how many the broker has taken."""
        told = None
        if properties:
            told = Properties(PacketTypes.PUBLISH)
            for name, value in properties.items():
                setattr(told, name, value)
        sent = [
            self._client.publish(topic, payload, qos, retain, told) for topic, payload in messages
        ]
        self.wait(lambda: self.disconnected or all(info.is_published() for info in sent))
        return sum(info.is_published() for info in sent)

    def break_off(self) -> None:
        """Cut the connection without a word, for the broker to publish the last will."""
        raw = self._client.socket()
        if isinstance(raw, socket.socket):
            raw.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, done: Any, seconds: float = SECONDS) -> bool:
        """Wait until something is so; tell whether it came to be."""
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            time.sleep(0.01)  # a poll of a deadline, not a hope
        return bool(done())

    def _on_connect(self, _c: Any, _d: Any, _flags: Any, reason: Any, properties: Any) -> None:
        self.granted = properties
        self.reason = reason

    def _on_disconnect(self, *_told: Any) -> None:
        self.disconnected = True


def publish(url: str, version: str, messages: Sequence[Message], **how: Any) -> int:
    """Publish over a connection of its own; return how many the broker has taken."""
    client = Client(url, version)
    try:
        return client.publish(messages, **how)
    finally:
        client.close()
