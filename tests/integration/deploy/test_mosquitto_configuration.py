"""The Mosquitto that docker-compose.yml runs starts, keeps what it should, and says no clearly."""

import re
from pathlib import Path
from typing import Final

import pytest

from models import probe
from storage.migrate import migrate
from tests.integration.deploy.compose_broker import NOT_AUTHORIZED, WAIT_S, Client, ComposeBroker
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.waiting import wait_until

FIVE_THOUSAND: Final = 5_000


def test_log_has_no_complaint(broker: ComposeBroker) -> None:
    """Every option is one that this version knows."""
    complaints = [line for line in broker.log_text().splitlines() if "rror" in line]
    assert complaints == []


def test_nobody_gets_in_without_a_password(broker: ComposeBroker) -> None:
    """A client with a wrong password learns why it is refused."""
    client = Client(("ingest", "a guess")).open(broker.port)
    client.close()
    assert client.connected[0] == NOT_AUTHORIZED


def test_operator_publishes_for_its_own_vehicles_only(broker: ComposeBroker) -> None:
    """What is not permitted is refused with a reason, and the connection goes on."""
    gateway = Client(broker.add("ivpat-1")).open(broker.port)
    worker = Client(broker.login("ingest"), "worker").open(broker.inner_port)
    assert worker.listen("fleet/#") <= 1
    assert gateway.send("fleet/ivpat-2/101/position", b"a neighbour's") == NOT_AUTHORIZED
    assert gateway.send("fleet/ivpat-1/101/position", b"its own") == 0
    wait_until(lambda: worker.payloads == [b"its own"], seconds=WAIT_S, what="one message")
    assert gateway.lost == 0
    gateway.close()
    worker.close()


def test_self_probe_publishes_for_itself_only(broker: ComposeBroker) -> None:
    """The exporter's user may publish the probe, no bus, and gets it to the worker."""
    worker = Client(broker.login("ingest"), "worker").open(broker.inner_port)
    worker.listen("fleet/#")
    exporter = Client(broker.login("metrics")).open(broker.inner_port)
    assert exporter.send("fleet/ivpat-1/101/position", b"a bus") == NOT_AUTHORIZED
    assert exporter.send(probe.TOPIC, b"the probe") == 0
    wait_until(lambda: worker.payloads == [b"the probe"], seconds=WAIT_S, what="one message")
    exporter.close()
    worker.close()


def test_worker_is_told_the_limits(broker: ComposeBroker) -> None:
    """The CONNACK carries the largest packet and no smaller session expiry than asked for."""
    worker = Client(broker.login("ingest"), "worker").open(broker.inner_port, session_s=604_800)
    worker.close()
    assert worker.properties is not None
    told = worker.properties.json()
    assert told["MaximumPacketSize"] == 264 * 1024
    assert "SessionExpiryInterval" not in told


def test_absent_worker_loses_nothing_over_a_restart(broker: ComposeBroker) -> None:
    """Five times what Mosquitto keeps by default is kept, and comes after a stop and a start."""
    user = broker.login("ingest")
    worker = Client(user, "worker").open(broker.inner_port, session_s=3600)
    worker.listen("fleet/#")
    worker.close()
    simulator = Client(broker.login("simulator"))
    simulator.max_queued_messages_set(0)
    simulator.open(broker.inner_port)
    for number in range(FIVE_THOUSAND):
        simulator.publish("fleet/ivpat-1/101/position", str(number).encode(), qos=1)
    wait_until(
        lambda: len(simulator.published) == FIVE_THOUSAND, seconds=30, what="all acknowledged"
    )
    simulator.close()
    broker.restart()
    worker = Client(user, "worker").open(broker.inner_port, session_s=3600)
    wait_until(lambda: len(worker.payloads) >= FIVE_THOUSAND, seconds=30, what="all of them")
    worker.close()
    assert worker.payloads == [str(number).encode() for number in range(FIVE_THOUSAND)]


def test_too_large_a_payload_still_gets_through(broker: ComposeBroker) -> None:
    """What ingest rejects as too_large reaches it, so that it is counted."""
    worker = Client(broker.login("ingest"), "worker").open(broker.inner_port)
    worker.listen("fleet/#")
    simulator = Client(broker.login("simulator")).open(broker.inner_port)
    assert simulator.send("fleet/ivpat-1/101/position", b"x" * (257 * 1024)) == 0
    wait_until(lambda: bool(worker.payloads), seconds=WAIT_S, what="the message")
    assert len(worker.payloads[0]) == 257 * 1024
    simulator.close()
    worker.close()


def test_beyond_the_limit_the_log_tells(broker: ComposeBroker) -> None:
    """Over 264 KiB the publisher has no PUBACK, and the broker's log names it."""
    simulator = Client(broker.login("simulator"), "mad-one").open(broker.inner_port)
    info = simulator.publish("fleet/ivpat-1/101/position", b"x" * 300_000, qos=1)
    told = "Client mad-one disconnected due to oversize packet"
    wait_until(lambda: told in broker.log_text(), seconds=WAIT_S, what="a line in the log")
    assert info.mid not in simulator.published
    simulator.close()


@pytest.fixture
def environment(timescaledb_url: str) -> dict[str, str]:
    migrate(timescaledb_url)
    return {"FLEETGAUGE_DATABASE_URL": timescaledb_url}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_the_worker_is_let_in_with_its_password_alone(
    broker: ComposeBroker, environment: dict[str, str], tmp_path: Path, protocol: str
) -> None:
    """With it, it subscribes to all topics; with another, it ends with one line."""
    environment["FLEETGAUGE_MQTT_PROTOCOL"] = protocol
    environment["FLEETGAUGE_MQTT_URL"] = broker.url_of(broker.login("ingest"))
    with running_worker(tmp_path / "in.log", environment) as worker:
        assert worker.stop() == 0
    environment["FLEETGAUGE_MQTT_URL"] = broker.url_of(("ingest", "a-guess"))
    with pytest.raises(AssertionError, match="ended with 1"):
        Worker(log := tmp_path / "out.log", environment).start()
    said = log.read_text().splitlines()[-1]
    refused = r"fleetgauge: mqtt://\S+ refused the connection: Not authorized"
    assert re.fullmatch(f"{refused}: see user and password in FLEETGAUGE_MQTT_URL", said)
