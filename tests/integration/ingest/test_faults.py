"""Each fault of the database has its fate: retried whole, narrowed to a row, or the end."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage.migrate import migrate
from tests.integration.ingest.publishing import position, publish
from tests.integration.ingest.worker import STOP_SECONDS, Worker, running_worker
from tests.servers import database_faults as faults
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer
from tests.servers.proxy import TcpProxy
from tests.servers.small_disk import SmallDisk
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(userland: Userland) -> Iterator[PostgresServer]:
    """A server of this module's own, with few connections and a small disk."""
    options = {"max_connections": "20"}
    with started(PostgresServer(options, userland=userland)) as server:
        yield server


@pytest.fixture(scope="module")
def disk(server: PostgresServer) -> SmallDisk:
    return server.small_disk()


@pytest.fixture
def database(server: PostgresServer, disk: SmallDisk) -> Iterator[str]:
    url = server.create_database(extension="timescaledb", tablespace="small")
    migrate(url)
    yield url
    server.drop_database(url)


@pytest.fixture
def environment(mosquitto_server: MosquittoServer, database: str) -> dict[str, str]:
    return {"FLEETGAUGE_MQTT_URL": mosquitto_server.url, "FLEETGAUGE_DATABASE_URL": database}


@pytest.fixture
def worker(tmp_path: Path, environment: dict[str, str]) -> Iterator[Worker]:
    with running_worker(tmp_path / "ingest.log", environment) as worker:
        yield worker


def positions(first: int, count: int, vehicle: str = "1") -> list[tuple[str, bytes]]:
    return [
        (topic, json.dumps(payload).encode())
        for topic, payload in (
            position(vehicle, seconds, satellites=seconds % 100 or 100)
            for seconds in range(first, first + count)
        )
    ]


def row(database: str, query: str) -> tuple[Any, ...]:
    with psycopg.connect(database) as connection:
        return connection.execute(query.encode()).fetchone() or ()


def wait_for_fixes(database: str, count: int) -> None:
    wait_until(
        lambda: row(database, "select count(*) from report where latitude is not null") == (count,),
        seconds=30,
        what=f"{count} fixes",
    )


def complaints(worker: Worker) -> int:
    return worker.log_text().count('"database_unavailable"')


def wait_for_complaint(worker: Worker, before: int) -> None:
    wait_until(lambda: complaints(worker) > before, seconds=30, what="the worker to notice")


def account(database: str) -> tuple[int, ...]:
    outcomes = "sum(received)::int, sum(stored)::int, sum(duplicate)::int, sum(rejected)::int"
    return row(database, f"select {outcomes} from reception")


@pytest.mark.parametrize("fault", ["stopped", "killed", "read_only", "no_connection", "disk_full"])
def test_the_same_batch_is_kept_once_the_fault_has_passed(
    fault: str,
    worker: Worker,
    mosquitto_server: MosquittoServer,
    server: PostgresServer,
    disk: SmallDisk,
    database: str,
) -> None:
    """What came meanwhile waits; none is lost, none twice; the log has the fault, and its end."""
    publish(mosquitto_server, positions(0, 50))
    wait_for_fixes(database, 50)
    lasting: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "read_only": lambda: faults.read_only(server),
        "no_connection": lambda: faults.no_connection_left(server),
        "disk_full": lambda: faults.disk_full(disk),
    }
    before = complaints(worker)
    if fault in lasting:
        with lasting[fault]():
            publish(mosquitto_server, positions(50, 20_000))
            wait_for_complaint(worker, before)
    else:
        server.stop() if fault == "stopped" else server.kill()
        publish(mosquitto_server, positions(50, 20_000))
        wait_for_complaint(worker, before)
        server.start()
    wait_for_fixes(database, 20_050)
    assert account(database)[1] == 20_050
    assert worker.stop() == 0
    lines = [json.loads(line) for line in worker.log_text().splitlines() if line.startswith("{")]
    said = [line.get("error") for line in lines if line["event"] == "database_unavailable"]
    assert not any(one == next_one for one, next_one in pairwise(said))
    assert "database_available_again" in [line["event"] for line in lines]


@pytest.mark.parametrize("fault", ["cancel", "terminate", "deadlock"])
def test_a_statement_that_is_broken_off_is_repeated(
    fault: str,
    worker: Worker,
    mosquitto_server: MosquittoServer,
    server: PostgresServer,
    database: str,
) -> None:
    """In the middle of a batch, of which nothing is kept by the first attempt."""
    publish(mosquitto_server, positions(0, 1) + positions(0, 1, "2"))
    wait_for_fixes(database, 2)
    before = complaints(worker)
    if fault == "deadlock":
        with faults.deadlock(database, server, "op"):
            publish(mosquitto_server, positions(1, 10) + positions(1, 10, "2"))
        wait_for_complaint(worker, before)
    else:
        with faults.table_locked(database):
            publish(mosquitto_server, positions(1, 10) + positions(1, 10, "2"))
            faults.wait_until_blocked(server)
            (faults.cancel_worker if fault == "cancel" else faults.terminate_worker)(server)
            wait_for_complaint(worker, before)
    wait_for_fixes(database, 22)
    assert account(database) == (22, 22, 0, 0)


