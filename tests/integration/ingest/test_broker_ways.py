"""Other ways to a broker than plain MQTT: WebSocket, with TLS too, and a prefix of topics."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ingest.trial import reach, try_out
from models.broker import BrokerAccess, parse_broker_url
from models.finding import Level
from storage.connection import Connection, connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.ingest.publishing import position, publish
from tests.integration.ingest.worker import running_worker
from tests.integration.simulator.program import Program
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

PREFIX = "region-37/"
REPORTS = 2_000
LONG = 100_000
"""Characters of a trip's name: a frame with a long header, and no report's only packet."""


class WebSocketBroker:
    """A broker with a plain listener, for the test, and one of each kind of WebSocket."""

    def __init__(self, userland: Userland, authority: Path) -> None:
        issuer = trustme.CA()
        issuer.cert_pem.write_to_path(str(authority))
        certificate = issuer.issue_cert(LOOPBACK)
        plain, tls = free_port(), free_port()
        self.authority = authority
        self.urls = {"ws": f"ws://{LOOPBACK}:{plain}/mqtt", "wss": f"wss://{LOOPBACK}:{tls}/mqtt"}
        self.server = MosquittoServer(
            [
                f"listener {plain} {LOOPBACK}",
                "protocol websockets",
                f"listener {tls} {LOOPBACK}",
                "protocol websockets",
                "certfile {folder}/certificate.pem",
                "keyfile {folder}/key.pem",
            ],
            files={
                "certificate.pem": certificate.cert_chain_pems[0].bytes().decode(),
                "key.pem": certificate.private_key_pem.bytes().decode(),
            },
            userland=userland,
        )


@pytest.fixture(scope="module")
def broker(
    userland: Userland, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebSocketBroker]:
    broker = WebSocketBroker(userland, tmp_path_factory.mktemp("broker") / "authority.pem")
    with started(broker.server):
        yield broker


def messages() -> list[tuple[str, bytes]]:
    """Return many reports, and long ones among them."""
    found = [position(str(number % 50), number) for number in range(REPORTS)]
    for at in range(0, REPORTS, 500):
        topic, payload = position("long", at)
        found.insert(at, (topic, payload | {"trip_id": "x" * LONG}))
    return [(PREFIX + topic, json.dumps(payload).encode()) for topic, payload in found]


def totals_are(connection: Connection, received: int, rejected: int) -> bool:
    totals = reception.totals(connection)
    return (totals["received"], totals["stored"]) == (received, received - rejected)


@pytest.mark.parametrize(("scheme", "protocol"), [("ws", "5"), ("wss", "5"), ("ws", "3.1.1")])
def test_every_message_arrives(
    broker: WebSocketBroker, timescaledb_url: str, tmp_path: Path, scheme: str, protocol: str
) -> None:
    """What waited while the worker was away, too; a topic without the prefix is not ours."""
    migrate(timescaledb_url)
    environment = {
        "FLEETGAUGE_MQTT_URL": broker.urls[scheme],
        "FLEETGAUGE_MQTT_CA_FILE": str(broker.authority),
        "FLEETGAUGE_MQTT_PROTOCOL": protocol,
        "FLEETGAUGE_MQTT_CLIENT_ID": f"{scheme}-{protocol}",
        "FLEETGAUGE_TOPIC_PREFIX": PREFIX,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }
    half = len(messages()) // 2
    with running_worker(tmp_path / "first.log", environment) as worker:
        published = publish(broker.server, messages()[:half])
        assert worker.stop() == 0
    published += publish(broker.server, messages()[half:])
    publish(broker.server, [("fleet/op/1/position", b"{}")])
    with (
        running_worker(tmp_path / "second.log", environment) as worker,
        connect(timescaledb_url, "test", autocommit=True) as connection,
    ):
        wait_until(
            lambda: totals_are(connection, published, 0),
            seconds=60,
            what="every report to be stored",
        )
        assert worker.stop() == 0


def test_a_replay_with_the_prefix(
    broker: WebSocketBroker, timescaledb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the recording has it or not; the simulated fleet has it, too."""
    migrate(timescaledb_url)
    url = broker.urls["ws"]
    environment = {
        "FLEETGAUGE_MQTT_URL": url,
        "FLEETGAUGE_MQTT_CLIENT_ID": "replayed",
        "FLEETGAUGE_TOPIC_PREFIX": PREFIX,
        "FLEETGAUGE_DATABASE_URL": timescaledb_url,
    }
    recording = tmp_path / "recording"
    lines = [position("1", 1), position("2", 2)]
    recording.write_text(
        "".join(
            f"{payload['observed_at']} {prefix}{topic} {json.dumps(payload)}\n"
            for prefix, (topic, payload) in zip(("", PREFIX), lines, strict=True)
        )
    )
    with (
        running_worker(tmp_path / "worker.log", environment),
        connect(timescaledb_url, "test", autocommit=True) as connection,
    ):
        program = Program(url, FLEETGAUGE_TOPIC_PREFIX=PREFIX)
        assert program.run("replay", recording).returncode == 0
        wait_until(lambda: totals_are(connection, 2, 0), seconds=30, what="both lines")
        done = program.run("simulate", "--vehicles", 3, "--interval", 0.5, "--seconds", 2)
        assert done.returncode == 0
        wait_until(
            lambda: reception.totals(connection)["stored"] > 4,
            seconds=30,
            what="the simulated fleet",
        )
        assert reception.totals(connection)["rejected"] == 0


def test_the_check_takes_the_same_way(broker: WebSocketBroker) -> None:
    """It looks at the certificate, and tries the filters."""
    access = BrokerAccess(
        parse_broker_url(broker.urls["wss"]), broker.authority, topic_filters=(f"{PREFIX}fleet/#",)
    )
    found = [*reach(access), *try_out(access)]
    assert [each.code for each in found if each.level is not Level.OK] == [
        "broker.accepted_anonymous"
    ]
    assert {"broker.certificate", "broker.subscriptions"} <= {each.code for each in found}
