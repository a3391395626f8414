"""From the settings to the worker's access to the broker."""

from fleetgauge.settings import Settings
from ingest.broker import BrokerAccess


def broker_access(settings: Settings) -> BrokerAccess:
    """Return where the broker is, who we are there, and what to subscribe to."""
    url = settings.mqtt_url
    return BrokerAccess(
        host=url.host,
        port=url.port,
        client_id=settings.mqtt_client_id,
        topic_filters=settings.topics,
        username=url.username,
        password=url.password.get_secret_value() if url.password else None,
        tls=url.tls,
        ca_file=settings.mqtt_ca_file,
        mqtt5=settings.mqtt_protocol == "5",
        receive_maximum=settings.mqtt_receive_maximum,
        session_expiry=settings.mqtt_session_expiry,
    )
