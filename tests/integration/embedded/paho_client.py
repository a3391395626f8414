"""A paho client as the ingest uses one: manual acknowledgement, a session that outlives it."""

import queue
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SECONDS = 5.0


class PahoClient:
    """Connected, and subscribed if asked to, from its making on."""

    def __init__(
        self,
        url: str,
        protocol: MQTTProtocolVersion,
        client_id: str = "",
        *,
        topic_filter: str | None = None,
        will: str | None = None,
    ) -> None:
        is_v5, persistent = protocol == MQTTProtocolVersion.MQTTv5, bool(client_id)
        self.session_present = False
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self._ready = threading.Event()
        self._topic_filter = topic_filter
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if is_v5 else not persistent,
            protocol=protocol,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = lambda _client, _data, message: self.messages.put(message)
        if will is not None:
            self.client.will_set(will, b"gone", qos=1, retain=True)
        options: dict[str, Any] = {}
        if is_v5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 3600 if persistent else 0
            options = {"clean_start": not persistent, "properties": properties}
        address = urlsplit(url)
        self.client.connect(str(address.hostname), int(address.port or 0), **options)
        self.client.loop_start()
        assert self._ready.wait(SECONDS)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and return when the broker has it."""
        sent = self.client.publish(topic, payload, qos=1, retain=retain)
        sent.wait_for_publish(SECONDS)
        assert sent.is_published()

    def receive(self) -> paho.MQTTMessage:
        return self.messages.get(timeout=SECONDS)

    def acknowledge(self, message: paho.MQTTMessage) -> None:
        self.client.ack(message.mid, message.qos)

    def cut(self) -> None:
        """Lose the connection without a DISCONNECT, as in a crash."""
        connection = self.client.socket()
        if isinstance(connection, socket.socket):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.client.loop_stop()

    def __enter__(self) -> "PahoClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # No DISCONNECT, after which rumqttd may cut the next client that connects.
        self.cut()

    def _on_connect(self, client: paho.Client, _data: Any, flags: Any, *_: Any) -> None:
        self.session_present = flags.session_present
        if self._topic_filter is None:
            self._ready.set()
        else:
            client.subscribe(self._topic_filter, qos=1)
