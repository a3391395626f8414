"""The worker on a real broker and a real database: everything ends as a counted outcome."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.ingest.publishing import position, publish
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until


@pytest.fixture
def database(timescaledb_url: str) -> str:
    migrate(timescaledb_url)
    return timescaledb_url


@pytest.fixture
def environment(mosquitto_server: MosquittoServer, database: str) -> dict[str, str]:
    return {"FLEETGAUGE_MQTT_URL": mosquitto_server.url, "FLEETGAUGE_DATABASE_URL": database}


@pytest.fixture
def worker(tmp_path: Path, environment: dict[str, str]) -> Iterator[Worker]:
    with running_worker(tmp_path / "ingest.log", environment) as worker:
        yield worker


@pytest.fixture
def received(database: str) -> Iterator[Callable[[int], dict[str, int]]]:
    """Wait until so many reports are booked, and return the account."""
    with connect(database, "test", autocommit=True) as connection:

        def wait(reports: int) -> dict[str, int]:
            wait_until(
                lambda: reception.totals(connection)["received"] >= reports,
                seconds=20,
                what=f"{reports} reports to be booked",
            )
            return reception.totals(connection)

        yield wait


def _encoded(messages: list[tuple[str, dict[str, object]]]) -> list[tuple[str, bytes]]:
    return [(topic, json.dumps(payload).encode()) for topic, payload in messages]


def test_every_message_ends_in_one_outcome(
    worker: Worker,
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
) -> None:
    """Good, repeated, empty and broken messages add up to what was published."""
    good = _encoded([position("1", seconds) for seconds in range(20)])
    contact = _encoded([position("2", 0, latitude=None, longitude=None)])
    broken = [
        ("fleet/op/1/position", b"{"),
        ("fleet/op/1/position", b'{"latitude": 1}'),
        ("fleet/op/1/elsewhere", b"{}"),
        *_encoded([position("1", 30, latitude=0, longitude=0)]),
        *_encoded([position("1", -3600)]),
        ("fleet/op/1/position", b"x" * 300_000),
    ]
    publish(mosquitto_server, good + good[:5] + contact + broken)
    assert received(32) == {
        "received": 32,
        "stored": 20,
        "duplicate": 5,
        "contact": 1,
        "rejected": 6,
    }
    assert worker.stop() == 0


def test_array_counts_each_report(
    worker: Worker, mosquitto_server: MosquittoServer, received: Callable[[int], dict[str, int]]
) -> None:
    """A stored backlog in one message is judged report by report."""
    reports = [payload for _, payload in (position("1", seconds) for seconds in range(100))]
    reports[7]["latitude"] = 560
    publish(mosquitto_server, [("fleet/op/1/position", json.dumps(reports).encode())])
    totals = received(100)
    assert (totals["stored"], totals["rejected"]) == (99, 1)


def test_messages_wait_for_a_killed_worker(
    worker: Worker,
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
    database: str,
) -> None:
    """What is published while no worker runs is recorded by the next one."""
    worker.kill()
    publish(mosquitto_server, _encoded([position("1", seconds) for seconds in range(300)]))
    worker.start()
    received(300)
    with psycopg.connect(database) as connection:
        positions = "select count(*) from report where latitude is not null"
        assert connection.execute(positions).fetchone() == (300,)


def test_clean_stop_acknowledges_what_was_received(
    worker: Worker,
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
) -> None:
    """After SIGTERM in mid-flood, and a second start, nothing came twice."""
    publish(mosquitto_server, _encoded([position("1", seconds) for seconds in range(5_000)]))
    assert worker.stop() == 0
    worker.start()
    assert received(5_000) == {
        "received": 5_000,
        "stored": 5_000,
        "duplicate": 0,
        "contact": 0,
        "rejected": 0,
    }


def test_mqtt_3_1_1(
    tmp_path: Path,
    environment: dict[str, str],
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
) -> None:
    """The older protocol is a setting away."""
    environment["FLEETGAUGE_MQTT_PROTOCOL"] = "3.1.1"
    with running_worker(tmp_path / "ingest.log", environment):
        publish(mosquitto_server, _encoded([position("1", seconds) for seconds in range(200)]))
        assert received(200)["stored"] == 200


def test_topic_of_any_script_is_counted(
    worker: Worker,
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
) -> None:
    """A headsign with spaces and letters of any script is a topic like any other."""
    topic = "/hfp/v2/deadrun/ongoing/vp/bus/0018/00678/Кинешма – вокзал/x"
    publish(mosquitto_server, [(topic, b"{}")])
    assert received(1)["rejected"] == 1
    assert worker.returncode is None


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FLEETGAUGE_MQTT_URL", "mqtt://127.0.0.1:1", "mqtt://127.0.0.1:1"),
        ("FLEETGAUGE_MQTT_URL", "http://127.0.0.1", "FLEETGAUGE_MQTT_URL"),
        ("FLEETGAUGE_DATABASE_URL", "postgresql://127.0.0.1:1/x", "127.0.0.1"),
        ("FLEETGAUGE_TOPICS", "fleet/#/x", "fleet/#/x"),
    ],
)
def test_start_fails_in_one_line(
    tmp_path: Path, environment: dict[str, str], variable: str, value: str, words: str
) -> None:
    """A wrong setting or an absent server is named, without a traceback."""
    log = tmp_path / "ingest.log"
    worker = Worker(log, environment | {variable: value})
    with pytest.raises(AssertionError, match="ended with 1"):
        worker.start()
    complaint = [line for line in log.read_text().splitlines() if line.startswith("fleetgauge: ")]
    assert len(complaint) == 1
    assert words in complaint[0]
    assert "Traceback" not in log.read_text()


def test_a_broker_that_lets_few_messages_be_in_flight(
    tmp_path: Path,
    userland: Userland,
    database: str,
    received: Callable[[int], dict[str, int]],
) -> None:
    """A batch waits for nothing that cannot come: here it would wait for an hour."""
    with started(MosquittoServer(["max_inflight_messages 10"], userland=userland)) as broker:
        environment = {
            "FLEETGAUGE_MQTT_URL": broker.url,
            "FLEETGAUGE_MQTT_PROTOCOL": "3.1.1",
            "FLEETGAUGE_DATABASE_URL": database,
            "FLEETGAUGE_BATCH_AGE": "1h",
        }
        with running_worker(tmp_path / "ingest.log", environment) as worker:
            publish(broker, _encoded([position("1", seconds) for seconds in range(500)]))
            assert received(500)["stored"] == 500
            assert worker.stop() == 0
