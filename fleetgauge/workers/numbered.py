"""From the settings of one worker to those of the n-th of several."""

from itertools import combinations
from typing import NamedTuple

from fleetgauge.environment import SettingsError
from fleetgauge.settings import Settings
from models.topic_filter import overlap
from storage.broker_session import Installation


class Place(NamedTuple):
    """Which of several workers one is."""

    number: int
    """From 1."""
    workers: int


def numbered(settings: Settings, installation: Installation, place: Place) -> Settings:
    """Return the settings with a client id, an account and a share of the messages of its own."""
    number, workers = place
    alone = named(settings, installation)
    return alone.model_copy(
        update={
            "mqtt_client_id": f"{alone.mqtt_client_id}-{number}",
            "worker": f"{settings.worker}-{number}",
            "topics": _of_group(settings, installation)
            if settings.workers_share == "group"
            else settings.topics[number - 1 :: workers],
        }
    )


def check_split(settings: Settings, workers: int) -> None:
    """Pass if so many workers can share the messages as the settings say.

    Raises:
        SettingsError: there are too few filters to split, or a message would have two of them.
    """
    filters = settings.topics
    if settings.workers_share == "group":
        return
    if len(filters) < workers:
        raise SettingsError(
            f"FLEETGAUGE_TOPICS: {len(filters)} for {workers} workers; by "
            "FLEETGAUGE_WORKERS_SHARE=filters each needs one, such as fleet/ivpat-1/#"
        )
    for one, other in combinations(filters, 2):
        if overlap(one, other):
            raise SettingsError(
                f"FLEETGAUGE_TOPICS: {one} and {other} match the same topics; by "
                "FLEETGAUGE_WORKERS_SHARE=filters two workers would receive them"
            )


def _of_group(settings: Settings, installation: Installation) -> tuple[str, ...]:
    return tuple(shared(name, installation.share_group) for name in settings.topics)


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
