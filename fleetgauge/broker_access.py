"""From the settings to the one description of the broker, for each who connects to it."""

from dataclasses import replace
from uuid import uuid4

from fleetgauge.settings import Settings
from models.broker import BrokerAccess


def broker_access(settings: Settings) -> BrokerAccess:
    """Say where the broker is, who the worker is there, and what it subscribes to."""
    return BrokerAccess(
        url=settings.mqtt_url,
        ca_file=settings.mqtt_ca_file,
        cert_file=settings.mqtt_cert_file,
        key_file=settings.mqtt_key_file,
        topic_prefix=settings.topic_prefix,
        version=settings.mqtt_protocol,
        client_id=settings.mqtt_client_id or "",
        topic_filters=settings.topic_filters,
        receive_maximum=settings.mqtt_receive_maximum,
        session_expiry=settings.mqtt_session_expiry,
        start_timeout=settings.mqtt_start_timeout,
    )


def publishing_access(settings: Settings, who: str) -> BrokerAccess:
    """Say the same for one who publishes: with a client id of its own, and no subscription."""
    client_id = f"fleetgauge-{who}-{uuid4().hex[:12]}"
    return replace(broker_access(settings), client_id=client_id, topic_filters=())
