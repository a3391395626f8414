"""How to reach the broker, and what it told about its limits when it let us in."""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """Where the broker is, who we are there, and what we ask of it."""

    host: str
    port: int
    client_id: str
    topic_filters: tuple[str, ...]
    username: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: Path | None = None
    mqtt5: bool = True
    receive_maximum: int = 20_000
    session_expiry: timedelta = timedelta(days=7)
    keepalive: timedelta = timedelta(seconds=30)

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext:
        """Make the context by which the broker's certificate is checked.

        Raises:
            OSError: the file of certificates cannot be read.
        """
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        return context


class BrokerLimit(NamedTuple):
    """A limit of the broker under what the worker asks for: messages may be lost by it."""

    limit: str
    asked: object
    granted: object
    consequence: str


def limits_below(access: BrokerAccess, properties: Any) -> list[BrokerLimit]:
    """Compare what we asked for with what CONNACK grants, as far as MQTT 5 tells.

    The broker does not tell how many messages it queues for a session that is away.

    Args:
        properties: paho's CONNACK properties; None with MQTT 3.1.1, which tells nothing.
    """
    found: list[BrokerLimit] = []
    asked_expiry = int(access.session_expiry.total_seconds())
    expiry = getattr(properties, "SessionExpiryInterval", asked_expiry)
    if expiry < asked_expiry:
        lost = "messages are lost if the worker is away for longer"
        found.append(BrokerLimit("session_expiry_seconds", asked_expiry, expiry, lost))
    if getattr(properties, "MaximumQoS", 2) < 1:
        lost = "messages are delivered at most once"
        found.append(BrokerLimit("maximum_qos", 1, 0, lost))
    if not getattr(properties, "WildcardSubscriptionAvailable", 1):
        found.append(BrokerLimit("wildcard_subscriptions", 1, 0, "topics with + or # stay silent"))
    shared = any(name.startswith("$share/") for name in access.topic_filters)
    if shared and not getattr(properties, "SharedSubscriptionAvailable", 1):
        found.append(BrokerLimit("shared_subscriptions", 1, 0, "workers cannot share the load"))
    return found
