"""A publisher that knows what it published."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class Broker(Protocol):
    """A broker on loopback."""

    port: int


NOW = datetime.now(UTC).replace(microsecond=0)


def position(vehicle: str, seconds_ago: float, **more: object) -> tuple[str, dict[str, object]]:
    """Return topic and payload of a good position of operator ``op``."""
    observed_at = (NOW - timedelta(seconds=seconds_ago)).isoformat()
    return f"fleet/op/{vehicle}/position", {
        "observed_at": observed_at,
        "latitude": 57.0,
        "longitude": 41.0,
        **more,
    }


def publish(broker: Broker, messages: Iterable[tuple[str, bytes]]) -> int:
    """Publish with QoS 1, wait until the broker has all of them, return how many."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        sent = [client.publish(topic, payload, qos=1) for topic, payload in messages]
        for info in sent:
            info.wait_for_publish(30)
    finally:
        client.disconnect()
        client.loop_stop()
    return len(sent)
