"""Each of several workers has settings of its own."""

from fleetgauge.settings import Settings
from fleetgauge.workers.numbered import client_id_of, named, numbered
from storage.broker_session import Installation

SETTINGS = Settings(worker="east", topics=("fleet/#", "$share/ours/owntracks/#"))
PINNED = SETTINGS.model_copy(update={"mqtt_client_id": "depot"})
NAMES = Installation("fleetgauge-7a", "fleetgauge-9c")


def test_names_are_its_own() -> None:
    """Client id and account bear the worker's number."""
    second = numbered(SETTINGS, NAMES, 2)
    assert (second.mqtt_client_id, second.worker) == ("fleetgauge-7a-2", "east-2")


def test_a_client_id_may_be_pinned() -> None:
    """It takes the place of the one that was drawn."""
    assert named(SETTINGS, NAMES).mqtt_client_id == "fleetgauge-7a"
    assert named(PINNED, NAMES).mqtt_client_id == "depot"
    assert numbered(PINNED, NAMES, 2).mqtt_client_id == "depot-2"


def test_subscriptions_are_shared() -> None:
    """A filter that names a group keeps it; the others get ours."""
    topics = numbered(SETTINGS, NAMES, 1).topics
    assert topics == ("$share/fleetgauge-9c/fleet/#", "$share/ours/owntracks/#")


def test_sessions_are_named_by_their_workers() -> None:
    """The worker alone, one of several, or a client id as it stands."""
    names = ("east", "east-3", "fleetgauge-ingest")
    ids = [client_id_of(name, SETTINGS, NAMES) for name in names]
    assert ids == ["fleetgauge-7a", "fleetgauge-7a-3", "fleetgauge-ingest"]
