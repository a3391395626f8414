"""Each attempt on the database is refused or harmless, and the services go on."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from psycopg import errors, sql

from metrics.reader_limit import ReaderLimit
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.migrate import migrate
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.integration.deploy.conftest import ComposeDatabase
from tests.integration.deploy.database_attempts import SESSIONS, Session
from tests.servers.waiting import wait_until

BUS = VehicleId("attempted", "1")
SHORT = timedelta(seconds=1)


@pytest.fixture(scope="module")
def database(compose_database: ComposeDatabase) -> Iterator[ComposeDatabase]:
    """One bus with one position; both are there afterwards, as they were."""
    migrate(compose_database.url("fleetgauge"))
    _write(compose_database)
    with psycopg.connect(compose_database.url()) as connection:
        connection.execute(
            "with change as (insert into registry_change (changed_by, source)"
            " values ('test', 'test') returning change_id)"
            " insert into registry_entry (known_from, change_id, vehicle_key, operator_id)"
            " select now(), change_id, vehicle_key, operator_id from vehicle, change"
            " where operator_id = 'attempted'"
        )
    before = _rows(compose_database)
    with psycopg.connect(compose_database.url("ingest"), autocommit=True) as worker:
        worker.execute("select 'of ingest'")
        yield compose_database
        worker.execute("select 'still there'")
    assert _rows(compose_database) == before


def _write(database: ComposeDatabase) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    batch = Batch()
    batch.add(Message(b"t", b"", at), [Report(BUS, at, Fix(57.0, 41.0))], [])
    with Writer(database.url("ingest"), "ingest", "Europe/Moscow") as writer:
        writer.write(batch)


def _rows(database: ComposeDatabase) -> list[tuple[object, ...]]:
    query = "select vehicle.*, state.* from vehicle join vehicle_state as state using (vehicle_key)"
    with psycopg.connect(database.url()) as connection:
        return sorted(connection.execute(sql.SQL(query)).fetchall(), key=repr)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: str(session.attempt))
def test_attempt_of_a_session(database: ComposeDatabase, session: Session) -> None:
    """The last statement is refused, or gives what the table says."""
    *before, last = session.statements
    with psycopg.connect(database.url(session.attempt.who)) as connection:
        for statement in before:
            connection.execute(statement.encode())
        if session.refusal is not None:
            with pytest.raises(session.refusal):
                connection.execute(last.encode())
        else:
            assert connection.execute(last.encode()).fetchone() == session.row
        connection.rollback()


def test_time_limit_that_cannot_be_lifted(database: ComposeDatabase) -> None:
    """LIFTED and IDLE: both sessions are ended and counted; ingest, as long at it, is not."""
    registry = CollectorRegistry()
    with ExitStack() as stack:
        grafana, web, ingest = (
            stack.enter_context(psycopg.connect(database.url(role)))
            for role in ("grafana", "web", "ingest")
        )
        web.execute("set idle_in_transaction_session_timeout = 0")
        ingest.execute("select 1")
        interval = timedelta(milliseconds=100)
        stack.enter_context(ReaderLimit(database.url("metrics"), registry, SHORT, interval))
        grafana.execute("set statement_timeout = 0")
        with pytest.raises(errors.AdminShutdown):
            grafana.execute("select pg_sleep(600)")
        wait_until(lambda: _ended(registry) == 2, seconds=10, what="both sessions ended")
        with pytest.raises(errors.AdminShutdown):
            web.execute("select 1")
        assert ingest.execute("select 1").fetchone() == (1,)


def _ended(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value("fleet_reader_sessions_ended_total")


def test_connections_are_used_up(database: ComposeDatabase) -> None:
    """USED_UP and ALL_USED_UP: whoever takes all that he gets, ingest connects."""
    limits = {"grafana": 20, "web": 20, "metrics": 20, "admin": 10}
    with ExitStack() as stack:
        for role, limit in limits.items():
            for _ in range(limit):
                stack.enter_context(psycopg.connect(database.url(role)))
            with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
                psycopg.connect(database.url(role))
        with psycopg.connect(database.url("ingest")) as ingest:
            ingest.execute("select from report limit 1")
        with pytest.raises(psycopg.OperationalError, match="remaining connection slots"):
            _take_all(stack, database.url("fleetgauge"))
        psycopg.connect(database.url("ingest")).close()


def _take_all(stack: ExitStack, url: str) -> None:
    while True:
        stack.enter_context(psycopg.connect(url))
