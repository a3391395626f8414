"""The simulator's publisher on a real broker."""

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from models.broker import BrokerAccess, MqttVersion
from simulator.fleet import Fleet
from simulator.publisher import publish
from tests.integration.simulator.subscriber import Subscriber
from tests.servers.mosquitto import MosquittoServer

EVERY = timedelta(seconds=1)


@pytest.mark.parametrize("version", MqttVersion)
def test_all_is_acknowledged_and_arrives(
    mosquitto_server: MosquittoServer,
    broker: BrokerAccess,
    smoke: Fleet,
    version: MqttVersion,
) -> None:
    """What is counted as published is acknowledged, and a subscriber gets as many messages."""
    with Subscriber(mosquitto_server.url, "fleet/#") as subscriber:
        counts = publish(replace(broker, version=version), smoke, EVERY, 3, threading.Event())
        subscriber.wait_for(counts.published)

    kinds = Counter(message.topic.rsplit("/", 1)[1] for message in subscriber.live)
    backlogs = 2
    assert counts.acknowledged == counts.published == kinds.total()
    assert kinds["position"] == 3 * sum(bus.publishes for bus in smoke.buses) + backlogs


def test_a_stop_ends_it_soon(broker: BrokerAccess, smoke: Fleet) -> None:
    """Set in mid-run, the event ends a run without end, all of it acknowledged."""
    stop = threading.Event()
    began = time.monotonic()
    threading.Timer(0.5, stop.set).start()

    counts = publish(broker, smoke, EVERY, None, stop)

    assert time.monotonic() - began < 3
    assert counts.acknowledged == counts.published


def test_a_restarted_broker_gets_what_it_missed(
    mosquitto_server: MosquittoServer, broker: BrokerAccess, smoke: Fleet
) -> None:
    """While the broker is away messages wait; after the reconnect all are acknowledged."""

    def restart() -> None:
        mosquitto_server.stop()
        time.sleep(0.5)
        mosquitto_server.start()

    restarter = threading.Timer(1, restart)
    restarter.start()

    counts = publish(broker, smoke, EVERY, 5, threading.Event())

    restarter.join()
    assert counts.acknowledged == counts.published
