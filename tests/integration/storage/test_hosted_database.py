"""Databases as others host them: a schema and no more, the extension elsewhere, a pooler before."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from ingest.client_id_claim import ClientIdClaim
from ingest.errors import ClientIdTaken
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import connect
from storage.errors import DatabaseUnavailable, DatabaseUnusable
from storage.migrate import migrate
from storage.schema import check_schema, check_version
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.servers.fixtures import started
from tests.servers.pgbouncer import PgBouncerServer, PoolMode, neighbours
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import Userland

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def batch(vehicle: str) -> Batch:
    made = Batch()
    report = Report(VehicleId("op", vehicle), NOW, Fix(57.0, 41.0))
    made.add(Message(b"fleet/op/1/position", b"{}", NOW), [report], [])
    return made


class Tenant:
    """A role that owns nothing in a new database of a server."""

    def __init__(self, server: PostgresServer) -> None:
        self.name = f"tenant_{secrets.token_hex(4)}"
        self.owners_url = server.create_database()
        self.url = self.owners_url.replace("postgres@", f"{self.name}@")
        self.owner_runs("create role {} login")

    def owner_runs(self, *statements: str) -> None:
        """Run statements as the database's owner; {} is the tenant."""
        with psycopg.connect(self.owners_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))


@pytest.fixture
def tenant(timescaledb_server: PostgresServer) -> Iterator[Tenant]:
    """Such a role, gone with its database."""
    tenant = Tenant(timescaledb_server)
    yield tenant
    timescaledb_server.drop_database(tenant.owners_url)
    with psycopg.connect(timescaledb_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(tenant.name)))


def test_a_role_that_may_nothing_is_told_what_to_have_granted(tenant: Tenant) -> None:
    """In one line, which the database's owner can run; then all works in the role's schema."""
    with pytest.raises(DatabaseUnusable, match="have its owner run there: ") as refused:
        migrate(tenant.url)
    tenant.owner_runs(*str(refused.value).partition("run there: ")[2].split("; "))
    migrate(tenant.url)
    check_schema(tenant.url)
    with Writer(tenant.url, "test", "UTC") as writer:
        assert writer.write(batch("1")).stored == 1
    with connect(tenant.url, "test", autocommit=True) as connection:
        found = connection.execute(
            "select schemaname from pg_tables where tablename = 'report'"
        ).fetchone()
    assert found == (tenant.name,)


def test_timescaledb_may_be_in_any_schema(tenant: Tenant) -> None:
    """Its functions are found where it is, and the history is in chunks."""
    tenant.owner_runs(
        "create schema elsewhere",
        "create extension timescaledb schema elsewhere",
        "create schema {0} authorization {0}",
        "create schema grafana authorization {}",
    )
    with pytest.raises(DatabaseUnusable, match="grant usage on schema elsewhere"):
        migrate(tenant.url)
    tenant.owner_runs("grant usage on schema elsewhere to {}")
    migrate(tenant.url)
    with Writer(tenant.url, "test", "UTC") as writer:
        assert writer.write(batch("1")).stored == 1
    with connect(tenant.url, "test", autocommit=True) as connection:
        chunks = connection.execute("select count(*) from elsewhere.show_chunks('report')")
        assert chunks.fetchone() == (1,)


def test_an_old_postgresql_is_refused_in_one_line() -> None:
    """With its version, the oldest that will do, and the setting that names it."""
    check_version(150_000)
    with pytest.raises(DatabaseUnusable, match=r"PostgreSQL 14\.9 .* 15 .*FLEETGAUGE_DATABASE_URL"):
        check_version(140_009)


@pytest.fixture(params=["session", "transaction"])
def pooler(
    request: pytest.FixtureRequest, timescaledb_server: PostgresServer, userland: Userland
) -> Iterator[PgBouncerServer]:
    """A PgBouncer by its defaults, in each of its modes."""
    mode: PoolMode = request.param
    with started(PgBouncerServer(timescaledb_server.url(), mode, userland=userland)) as pooler:
        yield pooler


def test_everything_works_through_a_pooler(pooler: PgBouncerServer, timescaledb_url: str) -> None:
    """The migration, batches, commands and the worker's claim, whichever session each gets."""
    url = pooler.through(timescaledb_url)
    environment = os.environ | {"FLEETGAUGE_DATABASE_URL": url, "PGTZ": "Asia/Tokyo"}
    with neighbours(url):
        migrate(url)
        with Writer(url, "test", "UTC") as writer:
            assert [writer.write(batch(str(n // 2))).stored for n in range(8)] == [1, 0] * 4
        shared = subprocess.run(
            [sys.executable, "-m", "fleetgauge", "share", "--at", "2026-03-01T12:00:00Z", "--json"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert shared.returncode == 0, shared.stderr
    document = json.loads(shared.stdout)
    assert (document["at"], document["unregistered"]) == ("2026-03-01T12:00:00+00:00", 4)


def test_a_client_id_is_claimed_once_through_a_pooler(
    pooler: PgBouncerServer, timescaledb_url: str
) -> None:
    """As long as whoever claimed it is connected, and no longer."""
    url = pooler.through(timescaledb_url)
    migrate(timescaledb_url)
    claim = ClientIdClaim(url, "one", patience_seconds=0.5)
    with neighbours(url):
        claim.take()
        for _ in range(3):
            assert claim.renew() is not None
            with pytest.raises(ClientIdTaken):
                ClientIdClaim(url, "one", patience_seconds=0).take()
        claim.release()
        other = ClientIdClaim(url, "one")
        other.take()
        pooler.restart()
        with pytest.raises(DatabaseUnavailable):
            other.renew()
        assert other.renew() is not None
        other.release()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("?sslmode=require", "sslmode in FLEETGAUGE_DATABASE_URL"),
        ("?user=nobody", "see user, password and database in FLEETGAUGE_DATABASE_URL"),
        ("?dbname=nowhere", "see user, password and database in FLEETGAUGE_DATABASE_URL"),
    ],
)
def test_a_refused_connection_names_the_setting(
    timescaledb_server: PostgresServer, change: str, words: str
) -> None:
    """Beside what libpq or the server says."""
    with pytest.raises(DatabaseUnavailable, match=words):
        connect(timescaledb_server.url() + change, "test")


def test_a_missing_line_of_pg_hba_is_explained(timescaledb_server: PostgresServer) -> None:
    """What the server needs, and what the URL needs where that line asks for TLS."""
    try:
        timescaledb_server.let_in("hostssl all all 127.0.0.1/32 trust")
        with pytest.raises(DatabaseUnavailable, match=r"needs a line .* add sslmode=require"):
            connect(timescaledb_server.url(), "test")
    finally:
        timescaledb_server.let_in("host all all 127.0.0.1/32 trust")
