"""The simulator's connection to the broker: QoS 1, every message counted until acknowledged.

One connection stands for all buses. In reality each bus has its own, with a last will of its own
(``offline``, retained, on its status topic); a connection can have one will only, so this one has
none and the fleet says ``offline`` itself. If the simulator is killed, the retained ``online``
stays.
"""

import threading
from dataclasses import dataclass
from typing import Any

import structlog
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from models.broker import BrokerAccess
from simulator.fleet import OutgoingMessage

CONNECT_SECONDS = 10.0
DRAIN_SECONDS = 5.0
"""How long to wait for the next acknowledgement at the end."""

MAX_UNACKNOWLEDGED = 10_000
"""No more are handed to paho: packet ids end at 65,535, and its queue is unbounded."""

log = structlog.get_logger()


class CannotPublish(Exception):
    """The broker cannot be reached, or refused the connection; one line for a person."""


@dataclass(frozen=True)
class Counts:
    """Messages so far."""

    published: int = 0
    """Handed over for publishing."""
    acknowledged: int = 0
    """Acknowledged by the broker without an error."""
    refused: int = 0
    """Acknowledged with an error (MQTT 5)."""


class BrokerConnection:
    """Publish with paho on its own network thread; it reconnects and resends by itself."""

    def __init__(self, broker: BrokerAccess) -> None:
        """Prepare to connect.

        Raises:
            CannotPublish: the file of certificates cannot be used.
        """
        self._url = broker.url
        self._changed = threading.Condition()
        self._published = self._acknowledged = self._refused = 0
        self._answer: str | None = None
        self._client = _client(broker)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish

    def open(self) -> None:
        """Connect.

        Raises:
            CannotPublish: it could not be reached, or refused the connection.
        """
        try:
            self._client.connect(self._url.host, self._url.port)
        except (OSError, ValueError) as error:
            raise CannotPublish(f"broker {self._url.address}: {_reason(error)}") from error
        self._client.loop_start()
        with self._changed:
            answered = self._changed.wait_for(lambda: self._answer is not None, CONNECT_SECONDS)
        if not answered or self._answer:
            self.close()
            reason = self._answer or f"no answer within {CONNECT_SECONDS:g} s"
            raise CannotPublish(f"broker {self._url.address}: {reason}")

    def send(self, message: OutgoingMessage, stop: threading.Event) -> bool:
        """Publish a message, waiting for room; return False where stop is set and there is none."""
        while not self._has_room():
            if stop.is_set():
                return False
        with self._changed:
            self._published += 1
        info = self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)
        self._check(info)
        return True

    def drain(self) -> None:
        """Wait until every message has been answered, as long as answers keep coming."""
        with self._changed:
            while pending := self._pending:
                if not self._changed.wait(DRAIN_SECONDS):
                    log.warning("acknowledgements_missing", messages=pending)
                    return

    def close(self) -> None:
        """Disconnect and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def counts(self) -> Counts:
        with self._changed:
            return Counts(self._published, self._acknowledged, self._refused)

    @property
    def _pending(self) -> int:
        return self._published - self._acknowledged - self._refused

    def _has_room(self) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._pending < MAX_UNACKNOWLEDGED, 0.1)

    def _check(self, info: MQTTMessageInfo) -> None:
        # While disconnected paho keeps the message and sends it after the next connect.
        if info.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            return
        log.warning("message_not_queued", error=info.rc.name)
        with self._changed:
            self._refused += 1

    def _on_connect(
        self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        with self._changed:
            self._answer = str(reason) if reason.is_failure else ""
            self._changed.notify_all()

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        if reason.is_failure:
            log.warning("broker_connection_lost", broker=str(self._url), reason=str(reason))

    def _on_publish(
        self, client: Client, userdata: Any, packet_id: int, reason: Any, properties: Any
    ) -> None:
        with self._changed:
            if reason.is_failure:
                self._refused += 1
            else:
                self._acknowledged += 1
            self._changed.notify_all()


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _client(broker: BrokerAccess) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=broker.client_id,
        protocol=MQTTProtocolVersion(broker.version.level),
    )
    try:
        broker.authenticate(client)
    except OSError as error:
        raise CannotPublish(f"certificates {broker.ca_file}: {_reason(error)}") from error
    return client
