"""The self-probe on real servers: it goes the whole way, says so, and is of no fleet."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from metrics.probe import PATIENCE_S, Probe
from models.broker import BrokerAccess, parse_broker_url
from models.indicator import DISPATCHER_WINDOW
from storage.connection import connect
from storage.kpi.stored_days import stored_days
from storage.migrate import migrate
from storage.registry.inbox import inbox
from storage.shares.shares import Asked, shares
from storage.snapshot import first_record
from storage.writing import probe, reception
from tests.integration.ingest.worker import running_worker
from tests.integration.metrics.exporting import exporting
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.scripted_broker import ACCEPTED_3_1_1, Script, ScriptedBroker, refused_3_1_1
from tests.servers.waiting import wait_until

RECOVERY_S = 40.0
"""The patience of a probe, and the worker's way back to the broker."""


class Stack:
    """A broker, a worker, a database and the exporter that probes them."""

    def __init__(self, log: Path, address: str) -> None:
        self._log = log
        self._url = f"http://{address}/metrics"

    def names(self) -> set[str]:
        """Return the names of all series."""
        return {name for name, _ in self._samples()}

    def value(self, name: str) -> float:
        """Return the one series of a metric."""
        (value,) = (value for found, value in self._samples() if found == name)
        return value

    def wait_for(self, success: int) -> None:
        """Wait until the last probe ended so."""
        wait_until(
            lambda: self.value("fleet_probe_success") == success,
            seconds=RECOVERY_S,
            what=f"fleet_probe_success {success}",
        )

    def events(self) -> list[str]:
        """Return what the probe has logged."""
        events = [json.loads(line)["event"] for line in self._log.read_text().splitlines()]
        return [event for event in events if event.startswith("probe_")]

    def _samples(self) -> list[tuple[str, float]]:
        with urlopen(self._url, timeout=10) as answer:  # noqa: S310 (our own address)
            families = text_string_to_metric_families(answer.read().decode())
        return [(sample.name, sample.value) for family in families for sample in family.samples]


@pytest.fixture
def stack(
    tmp_path: Path, mosquitto_server: MosquittoServer, timescaledb_url: str
) -> Iterator[Stack]:
    """All of it at work, probing each second."""
    migrate(timescaledb_url)
    address = f"{LOOPBACK}:{free_port()}"
    shared = {
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
    }
    exporter = {"FLEETGAUGE_METRICS_ADDRESS": address, "FLEETGAUGE_PROBE_INTERVAL": "1s"}
    log = tmp_path / "metrics.log"
    with running_worker(tmp_path / "ingest.log", shared), exporting(log, shared | exporter):
        yield Stack(log, address)


def test_a_probe_is_measured_and_of_no_fleet(stack: Stack, timescaledb_url: str) -> None:
    """It arrives, is counted as received, and leaves no vehicle, operator or day behind."""
    stack.wait_for(1)
    assert 0 < stack.value("fleet_probe_seconds") < PATIENCE_S
    assert stack.value("fleet_vehicles_unregistered") == 0
    now = datetime.now(UTC)
    with connect(timescaledb_url, "test") as connection:
        found = shares(connection, Asked(now), [DISPATCHER_WINDOW])
        assert (found.fleet.vehicles, found.unregistered) == (0, {})
        assert inbox(connection, now) == []
        assert first_record(connection) is None
        assert stored_days(connection) is None
        assert connection.execute("select from operator").fetchall() == []
        totals = reception.totals(connection)
        assert totals["received"] == totals["contact"] > 0
        newest = probe.newest(connection)
    assert newest is not None
    assert now - newest < timedelta(seconds=PATIENCE_S)


def test_a_broker_that_stops_is_seen_and_told_once(
    stack: Stack, mosquitto_server: MosquittoServer
) -> None:
    """Success falls to 0, comes back with the broker, and each change is one line."""
    stack.wait_for(1)
    mosquitto_server.stop()
    stack.wait_for(0)
    assert stack.value("fleet_probe_seconds") >= PATIENCE_S
    mosquitto_server.start()
    stack.wait_for(1)
    assert stack.events() == ["probe_failed", "probe_recovered"]


def test_a_database_that_is_away_fails_the_probe(mosquitto_server: MosquittoServer) -> None:
    """It is 0 again and again, and no exception ends the thread."""
    registry = CollectorRegistry()
    broker = BrokerAccess(parse_broker_url(mosquitto_server.url))
    url = f"postgresql://nobody@{LOOPBACK}:{free_port()}/none"
    with Probe(broker, url, timedelta(milliseconds=50), registry) as probing:
        wait_until(
            lambda: (registry.get_sample_value("fleet_probe_seconds") or 0) > 0,
            seconds=PATIENCE_S,
            what="the first probe's end",
        )
        first = registry.get_sample_value("fleet_probe_seconds")
        wait_until(
            lambda: registry.get_sample_value("fleet_probe_seconds") != first,
            seconds=PATIENCE_S,
            what="the next probe's end",
        )
        assert probing._thread.is_alive()
        assert registry.get_sample_value("fleet_probe_success") == 0


def test_a_broker_that_refuses_mqtt_5_is_probed_with_3_1_1(
    scripted_broker: Callable[..., ScriptedBroker],
) -> None:
    """Once, and the probe is published over the second connection."""
    broker = scripted_broker(Script(refused_3_1_1(1)), Script(ACCEPTED_3_1_1))
    url = f"postgresql://nobody@{LOOPBACK}:{free_port()}/none"
    access = BrokerAccess(parse_broker_url(broker.url))
    with Probe(access, url, timedelta(milliseconds=50), CollectorRegistry()):
        wait_until(lambda: broker.published > 0, seconds=PATIENCE_S, what="a probe")
    assert broker.levels == [5, 4]