def test_a_row_that_the_database_rejects_is_found(
    worker: Worker, mosquitto_server: MosquittoServer, database: str
) -> None:
    """It goes to the rejected ones, with its place in its array; all others are stored."""
    with psycopg.connect(database) as connection:
        connection.execute("alter table report add check (satellites <> 42)")
    array = json.dumps([json.loads(payload) for _, payload in positions(200, 60)]).encode()
    publish(mosquitto_server, [*positions(0, 200), ("fleet/op/1/position", array)])
    wait_for_fixes(database, 257)
    wait_until(lambda: account(database)[0] == 260, seconds=10, what="the account")
    assert account(database) == (260, 257, 0, 3)
    found = "select array_agg(elements::text order by elements) from rejected_message"
    assert row(database, found) == (["{0}", "{0}", "{42}"],)
    assert "rows_rejected_by_database" in worker.log_text()


def test_many_rejected_rows_take_no_minutes(
    worker: Worker, mosquitto_server: MosquittoServer, database: str
) -> None:
    """Narrowing costs some milliseconds a rejected row."""
    with psycopg.connect(database) as connection:
        connection.execute("alter table report add check (vehicle_key < 0)")
    publish(mosquitto_server, positions(0, 500))
    wait_until(lambda: account(database)[0] == 500, seconds=120, what="the account")
    assert account(database) == (500, 0, 0, 500)


def test_overload_stops_the_acknowledging(
    tmp_path: Path,
    environment: dict[str, str],
    mosquitto_server: MosquittoServer,
    server: PostgresServer,
    database: str,
) -> None:
    """While the database is too slow the broker keeps the rest; then everything goes on."""
    environment["FLEETGAUGE_MQTT_RECEIVE_MAXIMUM"] = "100"
    with running_worker(tmp_path / "ingest.log", environment) as worker:
        with faults.table_locked(database):
            publish(mosquitto_server, positions(0, 1_000))
            faults.wait_until_blocked(server)
            mosquitto_server.save()
            # What is acknowledged is no longer in the broker's file.
            kept = mosquitto_server.saved_text()
            assert all(payload in kept for _, payload in positions(0, 1_000))
        wait_for_fixes(database, 1_000)
        assert account(database) == (1_000, 1_000, 0, 0)
        assert worker.stop() == 0


@pytest.mark.parametrize(
    "break_it",
    [
        "alter table report rename column satellites to seen",
        "create function fail() returns trigger language plpgsql as "
        "$$ begin raise 'a bug'; end $$; "
        "create trigger fail before insert on report for each statement execute function fail()",
    ],
    ids=["schema", "bug"],
)
def test_a_bug_ends_the_worker(
    worker: Worker, mosquitto_server: MosquittoServer, database: str, break_it: str
) -> None:
    """Non-zero, in one line, and nothing is acknowledged: the next worker gets it again."""
    with psycopg.connect(database) as connection:
        connection.execute(break_it.encode())
    publish(mosquitto_server, positions(0, 10))
    assert worker.process.wait(STOP_SECONDS) == 1
    said = [line for line in worker.log_text().splitlines() if line.startswith("fleetgauge: ")]
    assert len(said) == 1
    assert "Traceback" not in worker.log_text()
    with psycopg.connect(database) as connection:
        connection.execute("drop trigger if exists fail on report")
        if "rename" in break_it:
            connection.execute("alter table report rename column seen to satellites")
    worker.start()
    wait_for_fixes(database, 10)


@pytest.mark.parametrize("outage", ["stopped", "half-open"])
def test_a_stop_during_an_outage_takes_seconds(
    outage: str,
    tmp_path: Path,
    environment: dict[str, str],
    mosquitto_server: MosquittoServer,
    server: PostgresServer,
    database: str,
    proxy_to: Callable[[str, int], TcpProxy],
) -> None:
    """What is not committed stays with the broker, and comes again."""
    proxy = proxy_to("127.0.0.1", server.port)
    environment["FLEETGAUGE_DATABASE_URL"] = proxy.through(database)
    with running_worker(tmp_path / "ingest.log", environment) as worker:
        publish(mosquitto_server, positions(0, 10))
        wait_for_fixes(database, 10)
        proxy.stall() if outage == "half-open" else proxy.cut()
        publish(mosquitto_server, positions(10, 10))
        if outage == "stopped":
            wait_for_complaint(worker, 0)
        assert worker.stop() == 0
        proxy.resume()
        proxy.restore()
        worker.start()
        wait_for_fixes(database, 20)


def test_other_keys_are_learnt_after_a_restore(
    worker: Worker, mosquitto_server: MosquittoServer, server: PostgresServer, database: str
) -> None:
    """A database put back from a copy knows other vehicles by the keys that we remember."""
    publish(mosquitto_server, positions(0, 5))
    wait_for_fixes(database, 5)
    with psycopg.connect(database) as connection:
        connection.execute("truncate vehicle, report restart identity cascade")
        connection.execute("insert into vehicle (operator_id, vehicle_id) values ('op', 'other')")
    faults.terminate_worker(server)
    publish(mosquitto_server, positions(10, 5))
    wait_for_fixes(database, 5)
    named = "select distinct vehicle_id from report join vehicle using (vehicle_key)"
    assert row(database, named) == ("1",)
