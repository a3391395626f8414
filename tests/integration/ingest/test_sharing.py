"""Workers on brokers with shared subscriptions, and without: the messages come, or it is said."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from os import environ
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from ingest.instruments import Instruments
from ingest.queue import MessageQueue
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess, MqttVersion, parse_broker_url
from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.ingest.publishing import position, publish
from tests.integration.ingest.worker import running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.rabbitmq import RabbitMqServer
from tests.servers.scripted_broker import ACCEPTED_3_1_1, Script, ScriptedBroker
from tests.servers.waiting import wait_until

REPORTS = 500


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_workers_end_where_nothing_would_come(
    rabbitmq_server: RabbitMqServer, embedded_url: str, protocol: str
) -> None:
    """RabbitMQ takes $share/... for a topic: said by it with MQTT 5, and proved with 3.1.1."""
    migrate(embedded_url)
    ended = subprocess.run(
        [sys.executable, "-m", "fleetgauge", "ingest", "--workers", "2"],
        env=environ
        | {
            "FLEETGAUGE_MQTT_URL": rabbitmq_server.url,
            "FLEETGAUGE_MQTT_PROTOCOL": protocol,
            "FLEETGAUGE_DATABASE_URL": embedded_url,
            "FLEETGAUGE_INGEST_ADDRESS": "127.0.0.1:0",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "has no shared subscriptions" in ended.stderr
    assert "FLEETGAUGE_WORKERS_SHARE=filters" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_filters_are_shared_instead(
    rabbitmq_server: RabbitMqServer, embedded_url: str, tmp_path: Path
) -> None:
    """Each worker receives the messages of its own filters, and none is stored twice."""
    migrate(embedded_url)
    environment = {
        "FLEETGAUGE_MQTT_URL": rabbitmq_server.url,
        "FLEETGAUGE_DATABASE_URL": embedded_url,
        "FLEETGAUGE_WORKERS_SHARE": "filters",
        "FLEETGAUGE_TOPICS": "fleet/op/+/position,fleet/op/+/equipment",
    }
    messages = [position(str(number % 20), number) for number in range(REPORTS)]
    payloads = [(topic, json.dumps(payload).encode()) for topic, payload in messages]
    flags = json.dumps({"observed_at": messages[0][1]["observed_at"], "cctv": True}).encode()
    with (
        running_worker(tmp_path / "log", environment, workers=2),
        connect(embedded_url, "test", autocommit=True) as connection,
    ):
        publish(rabbitmq_server, [*payloads, ("fleet/op/99/equipment", flags)])
        wait_until(
            lambda: reception.totals(connection)["received"] == REPORTS + 1,
            seconds=30,
            what="every message to be booked",
        )
        assert reception.totals(connection)["stored"] == REPORTS + 1
        workers = connection.execute("select distinct worker from reception").fetchall()
    assert len(workers) == 2


def subscriber(url: str, version: MqttVersion) -> Subscriber:
    access = BrokerAccess(
        parse_broker_url(url),
        version=version,
        client_id="sharing",
        topic_filters=("$share/workers/fleet/#",),
    )
    queue = MessageQueue(1_000, 1_000_000)
    return Subscriber(access, queue, Instruments(CollectorRegistry()))


@pytest.mark.parametrize("version", [MqttVersion.V5, MqttVersion.V3_1_1])
def test_a_broker_that_shares_is_found_to(
    mosquitto_server: MosquittoServer, version: MqttVersion
) -> None:
    """Mosquitto does, with either version; with 3.1.1 a message through a group proves it."""
    with closing(subscriber(mosquitto_server.url, version)) as sharing:
        sharing.start()
        assert sharing.connected
        assert sharing._shares is True


def test_what_cannot_be_proved_is_no_reason_to_end(
    scripted_broker: Callable[..., ScriptedBroker],
) -> None:
    """Who may not publish sees no message, shared or not: the worker goes on, with a warning."""
    broker = scripted_broker(Script(connack=ACCEPTED_3_1_1))
    with closing(subscriber(broker.url, MqttVersion.V3_1_1)) as sharing:
        sharing.start()
        assert sharing._shares is None
