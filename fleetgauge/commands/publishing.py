"""What all that publish have in common: the broker, and how their messages are counted."""

from typing import Any

from paho.mqtt.enums import MQTTProtocolVersion

from fleetgauge.settings import Settings
from simulator.connection import BrokerAddress, Counts

_PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


def broker_of(settings: Settings) -> BrokerAddress:
    """Return the address of the broker to publish to."""
    url = settings.mqtt_url
    password = url.password.get_secret_value() if url.password else None
    return BrokerAddress(
        url.host, url.port, url.username, password, tls=url.tls, ca_file=settings.mqtt_ca_file
    )


def protocol_of(settings: Settings) -> MQTTProtocolVersion:
    """Return the protocol version to speak."""
    return _PROTOCOLS[settings.mqtt_protocol]


def missing(counts: Counts) -> int:
    """Return how many messages the broker has not answered."""
    return counts.published - counts.acknowledged - counts.refused


def under_way(counts: Counts) -> str:
    """Return the counts while messages are still on their way."""
    return f"{counts.published:,} messages published, {counts.acknowledged:,} acknowledged"


def summary(counts: Counts) -> str:
    """Return the final counts; the rare ones only if there are any."""
    parts = [under_way(counts)]
    if counts.refused:
        parts.append(f"{counts.refused:,} refused")
    if unanswered := missing(counts):
        parts.append(f"{unanswered:,} unanswered")
    return ", ".join(parts)


def as_document(counts: Counts) -> dict[str, Any]:
    """Return the counts for a JSON document."""
    return {
        "published": counts.published,
        "acknowledged": counts.acknowledged,
        "refused": counts.refused,
        "unanswered": missing(counts),
    }
