"""Each of several workers has settings of its own."""

import pytest

from fleetgauge.environment import SettingsError
from fleetgauge.settings import Settings
from fleetgauge.workers.numbered import Place, check_split, client_id_of, named, numbered
from storage.broker_session import Installation

SETTINGS = Settings(worker="east", topics=("fleet/#", "$share/ours/owntracks/#"))
PINNED = SETTINGS.model_copy(update={"mqtt_client_id": "depot"})
NAMES = Installation("fleetgauge-7a", "fleetgauge-9c")


def test_names_are_its_own() -> None:
    """Client id and account bear the worker's number."""
    second = numbered(SETTINGS, NAMES, Place(2, 3))
    assert (second.mqtt_client_id, second.worker) == ("fleetgauge-7a-2", "east-2")


def test_a_client_id_may_be_pinned() -> None:
    """It takes the place of the one that was drawn."""
    assert named(SETTINGS, NAMES).mqtt_client_id == "fleetgauge-7a"
    assert named(PINNED, NAMES).mqtt_client_id == "depot"
    assert numbered(PINNED, NAMES, Place(2, 3)).mqtt_client_id == "depot-2"


def test_subscriptions_are_shared() -> None:
    """A filter that names a group keeps it; the others get ours."""
    topics = numbered(SETTINGS, NAMES, Place(1, 2)).topics
    assert topics == ("$share/fleetgauge-9c/fleet/#", "$share/ours/owntracks/#")


def test_sessions_are_named_by_their_workers() -> None:
    """The worker alone, one of several, or a client id as it stands."""
    names = ("east", "east-3", "fleetgauge-ingest")
    ids = [client_id_of(name, SETTINGS, NAMES) for name in names]
    assert ids == ["fleetgauge-7a", "fleetgauge-7a-3", "fleetgauge-ingest"]


def test_filters_are_split() -> None:
    """Each of them is one worker's, where the broker cannot share a subscription."""
    settings = Settings(workers_share="filters", topics=("a/#", "b/#", "c/+/x"))
    split = [numbered(settings, NAMES, Place(number, 2)).topics for number in (1, 2)]
    assert split == [("a/#", "c/+/x"), ("b/#",)]


@pytest.mark.parametrize(
    ("topics", "words"),
    [(("a/#",), "1 for 2 workers"), (("a/#", "b/#", "a/+/x"), "a/# and a/\\+/x match the same")],
)
def test_filters_that_cannot_be_split(topics: tuple[str, ...], words: str) -> None:
    """Too few of them, or two for one topic, stop the start."""
    with pytest.raises(SettingsError, match=words):
        check_split(Settings(workers_share="filters", topics=topics), 2)
