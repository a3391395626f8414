"""From the settings of one worker to those of the n-th of several."""

from fleetgauge.settings import Settings

GROUP = "fleetgauge"


def numbered(settings: Settings, number: int) -> Settings:
    """Return the settings with a client id, an account and a share of the messages of its own."""
    return settings.model_copy(
        update={
            "mqtt_client_id": f"{settings.mqtt_client_id}-{number}",
            "worker": f"{settings.worker}-{number}",
            "topics": tuple(shared(name) for name in settings.topics),
        }
    )


def shared(topic_filter: str) -> str:
    """Return the shared subscription of a topic filter that is not one yet (MQTT 5.0, 4.8.2)."""
    return topic_filter if topic_filter.startswith("$share/") else f"$share/{GROUP}/{topic_filter}"
