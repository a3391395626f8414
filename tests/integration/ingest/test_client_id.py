"""Two workers with one client id: the second ends, whatever the broker would make of them."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ingest.client_id_claim import ClientIdClaim
from ingest.errors import ClientIdTaken
from ingest.heartbeat import Heartbeat
from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.ingest.publishing import position, publish
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.waiting import wait_until

QUICK = timedelta(milliseconds=20)
REPORTS = 400


@pytest.fixture
def database(embedded_url: str) -> str:
    migrate(embedded_url)
    return embedded_url


@contextmanager
def claimed(url: str, client_id: str, seconds: float = 0.5) -> Iterator[ClientIdClaim]:
    claim = ClientIdClaim(url, client_id, seconds)
    claim.take()
    try:
        yield claim
    finally:
        claim.release()


def test_a_client_id_has_one_worker_at_a_time(database: str) -> None:
    """Another client id is free, and so is this one once the first has let it go."""
    newcomer = ClientIdClaim(database, "a", 0.5)
    refused = pytest.raises(ClientIdTaken, match="uses the client id 'a'")
    with claimed(database, "a"), claimed(database, "b"), refused:
        newcomer.take()
    with claimed(database, "a"):
        pass


def test_a_worker_waits_for_the_one_before_it(database: str) -> None:
    """One that is stopped lets go within a moment: a restart is not a second worker."""
    before = ClientIdClaim(database, "a")
    before.take()
    threading.Timer(0.5, before.release).start()
    with claimed(database, "a", 10):
        pass


def test_a_stop_ends_the_waiting(database: str) -> None:
    """Nobody has to wait for a start that is not wanted any more."""
    began = time.monotonic()
    newcomer = ClientIdClaim(database, "a", 60)
    with claimed(database, "a"), pytest.raises(ClientIdTaken):
        newcomer.take(interrupted=lambda: True)
    assert time.monotonic() - began < 30


def _drop(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'fleetgauge heartbeat'"
        )


def _holders(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select pid from pg_locks join pg_stat_activity using (pid) "
            "where locktype = 'advisory' and application_name = 'fleetgauge heartbeat' "
            "and datname = current_database()"
        )
        return [row[0] for row in found]


def test_a_lost_claim_is_taken_again(database: str) -> None:
    """With the next beat but one, as after a restart of the database."""
    with claimed(database, "a") as claim:
        heartbeat = Heartbeat(claim, "w", QUICK)
        taken: list[ClientIdTaken] = []
        heartbeat.on_taken = taken.append
        first = _holders(database)
        heartbeat.start(lambda: True)
        _drop(database)
        wait_until(
            lambda: (holders := _holders(database)) != first and len(holders) == 1,
            seconds=9,
            what="another connection that holds it",
        )
        with pytest.raises(ClientIdTaken):
            ClientIdClaim(database, "a", 0).take()
        heartbeat.close()
        assert taken == []


def test_a_claim_lost_to_another_ends_the_worker(database: str) -> None:
    """The one that comes too late after an outage of the database ends with one error."""
    with claimed(database, "a") as claim:
        _drop(database)
        with claimed(database, "a", 10):
            heartbeat = Heartbeat(claim, "w", QUICK)
            taken: list[ClientIdTaken] = []
            heartbeat.on_taken = taken.append
            heartbeat.start(lambda: True)
            wait_until(lambda: bool(taken), seconds=9, what="the loss to be noticed")
            heartbeat.close()
    assert len(taken) == 1


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_the_newcomer_ends_and_the_first_goes_on(
    tmp_path: Path, mosquitto_server: MosquittoServer, database: str, protocol: str
) -> None:
    """Nothing is delivered twice, and the newcomer says in one line what to do."""
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": database,
        "FLEETGAUGE_MQTT_PROTOCOL": protocol,
    }
    messages = [position(str(number), number) for number in range(REPORTS)]
    with running_worker(tmp_path / "first.log", environment) as first:
        with pytest.raises(AssertionError, match="ended with 1"):
            Worker(log := tmp_path / "second.log", environment).start()
        said = log.read_text().splitlines()[-1]
        assert said.startswith("fleetgauge: another worker on this database uses the client id")
        assert "FLEETGAUGE_MQTT_CLIENT_ID" in said
        assert "Traceback" not in log.read_text()
        publish(mosquitto_server, [(topic, json.dumps(body).encode()) for topic, body in messages])
        with connect(database, "test", autocommit=True) as connection:
            wait_until(
                lambda: reception.totals(connection)["received"] >= REPORTS,
                seconds=20,
                what="every report",
            )
            assert reception.totals(connection)["received"] == REPORTS
        assert first.log_text().count('"disconnected"') == 0
        assert first.stop() == 0


def test_a_killed_worker_can_be_started_again_at_once(
    tmp_path: Path, mosquitto_server: MosquittoServer, database: str
) -> None:
    """The database notices its end before anybody has to wait."""
    environment = {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": database,
    }
    with running_worker(tmp_path / "ingest.log", environment) as worker:
        for _ in range(2):
            worker.kill()
            worker.start()
        assert worker.stop() == 0
