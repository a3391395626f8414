"""A client for a session that outlives its connections, and how it connects."""

from typing import Any, Final

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.buffered_client import BufferedClient
from models.broker import BrokerAccess

CONNECT_SECONDS: Final = 5
"""How long the network may take to connect; the broker's answer comes later."""


def make_client(access: BrokerAccess) -> BufferedClient:
    """Make a client that acknowledges by hand, and leaves the writing to the caller's loop.

    Raises:
        OSError: the file of certificates cannot be read.
    """
    client = BufferedClient(
        CallbackAPIVersion.VERSION2,
        client_id=access.client_id,
        # MQTT 5 asks for its session as it connects.
        clean_session=None if access.mqtt5 else False,
        protocol=MQTTProtocolVersion(access.version.level),
        transport=access.transport,
        manual_ack=True,
    )
    access.authenticate(client)
    client.connect_timeout = CONNECT_SECONDS
    # With it, paho does not write by itself: the loop sends many packets at once.
    client.on_socket_register_write = _leave_writing_to_the_loop
    return client


def connect(client: BufferedClient, access: BrokerAccess) -> None:
    """Connect, asking for the session and its limits.

    Raises:
        OSError: nothing answers there.
        ValueError: no host can have this name.
    """
    options: dict[str, Any] = {}
    if access.mqtt5:
        properties = Properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = access.receive_maximum
        properties.SessionExpiryInterval = int(access.session_expiry.total_seconds())
        options = {"clean_start": False, "properties": properties}
    keepalive = int(access.keepalive.total_seconds())
    client.connect(access.url.host, access.url.port, keepalive, **options)


def _leave_writing_to_the_loop(*_arguments: object) -> None:
    """Do nothing: paho only checks that the callback is set."""
