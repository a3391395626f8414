"""Persistent sessions: what the broker queues a flood in until a subscriber comes."""

import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

RECEIVE_MAXIMUM = 20_000
TOPIC_FILTER = "fleet/#"


def stock_client(client_id: str, *, mqtt5: bool) -> paho.Client:
    """Make paho's client as its manual shows it, with a session that stays."""
    if mqtt5:
        version = MQTTProtocolVersion.MQTTv5
        return paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version)
    return paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)


def connect(client: paho.Client, port: int, *, mqtt5: bool) -> None:
    """Connect to a session that stays, with as many messages in flight as the worker asks for."""
    options: dict[str, Any] = {}
    if mqtt5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        options = {"clean_start": False, "properties": properties}
    client.connect("127.0.0.1", port, **options)


def leave(port: int, client_id: str, *, mqtt5: bool) -> None:
    """Subscribe and go away: from now on the broker queues."""
    client = stock_client(client_id, mqtt5=mqtt5)
    subscribed = threading.Event()

    def on_connect(client: paho.Client, *_: object) -> None:
        client.subscribe(TOPIC_FILTER, 1)

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.set()
    connect(client, port, mqtt5=mqtt5)
    client.loop_start()
    if not subscribed.wait(10):
        raise TimeoutError("the broker did not accept the subscription")
    client.disconnect()
    client.loop_stop()
