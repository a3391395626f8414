"""Whether the broker has shared subscriptions: what it says of itself, else a message through one.

To a broker that does not know them, ``$share/group/fleet/#`` is a filter like any other, of topics
that nobody publishes on: it grants the subscription, and the worker receives nothing.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.session import CONNECT_SECONDS
from models import probe
from models.broker import BrokerAccess

PATIENCE_SECONDS: Final = 2.0
"""How long a message may take through the broker and back."""


def shares(access: BrokerAccess, properties: Any) -> bool | None:
    """Tell whether the broker has shared subscriptions; None: it cannot be found out.

    An MQTT 5 broker that has none has to say so (MQTT 5.0, 3.2.2.3.13). MQTT 3.1.1 has no word for
    it, and brokers of both kinds speak it: there a self-probe's report is sent through a group, and
    if it does not come, through a plain subscription, as somebody who may not publish would see
    neither.

    Args:
        properties: paho's CONNACK properties.
    """
    if access.mqtt5:
        return bool(getattr(properties, "SharedSubscriptionAvailable", 1))
    topic = access.topic(probe.TOPIC)
    try:
        with _Trial(access) as trial:
            if trial.comes_through(f"$share/{uuid4().hex}/{topic}"):
                return True
            return False if trial.comes_through(topic) else None
    except OSError:
        return None


class _Trial:
    """A client beside the worker's, driven by whoever asks.

    Its session is not a clean one: a broker that goes by the account and not by the client id
    would end the worker's, with all that waits in it.
    """

    def __init__(self, access: BrokerAccess) -> None:
        self._access = access
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{access.client_id}-check",
            clean_session=False,
            protocol=MQTTProtocolVersion(access.version.level),
            transport=access.transport,
            manual_ack=True,
        )
        self._received: set[bytes] = set()
        self._subscribed = False

    def __enter__(self) -> "_Trial":
        client = self._client
        self._access.authenticate(client)
        client.connect_timeout = CONNECT_SECONDS
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.connect(self._access.url.host, self._access.url.port)
        self._loop_until(client.is_connected)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._client.disconnect()
        self._client.loop(0.1)

    def comes_through(self, topic_filter: str) -> bool:
        """Publish a self-probe's report, and tell whether the filter brings it."""
        payload = probe.payload(datetime.now(UTC))
        self._subscribed = False
        self._client.subscribe(topic_filter, 1)
        self._loop_until(lambda: self._subscribed)
        self._client.publish(self._access.topic(probe.TOPIC), payload, qos=1)
        came = self._loop_until(lambda: payload in self._received)
        self._client.unsubscribe(topic_filter)
        return came

    def _loop_until(self, done: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done() and time.monotonic() < deadline:
            if self._client.loop(0.05) != paho.MQTT_ERR_SUCCESS:
                return False
        return done()

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._received.add(bytes(message.payload))
        self._client.ack(message.mid, message.qos)

    def _on_subscribe(self, *_answer: object) -> None:
        self._subscribed = True
