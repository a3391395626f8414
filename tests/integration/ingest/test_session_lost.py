"""A session that is missing or taken over shows itself, also to the process that comes after."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from ingest.client_id_claim import ClientIdClaim
from ingest.errors import BrokerRefused
from ingest.heartbeat import Heartbeat
from ingest.instruments import Instruments
from ingest.queue import MessageQueue
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess, parse_broker_url
from storage.broker_session import broker_session, installation
from storage.connection import connect
from storage.migrate import migrate
from tests.integration.ingest.worker import running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until

LOST = "fleet_ingest_sessions_lost_total"
LOST_AT = "fleet_ingest_session_lost_timestamp_seconds"
TAKEN_OVER_AT = "fleet_ingest_session_taken_over_timestamp_seconds"


class OneWorker:
    """A subscriber with its claim and its heartbeat, as the service has them."""

    def __init__(self, url: str, broker: MosquittoServer) -> None:
        with connect(url, "test", autocommit=True) as connection:
            self.client_id = installation(connection).client_id
        self._registry = CollectorRegistry()
        claim = ClientIdClaim(url, self.client_id)
        access = BrokerAccess(
            parse_broker_url(broker.url), client_id=self.client_id, topic_filters=("fleet/#",)
        )
        queue = MessageQueue(1000, 1_000_000)
        self.subscriber = Subscriber(access, queue, Instruments(self._registry), claim)
        self._heartbeat = Heartbeat(claim, "ingest")

    def start(self) -> "OneWorker":
        self.subscriber.start()
        self._heartbeat.start(lambda: self.subscriber.connected, lambda: self.subscriber.session)
        return self

    def value(self, metric: str) -> float | None:
        return self._registry.get_sample_value(metric)

    def close(self) -> None:
        self._heartbeat.close()
        self.subscriber.close()


@pytest.fixture
def database(embedded_url: str) -> str:
    migrate(embedded_url)
    return embedded_url


def test_names_are_drawn_once(database: str) -> None:
    """Random, of enough bits, and the same after a restart."""
    with connect(database, "test", autocommit=True) as connection:
        drawn = installation(connection)
        assert installation(connection) == drawn
    assert len({*drawn, "fleetgauge-ingest"}) == 3
    assert all(len(name.removeprefix("fleetgauge-")) == 16 for name in drawn)


def test_the_first_start_misses_nothing(database: str, mosquitto_server: MosquittoServer) -> None:
    """Nor does a restart whose session is there."""
    for _ in range(2):
        worker = OneWorker(database, mosquitto_server).start()
        worker.close()
        assert (worker.value(LOST), worker.value(LOST_AT)) == (0, 0)


def test_a_session_missing_at_the_first_connect_is_counted(
    database: str, mosquitto_server: MosquittoServer
) -> None:
    """And the process after it still says when it was; its own count begins at 0."""
    OneWorker(database, mosquitto_server).start().close()
    mosquitto_server.kill()  # before it has saved: the session is forgotten
    mosquitto_server.start()
    began = time.time()
    worker = OneWorker(database, mosquitto_server).start()
    worker.close()
    assert worker.value(LOST) == 1
    lost_at = worker.value(LOST_AT)
    assert lost_at is not None
    assert began - 1 <= lost_at <= time.time()
    after = OneWorker(database, mosquitto_server).start()
    after.close()
    assert (after.value(LOST), after.value(LOST_AT)) == (0, lost_at)


def test_a_takeover_is_kept(database: str, mosquitto_server: MosquittoServer) -> None:
    """The worker ends, as before; the next one says when its predecessor was robbed."""
    worker = OneWorker(database, mosquitto_server).start()
    url = parse_broker_url(mosquitto_server.url)
    thief_access = BrokerAccess(url, client_id=worker.client_id, topic_filters=("fleet/#",))
    queue = MessageQueue(1000, 1_000_000)
    thief = Subscriber(thief_access, queue, Instruments(CollectorRegistry()))
    thief.start()
    wait_until(lambda: worker.subscriber.failure is not None, seconds=9, what="the takeover")
    assert isinstance(worker.subscriber.failure, BrokerRefused)
    worker.close()
    thief.close()
    taken_over_at = worker.value(TAKEN_OVER_AT)
    assert taken_over_at
    after = OneWorker(database, mosquitto_server).start()
    after.close()
    assert after.value(TAKEN_OVER_AT) == taken_over_at
    with connect(database, "test", autocommit=True) as connection:
        kept = broker_session(connection, worker.client_id).taken_over_at
    assert kept is not None
    assert (datetime.now(UTC) - kept).total_seconds() < 60


def test_a_retired_session_is_not_missed(
    tmp_path: Path, database: str, mosquitto_server: MosquittoServer
) -> None:
    """Who starts again under the name of a worker that was retired has lost nothing."""
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": database,
    }
    with running_worker(tmp_path / "first.log", environment) as worker:
        assert worker.stop() == 0
    command = [sys.executable, "-m", "fleetgauge", "ingest", "--retire", "ingest"]
    subprocess.run(command, env=os.environ | environment, check=True, timeout=60)
    with running_worker(tmp_path / "second.log", environment) as worker:
        assert worker.stop() == 0
    events = [json.loads(line)["event"] for line in worker.log_text().splitlines()]
    assert "session_lost" not in events
