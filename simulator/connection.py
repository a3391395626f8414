"""The simulator's connection to the broker: QoS 1, every message counted until acknowledged.

One connection stands for all buses. In reality each bus has its own, with a last will of its own
(``offline``, retained, on its status topic); a connection can have one will only, so this one has
none and the fleet says ``offline`` itself. If the simulator is killed, the retained ``online``
stays.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

import structlog
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from models.broker import BrokerAccess
from models.errors import Unavailable
from simulator.fleet import OutgoingMessage

CONNECT_SECONDS = 10.0
DRAIN_SECONDS = 5.0
"""How long to wait for the next acknowledgement at the end."""

STALLED_SECONDS = 30.0
"""A broker that stays connected so long without acknowledging anything will not do it later."""

FRUITLESS_CONNECTIONS = 5
"""So many connections in a row that end before an acknowledgement, and the next will, too."""

MAX_UNACKNOWLEDGED = 10_000
"""No more are handed to paho: packet ids end at 65,535, and its queue is unbounded."""

SENT_AT_ONCE = 20
"""How many unacknowledged messages paho sends; where the broker allows fewer, they wait here."""

HEADER_BYTES = 16
"""What a PUBLISH has beside topic and payload, at most: 5 of header, lengths, id, properties."""

log = structlog.get_logger()


class CannotPublish(Unavailable):
    """The broker cannot be reached, or refuses what is published; one line for a person."""


@dataclass(frozen=True)
class Counts:
    """Messages so far."""

    published: int = 0
    """Handed over for publishing."""
    acknowledged: int = 0
    """Acknowledged by the broker without an error."""
    refused: int = 0
    """Acknowledged with an error (MQTT 5), or larger than the broker takes."""


@dataclass(frozen=True)
class Terms:
    """What the broker's CONNACK says that it takes (MQTT 5.0, 3.2.2.3); 3.1.1 says nothing."""

    in_flight: int = MAX_UNACKNOWLEDGED
    retained: bool = True
    qos_1: bool = True
    packet_bytes: int | None = None

    @classmethod
    def of(cls, properties: Any) -> "Terms":
        """Read paho's properties of a CONNACK."""
        receive_maximum = getattr(properties, "ReceiveMaximum", SENT_AT_ONCE)
        return cls(
            receive_maximum if receive_maximum < SENT_AT_ONCE else MAX_UNACKNOWLEDGED,
            bool(getattr(properties, "RetainAvailable", 1)),
            getattr(properties, "MaximumQoS", 2) > 0,
            getattr(properties, "MaximumPacketSize", None),
        )

    def allow(self, topic: str, payload: bytes) -> bool:
        """Tell whether a message is small enough; another one would cost the connection."""
        if self.packet_bytes is None:
            return True
        return len(topic.encode()) + len(payload) + HEADER_BYTES <= self.packet_bytes


