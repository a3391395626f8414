"""The subscriber on a real broker: usual and unusual packets, with and without the fast way."""

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from prometheus_client import CollectorRegistry

from ingest.buffered_client import BufferedClient
from ingest.instruments import Instruments
from ingest.queue import Delivery, MessageQueue
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess, MqttVersion, parse_broker_url
from tests.servers.mosquitto import MosquittoServer

MESSAGES: dict[str, bytes] = {
    "fleet/op/1/position": b"{}",
    "fleet/op/2/position": b"",
    "fleet/op/Кинешма – вокзал/position": b"[]",
    "fleet/op/3/with properties": b"properties",
    "fleet/op/4/large": b"x" * 20_000,
    "fleet/op/5/larger than the buffer": b"x" * 700_000,
}


class Receiver:
    """A subscriber with its queue, in this process."""

    def __init__(self, broker: MosquittoServer, *, mqtt5: bool) -> None:
        access = BrokerAccess(
            parse_broker_url(broker.url),
            version=MqttVersion.V5 if mqtt5 else MqttVersion.V3_1_1,
            client_id="receiver",
            topic_filters=("fleet/#",),
        )
        self.queue = MessageQueue(1000, 10_000_000)
        self.subscriber = Subscriber(access, self.queue, Instruments(CollectorRegistry()))
        self.subscriber.start()

    def take(self, count: int) -> list[Delivery]:
        """Return so many messages, or what came within five seconds."""
        return self.queue.take(count, 10_000_000, 5.0)

    def close(self) -> None:
        """Go, leaving the session behind."""
        self.subscriber.close()


@pytest.fixture(params=[True, False], ids=["mqtt5", "mqtt311"])
def mqtt5(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def published(mosquitto_server: MosquittoServer, mqtt5: bool) -> MosquittoServer:
    """The broker with a session of ours, in which all the messages wait."""
    Receiver(mosquitto_server, mqtt5=mqtt5).close()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", mosquitto_server.port)
    client.loop_start()
    for topic, payload in MESSAGES.items():
        properties = Properties(PacketTypes.PUBLISH)
        if "properties" in topic:
            properties.UserProperty = ("garage", "north")
        client.publish(topic, payload, 1, properties=properties).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    return mosquitto_server


def _contents(deliveries: list[Delivery]) -> dict[str, bytes]:
    return {item.message.topic.decode(): item.message.payload for item in deliveries}


@pytest.mark.parametrize("way", ["fast", "paho's own"])
def test_every_packet_comes_as_it_was_sent(
    published: MosquittoServer, mqtt5: bool, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Usual packets and unusual ones come whole and in order, and acknowledged ones only once.

    paho's own way is what remains should a release of it no longer ask for our socket. It closes
    without waiting for the broker, who may then not see the last acknowledgements.
    """
    if way != "fast":
        monkeypatch.setattr(BufferedClient, "wrap_socket", lambda _client, sock: sock)
    first = Receiver(published, mqtt5=mqtt5)
    deliveries = first.take(len(MESSAGES))
    first.subscriber.acknowledge(deliveries[:4])
    first.close()
    assert _contents(deliveries) == MESSAGES
    assert [item.message.topic.decode() for item in deliveries] == list(MESSAGES)
    second = Receiver(published, mqtt5=mqtt5)
    again = second.take(1)
    begins = list(MESSAGES).index(again[0].message.topic.decode())
    again += second.take(len(MESSAGES) - begins - 1)
    second.subscriber.acknowledge(again)
    second.close()
    assert list(_contents(again)) == list(MESSAGES)[begins:]
    assert begins == 4 or (way != "fast" and begins < 4)
