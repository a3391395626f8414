"""All that this program touches of paho-mqtt's private names.

paho has no public way to hand it a socket, to see a PUBLISH packet before it is decoded, or to
read a topic that is not UTF-8. pyproject.toml bounds its version to the one that the tests of this
file were run with; a test for each name says what we rely on.
"""

from typing import Any

import paho.mqtt.client as paho


class HookedClient(paho.Client):
    """paho's client with the two hooks that it lacks; each does nothing unless overridden."""

    def wrap_socket(self, sock: Any) -> Any:
        """Return what paho is to read from and write to in place of a socket just connected."""
        return sock

    def take_publish(self, first: int, body: bytes) -> bool:
        """Handle a PUBLISH packet in paho's place; return False to leave it to paho.

        Args:
            first: the packet's first byte.
            body: what follows the packet's length.
        """
        return False

    def _create_socket(self) -> Any:
        # Should a later release no longer call this, everything still works, more slowly.
        inner: Any = super()._create_socket()
        return self.wrap_socket(inner)

    def _handle_publish(self) -> Any:
        packet: Any = self._in_packet
        if self.take_publish(packet["command"], bytes(packet["packet"])):
            return paho.MQTT_ERR_SUCCESS
        return super()._handle_publish()


def socket_of(frames: Any) -> Any:
    """Return the network's socket of a connection over WebSocket."""
    return frames._socket


def topic_of(message: paho.MQTTMessage) -> bytes:
    """Return a message's topic as it came; ``message.topic`` raises where it is not UTF-8."""
    topic: bytes = message._topic
    return topic
