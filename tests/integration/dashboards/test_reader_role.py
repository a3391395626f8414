"""A migration that may make no role does its work all the same, and names the rest."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from storage.migrate import migrate
from tests.servers.databases import url_of_database
from tests.servers.fixtures import started
from tests.servers.ports import LOOPBACK
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import Userland

README = Path(__file__).parents[3] / "dashboards/README.md"


@pytest.fixture
def server(userland: Userland) -> Iterator[PostgresServer]:
    """A cluster of its own, since roles belong to a cluster."""
    with started(PostgresServer(userland=userland)) as server:
        server.create_database("fleet", extension="timescaledb")
        with psycopg.connect(server.url("fleet"), autocommit=True) as connection:
            connection.execute("create role keeper login")
            connection.execute("alter database fleet owner to keeper")
        yield server


def test_without_the_right_to_make_roles(server: PostgresServer) -> None:
    """The schema is made; what README says then lets the reader read."""
    migrate(url_of_database(f"postgresql://keeper@{LOOPBACK}:{server.port}", "fleet"))
    statements = re.findall(r"```sql\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    with psycopg.connect(server.url("fleet"), autocommit=True) as connection:
        with pytest.raises(errors.InvalidParameterValue):
            connection.execute("set role fleetgauge_reader")
        connection.execute(sql.SQL(statements[0]))
        connection.execute("set role fleetgauge_reader")
        assert connection.execute("select count(*) from grafana.bus_now()").fetchone() == (0,)
        assert connection.execute("select count(*) from grafana.bus_fix").fetchone() == (0,)
