"""A subscriber that keeps every message it gets."""

import threading
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.servers.waiting import wait_until

SECONDS = 10.0


class Received(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    retained: bool


class Subscriber:
    """Subscribed on entering the `with` block."""

    def __init__(self, url: str, topic_filter: str) -> None:
        self.received: list[Received] = []
        self._subscribed = threading.Event()
        self._filter = topic_filter
        self._address = urlsplit(url)
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._keep

    @property
    def live(self) -> list[Received]:
        """What was published since the subscription; not what the broker had retained."""
        return [message for message in self.received if not message.retained]

    def wait_for(self, count: int) -> None:
        """Return once there are as many live messages; raise TimeoutError if there never are."""
        wait_until(
            lambda: len(self.live) >= count, seconds=SECONDS, what=f"{count} messages received"
        )

    def __enter__(self) -> "Subscriber":
        self._client.username_pw_set(self._address.username, self._address.password)
        self._client.connect(str(self._address.hostname), self._address.port or 1883)
        self._client.loop_start()
        self._client.subscribe(self._filter, qos=1)
        assert self._subscribed.wait(SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _keep(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.received.append(Received(message.topic, bytes(message.payload), message.retain))
