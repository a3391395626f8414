"""What Mosquitto says of itself under $SYS, for those who count it: one connection for all."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol, Self

import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from models.broker import BrokerAccess

KEEPALIVE_S: Final = 60
_LONGEST_WAIT_S: Final = 120

log = structlog.get_logger()


class Listener(Protocol):
    """Who counts what the broker says on some of its topics; called on paho's thread."""

    @property
    def topics(self) -> Sequence[str]:
        """Where to listen; no filter has a wildcard."""

    def listening(self, granted: bool) -> None:
        """Learn whether the broker grants all of the topics; not, while it is away."""

    def told(self, topic: str, payload: bytes) -> None:
        """Take a message on one of the topics."""


class BrokerTopics:
    """Listen while the context lasts, on paho's thread."""

    def __init__(self, broker: BrokerAccess, listeners: Sequence[Listener]) -> None:
        """Take the broker, with an account that may subscribe to the topics, and who listens.

        Raises:
            OSError: a file of certificates cannot be read.
        """
        self._broker = broker
        self._listeners = listeners
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            protocol=MQTTProtocolVersion(broker.version.level),
            transport=broker.transport,
        )
        # A broker of another make may end the connection of who asks for this.
        self._client.reconnect_delay_set(1, _LONGEST_WAIT_S)
        broker.authenticate(self._client)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect_async(self._broker.url.host, self._broker.url.port, KEEPALIVE_S)
        self._client.loop_start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    # paho's callbacks, on its thread.

    def _on_connect(
        self, client: Client, _data: object, _flags: object, reason: Any, _props: object
    ) -> None:
        if not reason.is_failure:
            client.subscribe([(topic, 0) for _, topic in self._wanted()])
        elif self._broker.after_refusal(reason.value) is not None:
            self._give_up(client, reason)

    def _on_subscribe(
        self, client: Client, _data: object, _packet_id: int, reasons: list[Any], _props: object
    ) -> None:
        answered = list(zip(self._wanted(), reasons, strict=True))
        for listener in self._listeners:
            of_it = [reason for (who, _), reason in answered if who is listener]
            listener.listening(not any(reason.is_failure for reason in of_it))
        if all(reason.is_failure for reason in reasons):
            self._give_up(client, reasons[0])

    def _give_up(self, client: Client, reason: object) -> None:
        # No Mosquitto, or none that is set up for it: the metrics say so.
        log.info("broker_topics_refused", broker=str(self._broker), reason=str(reason))
        client.disconnect()

    def _on_disconnect(self, *_told: object) -> None:
        for listener in self._listeners:
            listener.listening(False)

    def _on_message(self, _client: object, _data: object, message: MQTTMessage) -> None:
        for listener, topic in self._wanted():
            if topic == message.topic:
                listener.told(topic, bytes(message.payload))

    def _wanted(self) -> Iterator[tuple[Listener, str]]:
        return ((listener, topic) for listener in self._listeners for topic in listener.topics)
