"""paho's private names that we use: each is there, and does what we rely on.

The other end is a socket of the test: a broker's part of a connection in a few bytes.
"""

import inspect
import select
import socket
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ingest.paho_private import HookedClient, topic_of

CONNACK = b"\x20\x02\x00\x00"
PUBLISH = b"\x32\x08\x00\x03a/b\x00\x07p"
NOT_UTF8 = b"\x30\x06\x00\x03a/\xffp"
TIMEOUT_S = 5.0


class Recorder(HookedClient):
    """A client that takes PUBLISH packets where it should, and keeps what it saw."""

    def __init__(self, *, takes: bool) -> None:
        super().__init__(CallbackAPIVersion.VERSION2)
        self.takes = takes
        self.wrapped: list[Any] = []
        self.packets: list[tuple[int, bytes]] = []
        self.messages: list[paho.MQTTMessage] = []
        self.on_message = lambda _client, _data, message: self.messages.append(message)

    def wrap_socket(self, sock: Any) -> Any:
        self.wrapped.append(sock)
        return sock

    def take_publish(self, first: int, body: bytes) -> bool:
        self.packets.append((first, body))
        return self.takes


class Broker:
    """The other end of one connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._socket: socket.socket | None = None

    def connect(self, client: paho.Client) -> None:
        """Accept a client and let it read the answer."""
        client.connect("127.0.0.1", self._listener.getsockname()[1])
        self._socket, _ = self._listener.accept()
        self.send(client, CONNACK)

    def send(self, client: paho.Client, packet: bytes) -> None:
        """Send a packet and let the client read it."""
        assert self._socket is not None
        self._socket.sendall(packet)
        sock: Any = client.socket()
        assert select.select([sock], [], [], TIMEOUT_S)[0]
        assert client.loop_read() == paho.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._listener.close()


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.close()


def test_create_socket_gives_the_socket_that_is_used(broker: Broker) -> None:
    """``_create_socket`` is called once a connection, and what it returns is read and written.

    Should this fail with a new release, nothing is lost, and the worker is half as fast.
    """
    assert list(inspect.signature(paho.Client._create_socket).parameters) == ["self"]
    client = Recorder(takes=False)
    broker.connect(client)
    assert client.wrapped == [client.socket()]
    assert client.is_connected()
    client.disconnect()


@pytest.mark.parametrize("takes", [True, False])
def test_handle_publish_sees_the_whole_packet(broker: Broker, takes: bool) -> None:
    """``_handle_publish`` is called with the packet in ``_in_packet``; paho's own handles it too.

    Should this fail with a new release, a property with U+FEFF stops the worker for ever.
    """
    assert list(inspect.signature(paho.Client._handle_publish).parameters) == ["self"]
    client = Recorder(takes=takes)
    broker.connect(client)
    broker.send(client, PUBLISH)
    assert client.packets == [(PUBLISH[0], PUBLISH[2:])]
    assert [message.payload for message in client.messages] == ([] if takes else [b"p"])
    assert client.is_connected()
    client.disconnect()


def test_a_topic_that_is_not_utf8_comes_as_it_is(broker: Broker) -> None:
    """``_topic`` has the bytes; the public ``topic`` raises.

    Should this fail with a new release, such a message ends the worker, again and again.
    """
    client = Recorder(takes=False)
    broker.connect(client)
    broker.send(client, NOT_UTF8)
    (message,) = client.messages
    assert topic_of(message) == b"a/\xff"
    with pytest.raises(UnicodeDecodeError):
        _ = message.topic
    client.disconnect()


def test_a_message_of_ours_keeps_its_topic() -> None:
    """The constructor takes the topic's bytes."""
    assert topic_of(paho.MQTTMessage(7, b"a/\xff")) == b"a/\xff"
