"""What the shipped broker keeps while no worker reads is exported, before its memory is full."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry

from metrics.broker_log import BrokerLog
from metrics.broker_memory import BrokerMemory
from metrics.broker_topics import BrokerTopics
from tests.integration.deploy.compose_broker import Client, ComposeBroker
from tests.servers.waiting import wait_until

WAIT_S = 60.0
"""Mosquitto says it every 10 s."""
MEMORY = 100_000_000
WAITING = 2_000
PAYLOAD = bytes(180)


class Shown:
    """What the exporter shows; None: nothing."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def __call__(self, name: str) -> float | None:
        """Return a metric of the broker's."""
        return self.registry.get_sample_value(f"fleet_broker_{name}")


@contextmanager
def exporting(broker: ComposeBroker, service: str = "metrics") -> Iterator[Shown]:
    """Listen as `fleetgauge metrics` does, by the account of a service."""
    shown = Shown()
    listeners = (BrokerLog(frozenset, shown.registry), BrokerMemory(MEMORY, shown.registry))
    with BrokerTopics(broker.access(service), listeners):
        yield shown


def test_what_waits_is_exported_while_no_worker_reads(broker: ComposeBroker) -> None:
    """It grows and falls with the queue; a broker that is away shows nothing."""
    worker = Client(broker.login("ingest"), "worker").open(broker.inner_port, session_s=3600)
    worker.listen("fleet/#")
    worker.close()
    with exporting(broker) as shown:
        wait_until(lambda: shown("kept_bytes") is not None, seconds=WAIT_S, what="the memory")
        before = shown("kept_messages") or 0
        assert before < WAITING
        assert shown("memory_limit_bytes") == MEMORY
        assert shown("log_up") == 1
        gateway = Client(broker.add("ivpat-1")).open(broker.port)
        for number in range(WAITING):
            gateway.publish(f"fleet/ivpat-1/{number}/position", PAYLOAD, qos=1)
        wait_until(
            lambda: (shown("kept_messages") or 0) >= WAITING, seconds=WAIT_S, what="the queue"
        )
        assert shown("kept_bytes") == pytest.approx(WAITING * (180 + 350), rel=0.1)
        broker.kill()
        wait_until(lambda: shown("kept_bytes") is None, seconds=WAIT_S, what="nothing")
        assert shown("log_up") == 0
        gateway.close()


def test_an_account_without_the_right_shows_nothing(broker: ComposeBroker) -> None:
    """Its metrics are absent, as at a broker of another make, and no alert can fire by them."""
    with exporting(broker, "simulator") as shown:
        wait_until(
            lambda: "Client test-simulator disconnected." in broker.log_text(),
            seconds=WAIT_S,
            what="it to give up",
        )
        assert shown("kept_messages") is None
        assert shown("memory_limit_bytes") is None
