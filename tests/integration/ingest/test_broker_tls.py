"""The worker on a broker that speaks TLS, and on one that is not who it says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.ingest.publishing import position, publish
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

REPORTS = 3_000
LONG = 100_000
"""Characters of a trip's name: a packet of several TLS records, and no report."""


class TlsBroker:
    """A broker with a plain listener, for the test, and one of TLS, by a certificate of ours."""

    def __init__(self, userland: Userland, name: str = LOOPBACK, *, asks: bool = False) -> None:
        self.authority = trustme.CA()
        certificate = self.authority.issue_cert(name)
        self.port = free_port()
        self.server = MosquittoServer(
            [
                f"listener {self.port} {LOOPBACK}",
                "certfile {folder}/certificate.pem",
                "keyfile {folder}/key.pem",
                *(["cafile {folder}/authority.pem", "require_certificate true"] if asks else []),
            ],
            files={
                "certificate.pem": certificate.cert_chain_pems[0].bytes().decode(),
                "key.pem": certificate.private_key_pem.bytes().decode(),
                "authority.pem": self.authority.cert_pem.bytes().decode(),
            },
            userland=userland,
        )


@pytest.fixture
def broker(userland: Userland) -> Iterator[TlsBroker]:
    broker = TlsBroker(userland)
    with started(broker.server):
        yield broker


@pytest.fixture
def environment(broker: TlsBroker, timescaledb_url: str, tmp_path: Path) -> dict[str, str]:
    migrate(timescaledb_url)
    authority = tmp_path / "authority.pem"
    broker.authority.cert_pem.write_to_path(str(authority))
    return {
        "FLEETGAUGE_MQTT_URL": f"mqtts://{LOOPBACK}:{broker.port}",
        "FLEETGAUGE_MQTT_CA_FILE": str(authority),
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_every_message_arrives_over_tls(
    broker: TlsBroker, environment: dict[str, str], tmp_path: Path, protocol: str
) -> None:
    """Many at once, and long ones among them, which come in pieces of their own size."""
    messages = [
        (topic, json.dumps(payload).encode())
        for number in range(REPORTS)
        for topic, payload in [position(str(number % 50), number)]
    ]
    for at in range(0, REPORTS, 500):
        topic, payload = position("long", at)
        messages.insert(at, (topic, json.dumps(payload | {"trip_id": "x" * LONG}).encode()))
    log = tmp_path / "ingest.log"
    with running_worker(log, environment | {"FLEETGAUGE_MQTT_PROTOCOL": protocol}) as worker:
        published = publish(broker.server, messages)
        database_url = environment["FLEETGAUGE_DATABASE_URL"]
        with connect(database_url, "test", autocommit=True) as connection:
            wait_until(
                lambda: reception.totals(connection)["received"] >= published,
                seconds=30,
                what="every report to be booked",
            )
            assert reception.totals(connection) == {
                "received": published,
                "stored": published,
                "duplicate": 0,
                "contact": 0,
                "rejected": 0,
            }
        assert worker.stop() == 0


def refused(environment: dict[str, str], tmp_path: Path) -> str:
    """Start a worker that ends at once, and return the last line that it says."""
    with pytest.raises(AssertionError, match="ended with 1"):
        Worker(log := tmp_path / "refused.log", environment).start()
    return log.read_text().splitlines()[-1]


def test_a_broker_that_asks_for_a_certificate(
    userland: Userland, environment: dict[str, str], tmp_path: Path
) -> None:
    """It gets ours, the key in a file or apart; without one, or with a foreign one, we stay out."""
    broker = TlsBroker(userland, asks=True)
    broker.authority.cert_pem.write_to_path(environment["FLEETGAUGE_MQTT_CA_FILE"])
    environment["FLEETGAUGE_MQTT_URL"] = f"mqtts://{LOOPBACK}:{broker.port}"
    environment["FLEETGAUGE_MQTT_START_TIMEOUT"] = "3s"
    ours, theirs, certificate, key = (tmp_path / name for name in ("ours", "theirs", "cert", "key"))
    issued = broker.authority.issue_cert("ingest")
    issued.private_key_and_cert_chain_pem.write_to_path(str(ours))
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    outsider = trustme.CA().issue_cert("ingest")
    outsider.private_key_and_cert_chain_pem.write_to_path(str(theirs))
    one = environment | {"FLEETGAUGE_MQTT_CERT_FILE": str(ours)}
    two = environment | {
        "FLEETGAUGE_MQTT_CERT_FILE": str(certificate),
        "FLEETGAUGE_MQTT_KEY_FILE": str(key),
    }
    with started(broker.server):
        for settings in (one, two):
            with running_worker(tmp_path / "ingest.log", settings) as worker:
                assert worker.stop() == 0
        for settings in (environment, environment | {"FLEETGAUGE_MQTT_CERT_FILE": str(theirs)}):
            assert refused(settings, tmp_path).startswith(
                f"fleetgauge: {environment['FLEETGAUGE_MQTT_URL']}: "
            )


def test_an_unknown_authority(environment: dict[str, str], tmp_path: Path) -> None:
    """Without the file of the authority, nothing tells that this is our broker."""
    del environment["FLEETGAUGE_MQTT_CA_FILE"]
    said = refused(environment, tmp_path)
    assert said.startswith(f"fleetgauge: {environment['FLEETGAUGE_MQTT_URL']}: ")
    assert "its certificate is not accepted: " in said
    assert said.endswith("(name the authority's in FLEETGAUGE_MQTT_CA_FILE)")


def test_a_certificate_of_another_broker(
    userland: Userland, environment: dict[str, str], tmp_path: Path
) -> None:
    """The name must be the one that the worker has asked for."""
    other = TlsBroker(userland, "broker.example")
    other.authority.cert_pem.write_to_path(environment["FLEETGAUGE_MQTT_CA_FILE"])
    environment["FLEETGAUGE_MQTT_URL"] = f"mqtts://{LOOPBACK}:{other.port}"
    with started(other.server):
        said = refused(environment, tmp_path)
    assert "IP address mismatch" in said


def test_tls_asked_of_a_plain_listener(
    broker: TlsBroker, environment: dict[str, str], tmp_path: Path
) -> None:
    """An error at once, and not tried for ever."""
    environment["FLEETGAUGE_MQTT_URL"] = f"mqtts://{LOOPBACK}:{broker.server.port}"
    assert refused(environment, tmp_path).startswith(
        f"fleetgauge: {environment['FLEETGAUGE_MQTT_URL']}: "
    )
