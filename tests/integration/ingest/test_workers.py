"""Several workers on a shared subscription: each message once, one account, one end."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from storage.broker_session import installation
from storage.connection import connect
from storage.migrate import migrate
from storage.writing import reception
from tests.integration.ingest.publishing import position, publish
from tests.integration.ingest.worker import Worker, running_worker
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import free_port
from tests.servers.waiting import wait_until

VEHICLES = 40


@pytest.fixture
def database(timescaledb_url: str) -> str:
    migrate(timescaledb_url)
    return timescaledb_url


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def environment(mosquitto_server: MosquittoServer, database: str, port: int) -> dict[str, str]:
    return {
        "FLEETGAUGE_MQTT_URL": mosquitto_server.url,
        "FLEETGAUGE_DATABASE_URL": database,
        "FLEETGAUGE_INGEST_ADDRESS": f"127.0.0.1:{port}",
    }


@pytest.fixture
def workers(tmp_path: Path, environment: dict[str, str]) -> Iterator[Worker]:
    with running_worker(tmp_path / "ingest.log", environment, workers=2) as workers:
        yield workers


@pytest.fixture
def received(database: str) -> Iterator[Callable[[int], dict[str, int]]]:
    """Wait until so many reports are booked, and return the account."""
    with connect(database, "test", autocommit=True) as connection:

        def wait(reports: int) -> dict[str, int]:
            wait_until(
                lambda: reception.totals(connection)["received"] >= reports,
                seconds=30,
                what=f"{reports} reports to be booked",
            )
            return reception.totals(connection)

        yield wait


def _publish(broker: MosquittoServer, since: int, count: int) -> None:
    """Publish so many positions of a few vehicles, no two at the same time."""
    found = [position(str(number % VEHICLES), since + number) for number in range(count)]
    publish(broker, [(topic, json.dumps(payload).encode()) for topic, payload in found])


def _metrics(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {
            sample.name + "".join(sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }


def _ready(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10).close()
    except OSError:
        return False
    return True


def _children(workers: Worker) -> list[psutil.Process]:
    return psutil.Process(workers.process.pid).children()


def test_each_message_is_stored_once(
    workers: Worker,
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
    database: str,
    port: int,
) -> None:
    """The workers share the messages, and one endpoint tells what all of them did."""
    _publish(mosquitto_server, 0, 4_000)
    assert received(4_000)["stored"] == 4_000
    with psycopg.connect(database) as connection:
        accounts = connection.execute("select distinct worker from reception order by 1").fetchall()
    assert accounts == [("ingest-1",), ("ingest-2",)]
    wait_until(
        lambda: _metrics(port)["fleet_ingest_messages_acknowledged_total"] == 4_000,
        seconds=5,
        what="every acknowledgement to be counted",
    )
    metrics = _metrics(port)
    assert metrics["fleet_ingest_reports_totalstored"] == 4_000
    assert metrics["fleet_ingest_delay_seconds_count"] == 4_000
    assert metrics["fleet_ingest_unacknowledged_messages"] == 0
    assert metrics["fleet_ingest_broker_connected"] == 1
    assert metrics["fleet_ingest_database_up"] == 1
    assert _ready(port)


def test_killed_worker_is_started_again(
    workers: Worker,
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
    port: int,
) -> None:
    """What a killed worker held comes to its successor, and no counter goes back."""
    _publish(mosquitto_server, 0, 1_000)
    received(1_000)
    # A worker counts a batch just after its commit: only then may it be killed.
    wait_until(
        lambda: _metrics(port)["fleet_ingest_reports_totalstored"] == 1_000,
        seconds=10,
        what="what is booked to be counted",
    )
    _children(workers)[0].kill()
    wait_until(lambda: not _ready(port), seconds=10, what="the loss to be noticed")
    _publish(mosquitto_server, 1_000, 1_000)
    totals = received(2_000)
    assert totals["stored"] == 2_000
    wait_until(lambda: _ready(port), seconds=20, what="the worker to be back")
    wait_until(
        lambda: _metrics(port)["fleet_ingest_reports_totalstored"] == 2_000,
        seconds=10,
        what="the counter to go on from where it was",
    )


def test_clean_stop_ends_all(
    workers: Worker, mosquitto_server: MosquittoServer, received: Callable[[int], dict[str, int]]
) -> None:
    """After SIGTERM in mid-flood and a second start, nothing is lost and nothing came twice."""
    children = _children(workers)
    _publish(mosquitto_server, 0, 4_000)
    assert workers.stop() == 0
    assert not any(child.is_running() for child in children)
    workers.start()
    assert received(4_000)["stored"] == 4_000
    assert received(4_000)["duplicate"] == 0


def test_workers_do_not_outlive_their_supervisor(workers: Worker) -> None:
    """Should the supervisor be killed, its workers end by themselves."""
    children = _children(workers)
    assert len(children) == 2
    workers.process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_unreachable_broker_is_told_once(tmp_path: Path, environment: dict[str, str]) -> None:
    """Where no worker can start, the command ends with one line."""
    log = tmp_path / "ingest.log"
    environment["FLEETGAUGE_MQTT_URL"] = "mqtt://127.0.0.1:1"
    with pytest.raises(AssertionError, match="ended with 1"):
        Worker(log, environment, workers=2).start()
    lines = log.read_text().splitlines()
    complaints = [line for line in lines if line.startswith("fleetgauge: ")]
    assert len(complaints) == 1
    assert "mqtt://127.0.0.1:1" in complaints[0]
    assert "Traceback" not in log.read_text()


def test_retired_session_gives_back_what_it_held(
    workers: Worker,
    tmp_path: Path,
    environment: dict[str, str],
    mosquitto_server: MosquittoServer,
    received: Callable[[int], dict[str, int]],
) -> None:
    """Sessions of workers that will not come back are read out, and get no message any more."""
    assert workers.stop() == 0
    _publish(mosquitto_server, 0, 1_000)
    retiring = ["--retire", "ingest-1", "--retire", "ingest-2"]
    command = [sys.executable, "-m", "fleetgauge", "ingest", *retiring]
    subprocess.run(command, env=os.environ | environment, check=True, timeout=60)
    assert received(1_000)["stored"] == 1_000
    with connect(environment["FLEETGAUGE_DATABASE_URL"], "test", autocommit=True) as connection:
        group = installation(connection).share_group
    environment["FLEETGAUGE_TOPICS"] = f"$share/{group}/fleet/#"
    with running_worker(tmp_path / "alone.log", environment):
        _publish(mosquitto_server, 1_000, 1_000)
        assert received(2_000)["stored"] == 2_000


def _ingest(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fleetgauge", "ingest", *arguments]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )


def test_a_session_that_is_not_there_is_not_retired(environment: dict[str, str]) -> None:
    """A misspelt client id is an error, each time: looking for its session leaves none behind."""
    for _ in range(2):
        ended = _ingest(environment, "--retire", "nosuch")
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1].endswith("has no session 'nosuch'")
        assert "Traceback" not in ended.stdout + ended.stderr


def test_retiring_is_not_for_several_workers(environment: dict[str, str]) -> None:
    """The number of workers would mean nothing."""
    assert _ingest(environment, "--workers", "2", "--retire", "x").returncode == 2
