"""The roles that docker-compose.yml's database starts with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import errors

from storage.migrate import migrate
from tests.servers.databases import url_of_database
from tests.servers.fixtures import started
from tests.servers.ports import LOOPBACK
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import Userland

SCRIPT: Final = Path(__file__).parents[3] / "deploy/timescaledb/100_roles.sql"


@pytest.fixture(scope="module")
def server(userland: Userland) -> Iterator[PostgresServer]:
    """A cluster of its own, since roles belong to a cluster; prepared as the image does it."""
    with started(PostgresServer(userland=userland)) as server:
        server.create_database("fleetgauge", extension="timescaledb")
        workspace = userland.workspace("roles")
        for role in ("fleetgauge", "grafana"):
            workspace.write(role, f"password of {role}\n")
        script = SCRIPT.read_text().replace("/run/fleetgauge", str(workspace.inside))
        userland.run("psql", "-X", server.url("fleetgauge"), user="postgres", text=script)
        workspace.remove()
        yield server


def url(server: PostgresServer, role: str) -> str:
    """Return the URL of the database for a role."""
    return url_of_database(f"postgresql://{role}@{LOOPBACK}:{server.port}", "fleetgauge")


def test_passwords_are_kept_hashed(server: PostgresServer) -> None:
    """Both roles have one, by SCRAM."""
    with psycopg.connect(server.url("fleetgauge")) as connection:
        rows = connection.execute(
            "select rolname, rolpassword, rolsuper from pg_authid"
            " where rolname in ('fleetgauge', 'grafana') order by rolname"
        ).fetchall()
    assert [name for name, _, _ in rows] == ["fleetgauge", "grafana"]
    assert all(password.startswith("SCRAM-SHA-256$") for _, password, _ in rows)
    assert not any(superuser for _, _, superuser in rows)


def test_migrate_needs_no_superuser(server: PostgresServer) -> None:
    """The owner of the database brings the schema up to date, hypertables included."""
    assert migrate(url(server, "fleetgauge")).after


def test_dashboards_read_and_write_nothing(server: PostgresServer) -> None:
    """The role of the dashboards reads the views that are made for it, and no table."""
    migrate(url(server, "fleetgauge"))
    with psycopg.connect(url(server, "grafana")) as connection:
        assert connection.execute("select count(*) from grafana.bus_now()").fetchone() == (0,)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("select count(*) from vehicle")
        connection.rollback()
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("delete from vehicle")
        connection.rollback()
        connection.execute("set transaction read write")
        for attempt in ("delete from vehicle", "create temporary table vehicle ()"):
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(attempt)