class BrokerConnection:
    """Publish with paho on its own network thread; it reconnects and resends by itself.

    What the broker refuses ends the publishing and not only the connection: paho would resend the
    same message for ever.
    """

    def __init__(self, broker: BrokerAccess) -> None:
        """Prepare to connect.

        Raises:
            CannotPublish: the file of certificates cannot be used.
        """
        self._broker = broker
        self._changed = threading.Condition()
        self._published = self._acknowledged = self._refused = 0
        self._reason_code: int | None = None
        self._answer: str | None = None
        self._terms = Terms()
        self._accepted = False
        self._fruitless = 0
        self._connected_at = 0.0
        self._problem: str | None = None
        self._reported: set[str] = set()
        self._client = self._make_client()

    def open(self) -> None:
        """Connect.

        Raises:
            CannotPublish: the broker could not be reached, or refused the connection.
        """
        self._connect()
        if older := self._broker.after_refusal(self._reason_code or 0):
            self.close()
            log.warning("mqtt5_refused", broker=str(older), version=str(older.version))
            self._broker, self._answer = older, None
            self._client = self._make_client()
            self._connect()
        if self._answer is None:
            problem = f"no answer within {CONNECT_SECONDS:g} s"
        elif not self._terms.qos_1:
            problem = "takes QoS 0 only, by which reports could be lost"
        else:
            problem = self._answer
        if problem:
            self.close()
            raise self._cannot_publish(problem)

    def send(self, message: OutgoingMessage, stop: threading.Event) -> bool:
        """Publish a message, waiting for room; return False where stop is set and there is none.

        Raises:
            CannotPublish: the broker will not acknowledge what it has been sent.
        """
        began = time.monotonic()
        while not self._has_room(began):
            if stop.is_set():
                return False
        with self._changed:
            self._published += 1
            terms = self._terms
        topic = self._broker.topic(message.topic)
        if not terms.allow(topic, message.payload):
            self._refuse("message_too_large", bytes=len(message.payload), topic=topic)
            return True
        if message.retain and not terms.retained:
            self._report("broker_keeps_no_retained_messages")
        retain = message.retain and terms.retained
        self._check(self._client.publish(topic, message.payload, qos=1, retain=retain))
        return True

    def drain(self) -> None:
        """Wait until every message has been answered, as long as answers keep coming.

        Raises:
            CannotPublish: the broker will not acknowledge what it has been sent.
        """
        with self._changed:
            deadline = time.monotonic() + DRAIN_SECONDS
            while pending := self._pending:
                self._raise_problem()
                self._changed.wait(deadline - time.monotonic())
                if self._pending < pending:
                    deadline = time.monotonic() + DRAIN_SECONDS
                elif time.monotonic() >= deadline:
                    log.warning("acknowledgements_missing", messages=pending)
                    return

    def close(self) -> None:
        """Disconnect and end the network thread."""
        # paho's thread does not end while it has messages and a connection to send them over.
        self._client.drop_out_messages()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def counts(self) -> Counts:
        with self._changed:
            return Counts(self._published, self._acknowledged, self._refused)

    @property
    def _pending(self) -> int:
        return self._published - self._acknowledged - self._refused

    def _connect(self) -> None:
        url = self._broker.url
        try:
            self._client.connect(url.host, url.port)
        except (OSError, ValueError) as error:
            raise self._cannot_publish(_reason(error)) from error
        self._client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._answer is not None, CONNECT_SECONDS)

    def _has_room(self, began: float) -> bool:
        with self._changed:
            self._raise_problem()
            if self._changed.wait_for(lambda: self._pending < self._terms.in_flight, 0.1):
                return True
            waited = time.monotonic() - max(began, self._connected_at)
            if self._accepted and waited > STALLED_SECONDS:
                self._problem = f"no acknowledgement within {STALLED_SECONDS:g} s"
            return False

    def _raise_problem(self) -> None:
        if self._problem is not None:
            unanswered = f"{self._pending:,} messages not acknowledged"
            raise self._cannot_publish(f"{self._problem}; {unanswered}")

    def _cannot_publish(self, problem: str) -> CannotPublish:
        return CannotPublish(f"broker {self._broker.url.address}: {problem}")

    def _check(self, info: MQTTMessageInfo) -> None:
        # While disconnected paho keeps the message and sends it after the next connect.
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            self._refuse("message_not_queued", error=info.rc.name)

    def _refuse(self, event: str, **details: object) -> None:
        self._report(event, **details)
        with self._changed:
            self._refused += 1

    def _report(self, event: str, **details: object) -> None:
        # The first one: a recording may hold thousands.
        if event not in self._reported:
            self._reported.add(event)
            log.warning(event, broker=str(self._broker), **details)

    # paho's callbacks, on its thread.

    def _on_connect(
        self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        with self._changed:
            self._answer = str(reason) if reason.is_failure else ""
            self._reason_code = reason.value
            self._accepted = not reason.is_failure
            self._connected_at = time.monotonic()
            if self._accepted:
                self._terms = Terms.of(properties)
            self._changed.notify_all()

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        if not reason.is_failure:
            return
        log.warning("broker_connection_lost", broker=str(self._broker), reason=str(reason))
        with self._changed:
            if self._accepted and self._pending:
                self._fruitless += 1
            self._accepted = False
            if self._fruitless >= FRUITLESS_CONNECTIONS:
                self._problem = f"closes the connection when it is sent a message: {reason}"
            self._changed.notify_all()

    def _on_publish(
        self, client: Client, userdata: Any, packet_id: int, reason: Any, properties: Any
    ) -> None:
        with self._changed:
            self._fruitless = 0
            if reason.is_failure:
                self._refused += 1
            else:
                self._acknowledged += 1
            self._changed.notify_all()

    def _make_client(self) -> Client:
        broker = self._broker
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            protocol=MQTTProtocolVersion(broker.version.level),
            transport=broker.transport,
        )
        try:
            broker.authenticate(client)
        except OSError as error:
            files = filter(None, (broker.ca_file, broker.cert_file, broker.key_file))
            named = ", ".join(map(str, files))
            raise CannotPublish(f"certificates {named}: {_reason(error)}") from error
        client.max_inflight_messages_set(SENT_AT_ONCE)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
