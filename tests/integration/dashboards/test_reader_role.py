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

DOCUMENT = Path(__file__).parents[3] / "docs/security.md"
ASKED = {
    "fleetgauge_publisher": "pg_proc where proname = 'record_published'"
    " and not has_function_privilege(oid, 'execute')",
    "fleetgauge_reader": "grafana.bus_now()",
}
"""What a role may ask of; the others may read the tables."""


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
    """The schema is made; once the roles are, as the document says, they get their rights."""
    url = url_of_database(f"postgresql://keeper@{LOOPBACK}:{server.port}", "fleet")
    missing = migrate(url).missing_roles
    assert missing[-1] == "fleetgauge_reader"
    (statements,) = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    with psycopg.connect(server.url("fleet"), autocommit=True) as connection:
        with pytest.raises(errors.InvalidParameterValue):
            connection.execute("set role fleetgauge_reader")
        connection.execute(sql.SQL(statements))
        assert migrate(url).missing_roles == ()
        for role in missing:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            question = ASKED.get(role, "report")
            query = sql.SQL("select count(*) from {}").format(sql.SQL(question))
            assert connection.execute(query).fetchone() == (0,)
            connection.execute("reset role")
