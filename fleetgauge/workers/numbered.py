"""From the settings of one worker to those of the n-th of several."""

from fleetgauge.settings import Settings
from storage.broker_session import Installation


def numbered(settings: Settings, installation: Installation, number: int) -> Settings:
    """Return the settings with a client id, an account and a share of the messages of its own."""
    alone = named(settings, installation)
    return alone.model_copy(
        update={
            "mqtt_client_id": f"{alone.mqtt_client_id}-{number}",
            "worker": f"{settings.worker}-{number}",
            "topics": tuple(shared(name, installation.share_group) for name in settings.topics),
        }
    )


def named(settings: Settings, installation: Installation) -> Settings:
    """Return the settings with a client id: the one that they pin, else the installation's."""
    client_id = settings.mqtt_client_id or installation.client_id
    return settings.model_copy(update={"mqtt_client_id": client_id})


def client_id_of(worker: str, settings: Settings, installation: Installation) -> str:
    """Return the client id of a worker by its name; one that is not a worker's is a client id."""
    alone = named(settings, installation)
    if worker == settings.worker:
        return str(alone.mqtt_client_id)
    name, _, number = worker.rpartition("-")
    if name == settings.worker and number.isdecimal():
        return f"{alone.mqtt_client_id}-{number}"
    return worker


def shared(topic_filter: str, group: str) -> str:
    """Return the shared subscription of a topic filter that is not one yet (MQTT 5.0, 4.8.2)."""
    return topic_filter if topic_filter.startswith("$share/") else f"$share/{group}/{topic_filter}"
