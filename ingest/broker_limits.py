"""Where the broker's limits, as it states them when it accepts us, are below what we ask for."""

from typing import Any, Final, NamedTuple

from models.broker import BrokerAccess

AT_MOST_ONCE: Final = "messages are delivered at most once"


class BrokerLimit(NamedTuple):
    """A limit of the broker below what the worker asks for; it may lose messages."""

    limit: str
    asked: object
    granted: object
    consequence: str


def limits_below(access: BrokerAccess, properties: Any) -> list[BrokerLimit]:
    """Compare what was asked for with what CONNACK grants, as far as MQTT 5 states it.

    How many messages the broker queues for an absent session, it cannot state.

    Args:
        properties: paho's CONNACK properties; empty with MQTT 3.1.1.
    """
    found: list[BrokerLimit] = []
    asked_expiry = int(access.session_expiry.total_seconds())
    expiry = getattr(properties, "SessionExpiryInterval", asked_expiry)
    if expiry < asked_expiry:
        lost = "messages are lost if the worker is away for longer"
        found.append(BrokerLimit("session_expiry_seconds", asked_expiry, expiry, lost))
    if getattr(properties, "MaximumQoS", 2) < 1:
        found.append(BrokerLimit("maximum_qos", 1, 0, AT_MOST_ONCE))
    if not getattr(properties, "WildcardSubscriptionAvailable", 1):
        found.append(BrokerLimit("wildcard_subscriptions", 1, 0, "filters with + or # get nothing"))
    shared = any(name.startswith("$share/") for name in access.topic_filters)
    if shared and not getattr(properties, "SharedSubscriptionAvailable", 1):
        found.append(BrokerLimit("shared_subscriptions", 1, 0, "workers cannot share the load"))
    return found
