"""The Mosquitto that docker-compose.yml runs starts, keeps what it should, and says no clearly."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from models import probe
from storage.migrate import migrate
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

DEPLOY: Final = Path(__file__).parents[3] / "deploy"
WAIT_S: Final = 10.0
NOT_AUTHORIZED: Final = 135
FIVE_THOUSAND: Final = 5_000


class Credentials:
    """The secrets as the compose file's first service makes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run()
        self.operator = self._run("add-user", "ivpat-1")
        self.passwords = (folder / "mosquitto/passwords").read_text()

    def of(self, home: str, name: str = "mqtt_url") -> tuple[str, str]:
        """Return user and password of a service."""
        url = urlsplit((self._folder / home / name).read_text().strip())
        assert url.username
        assert url.password
        return url.username, url.password

    def _run(self, *arguments: str) -> str:
        script = str(DEPLOY / "secrets/make_secrets.py")
        command = [sys.executable, script, "--folder", str(self._folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class Client(paho.Client):
    """An MQTT 5 client that remembers what it was told."""

    def __init__(self, user: tuple[str, str], client_id: str = "") -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        self.username_pw_set(*user)
        self.connected: list[int] = []
        self.subscribed: list[int] = []
        self.published: dict[int, int] = {}
        self.lost = 0
        self.payloads: list[bytes] = []
        self.properties: Properties | None = None
        self.on_connect = self._remember_connection
        self.on_subscribe = lambda _c, _d, _m, codes, _p: self.subscribed.extend(
            code.value for code in codes
        )
        self.on_publish = self._remember_publish
        self.on_disconnect = self._remember_loss
        self.on_message = lambda _c, _d, message: self.payloads.append(bytes(message.payload))

    def open(self, port: int, *, session_s: int = 0) -> "Client":
        """Connect, and return when the broker has answered."""
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = session_s
        self.connect("127.0.0.1", port, clean_start=not session_s, properties=properties)
        self.loop_start()
        wait_until(lambda: bool(self.connected), seconds=WAIT_S, what="an answer")
        return self

    def close(self) -> None:
        """Disconnect, and end the thread."""
        self.disconnect()
        self.loop_stop()

    def send(self, topic: str, payload: bytes) -> int:
        """Publish at QoS 1 and return the reason code of the PUBACK."""
        info = self.publish(topic, payload, qos=1)
        wait_until(lambda: info.mid in self.published, seconds=WAIT_S, what="a PUBACK")
        return self.published[info.mid]

    def listen(self, topic_filter: str) -> int:
        """Subscribe and return the reason code of the SUBACK."""
        self.subscribed.clear()
        self.subscribe(topic_filter, qos=1)
        wait_until(lambda: bool(self.subscribed), seconds=WAIT_S, what="a SUBACK")
        return self.subscribed[0]

    def _remember_connection(self, *told: object) -> None:
        code, self.properties = told[3], told[4]  # type: ignore[assignment]
        self.connected.append(code.value)  # type: ignore[attr-defined]

    def _remember_publish(self, *told: object) -> None:
        self.published[told[2]] = told[3].value  # type: ignore[index,attr-defined]

    def _remember_loss(self, *_told: object) -> None:
        self.lost += 1


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    """One set of secrets for all tests here."""
    return Credentials(tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def broker(userland: Userland, credentials: Credentials) -> Iterator[MosquittoServer]:
    """Mosquitto with the shipped configuration; only its files are elsewhere."""
    server = MosquittoServer(
        config_path=DEPLOY / "mosquitto/mosquitto.conf",
        overrides={"password_file": "{folder}/passwords", "acl_file": "{folder}/acl"},
        files={
            "passwords": credentials.passwords,
            "acl": (DEPLOY / "mosquitto/acl").read_text(),
        },
        userland=userland,
    )
    with started(server):
        yield server


def test_log_has_no_complaint(broker: MosquittoServer) -> None:
    """Every option is one that this version knows."""
    complaints = [line for line in broker.log_text().splitlines() if "rror" in line]
    assert complaints == []


def test_nobody_gets_in_without_a_password(broker: MosquittoServer) -> None:
    """A client with a wrong password is told so."""
    client = Client(("ingest", "a guess")).open(broker.port)
    client.close()
    assert client.connected[0] == NOT_AUTHORIZED


def test_operator_publishes_for_its_own_vehicles_only(
    broker: MosquittoServer, credentials: Credentials
) -> None:
    """What is not permitted is refused in words, and the connection goes on."""
    gateway = Client(("ivpat-1", credentials.operator)).open(broker.port)
    worker = Client(credentials.of("ingest"), "worker").open(broker.port)
    assert worker.listen("fleet/#") <= 1
    assert gateway.send("fleet/ivpat-2/101/position", b"a neighbour's") == NOT_AUTHORIZED
    assert gateway.send("fleet/ivpat-1/101/position", b"its own") == 0
    wait_until(lambda: worker.payloads == [b"its own"], seconds=WAIT_S, what="one message")
    assert gateway.lost == 0
    gateway.close()
    worker.close()


def test_self_probe_publishes_for_itself_only(
    broker: MosquittoServer, credentials: Credentials
) -> None:
    """The exporter's user may publish the probe, no bus, and gets it to the worker."""
    worker = Client(credentials.of("ingest"), "worker").open(broker.port)
    worker.listen("fleet/#")
    exporter = Client(credentials.of("metrics")).open(broker.port)
    assert exporter.send("fleet/ivpat-1/101/position", b"a bus") == NOT_AUTHORIZED
    assert exporter.send(probe.TOPIC, b"the probe") == 0
    wait_until(lambda: worker.payloads == [b"the probe"], seconds=WAIT_S, what="one message")
    exporter.close()
    worker.close()


def test_only_the_worker_reads(broker: MosquittoServer, credentials: Credentials) -> None:
    """A gateway that subscribes to everything gets nothing."""
    gateway = Client(("ivpat-1", credentials.operator)).open(broker.port)
    gateway.listen("fleet/#")
    assert gateway.send("fleet/ivpat-1/101/position", b"its own") in {0, 16}
    time.sleep(0.5)
    assert gateway.payloads == []
    gateway.close()


def test_worker_is_told_the_limits(broker: MosquittoServer, credentials: Credentials) -> None:
    """The CONNACK carries the largest packet and no smaller session expiry than asked for."""
    worker = Client(credentials.of("ingest"), "worker").open(broker.port, session_s=604_800)
    worker.close()
    assert worker.properties is not None
    told = worker.properties.json()
    assert told["MaximumPacketSize"] == 4 * 1024 * 1024
    assert "SessionExpiryInterval" not in told


def test_absent_worker_loses_nothing_over_a_restart(
    broker: MosquittoServer, credentials: Credentials
) -> None:
    """Five times what Mosquitto keeps by default is kept, and comes after a stop and a start."""
    user = credentials.of("ingest")
    worker = Client(user, "worker").open(broker.port, session_s=3600)
    worker.listen("fleet/#")
    worker.close()
    simulator = Client(credentials.of("simulator"))
    simulator.max_queued_messages_set(0)
    simulator.open(broker.port)
    for number in range(FIVE_THOUSAND):
        simulator.publish("fleet/ivpat-1/101/position", str(number).encode(), qos=1)
    wait_until(
        lambda: len(simulator.published) == FIVE_THOUSAND, seconds=30, what="all acknowledged"
    )
    simulator.close()
    broker.restart()
    worker = Client(user, "worker").open(broker.port, session_s=3600)
    wait_until(lambda: len(worker.payloads) >= FIVE_THOUSAND, seconds=30, what="all of them")
    worker.close()
    assert worker.payloads == [str(number).encode() for number in range(FIVE_THOUSAND)]


def test_too_large_a_payload_still_gets_through(
    broker: MosquittoServer, credentials: Credentials
) -> None:
    """What ingest refuses as too_large reaches it, so that it is counted."""
    worker = Client(credentials.of("ingest"), "worker").open(broker.port)
    worker.listen("fleet/#")
    simulator = Client(credentials.of("simulator")).open(broker.port)
    assert simulator.send("fleet/ivpat-1/101/position", b"x" * 2_000_000) == 0
    wait_until(lambda: bool(worker.payloads), seconds=WAIT_S, what="the message")
    assert len(worker.payloads[0]) == 2_000_000
    simulator.close()
    worker.close()


def test_beyond_the_limit_the_log_tells(broker: MosquittoServer, credentials: Credentials) -> None:
    """Over 4 MiB the publisher has no PUBACK, and the broker's log names it."""
    simulator = Client(credentials.of("simulator"), "mad-one").open(broker.port)
    info = simulator.publish("fleet/ivpat-1/101/position", b"x" * 5_000_000, qos=1)
    told = "Client mad-one disconnected due to oversize packet"
    wait_until(lambda: told in broker.log_text(), seconds=WAIT_S, what="a line in the log")
    assert info.mid not in simulator.published
    simulator.close()


@pytest.fixture
def environment(broker: MosquittoServer, timescaledb_url: str) -> dict[str, str]:
    migrate(timescaledb_url)
    return {
        "FLEETGAUGE_MQTT_URL": f"mqtt://{{user}}:{{password}}@{LOOPBACK}:{broker.port}",
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }


def _as(user: str, password: str, environment: dict[str, str]) -> dict[str, str]:
    url = environment["FLEETGAUGE_MQTT_URL"].format(user=user, password=password)
    return environment | {"FLEETGAUGE_MQTT_URL": url}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_the_worker_is_let_in_with_its_password_alone(
    credentials: Credentials, environment: dict[str, str], tmp_path: Path, protocol: str
) -> None:
    """With it, it subscribes to all topics; with another, it ends with one line."""
    environment["FLEETGAUGE_MQTT_PROTOCOL"] = protocol
    user, password = credentials.of("ingest")
    with running_worker(tmp_path / "in.log", _as(user, password, environment)) as worker:
        assert worker.stop() == 0
    with pytest.raises(AssertionError, match="ended with 1"):
        Worker(log := tmp_path / "out.log", _as(user, "a-guess", environment)).start()
    said = log.read_text().splitlines()[-1]
    assert re.fullmatch(r"fleetgauge: mqtt://\S+ refused the connection: Not authorized", said)
