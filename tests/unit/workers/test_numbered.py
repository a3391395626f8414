"""Each of several workers has settings of its own."""

from fleetgauge.settings import Settings
from fleetgauge.workers.numbered import numbered

SETTINGS = Settings(
    mqtt_client_id="depot", worker="east", topics=("fleet/#", "$share/ours/owntracks/#")
)


def test_names_are_its_own() -> None:
    """Client id and account bear the worker's number."""
    second = numbered(SETTINGS, 2)
    assert (second.mqtt_client_id, second.worker) == ("depot-2", "east-2")


def test_subscriptions_are_shared() -> None:
    """A filter that names a group keeps it; the others get ours."""
    assert numbered(SETTINGS, 1).topics == ("$share/fleetgauge/fleet/#", "$share/ours/owntracks/#")
